package guest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/builder/guest/data"
)

// openData makes the data partition on the disk that the system was started from, if
// the command line asks for it. It returns the device, and the volume that uses it.
func (i *initSystem) openData(cmdline Cmdline, volumes []Volume) (device, name string, err error) {
	name, err = cmdline.DataVolume()
	if err != nil || name == "" {
		return "", "", err
	}
	n := slices.IndexFunc(volumes, func(v Volume) bool { return v.Name == name })
	if n < 0 || volumes[n].ReadOnly {
		return "", "", fmt.Errorf("seaworthy.data=%s: the system has no volume of this name that can be written", name)
	}
	dir, err := ownDisk()
	if err != nil {
		return "", "", fmt.Errorf("seaworthy.data=%s: %w", name, err)
	}
	disk := "/dev/" + path.Base(dir)
	p, made, err := openDataOn(dir, disk)
	if err != nil {
		return "", "", fmt.Errorf("seaworthy.data=%s: disk %s: %w", name, disk, err)
	}
	part := partitionDevice(dir, p.Number)
	if part == "" {
		return "", "", fmt.Errorf("seaworthy.data=%s: partition %d of %s has no device", name, p.Number, disk)
	}
	if made {
		i.console.Printf("data: made partition %d with %d MiB for volume %s", p.Number, (p.End-p.Start)>>20, name)
	}
	return "/dev/" + part, name, nil
}

func openDataOn(dir, name string) (p data.Partition, made bool, err error) {
	template, err := os.Open("/" + data.Template)
	if err != nil {
		return p, false, fmt.Errorf("the image has no file system for it: %w", err)
	}
	defer template.Close()
	info, err := template.Stat()
	if err != nil {
		return p, false, err
	}
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return p, false, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return p, false, err
	}
	var id [16]byte
	if _, err := rand.Read(id[:]); err != nil {
		return p, false, err
	}
	id[7], id[8] = id[7]&0x0f|0x40, id[8]&0x3f|0x80 // a random GUID (version 4)
	p, made, err = data.Open(f, max(readNumber(dir+"/queue/logical_block_size"), 512), size, template, info.Size(), id)
	if err == nil && made {
		err = addPartition(f, p)
	}
	return p, made, err
}

// ownDisk is the folder in /sys of the disk that has the partitions of the root.
func ownDisk() (string, error) {
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		return "", err
	}
	slaves, _ := filepath.Glob(fmt.Sprintf("/sys/dev/block/%d:%d/slaves/*", unix.Major(st.Dev), unix.Minor(st.Dev)))
	for _, s := range slaves {
		real, err := filepath.EvalSymlinks(s)
		if err != nil {
			return "", err
		}
		if _, err := os.Stat(real + "/partition"); err == nil {
			return "/sys/block/" + path.Base(path.Dir(real)), nil
		}
	}
	return "", errors.New("the root is not on a partition of a disk: use the format raw-efi-verity")
}

// The request to add a partition without reading the whole table again, which the
// kernel refuses while partitions are in use (include/uapi/linux/blkpg.h).
const (
	blkpg             = 0x1269
	blkpgAddPartition = 1
)

type blkpgRequest struct {
	op, flags, length int32
	_                 int32
	data              unsafe.Pointer
}

type blkpgPartition struct {
	start, length  int64
	number         int32
	device, volume [64]byte
	_              [4]byte
}

// addPartition tells the kernel that a disk has a new partition.
func addPartition(f *os.File, p data.Partition) error {
	part := blkpgPartition{start: p.Start, length: p.End - p.Start, number: int32(p.Number)}
	req := blkpgRequest{op: blkpgAddPartition, length: int32(unsafe.Sizeof(part)), data: unsafe.Pointer(&part)}
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), blkpg, uintptr(unsafe.Pointer(&req)))
	runtime.KeepAlive(&part)
	if errno != 0 {
		return fmt.Errorf("the kernel does not accept the new partition: %w", errno)
	}
	return nil
}

// ext4Resize is EXT4_IOC_RESIZE_FS.
const ext4Resize = 0x40086610

// growData makes the file system on dir as large as its device.
func growData(device, dir string) error {
	sectors := readNumber("/sys/class/block/" + strings.TrimPrefix(device, "/dev/") + "/size")
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	blocks := uint64(sectors * 512 / data.Block)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), ext4Resize, uintptr(unsafe.Pointer(&blocks))); errno != 0 {
		return fmt.Errorf("cannot enlarge the file system of %s: %w", device, errno)
	}
	return nil
}
