package guest

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/devmapper"
)

// diskWait is how long init waits for the disk with the root: some disks appear
// long after their driver was loaded, and some machines are slow. After
// diskNotice, init says that it waits.
const (
	diskWait   = 5 * time.Minute
	diskNotice = 10 * time.Second
)

// rootName is the device-mapper name of the verified root.
const rootName = "seaworthy-root"

// openRoot opens the root that roothash= on the command line asks for. On the
// loader, an initramfs with little more than init, it finds the root, mounts it,
// and starts its /init in place of this one: it returns only errors. On the root
// itself it returns nil. Without roothash= it does nothing.
func (i *initSystem) openRoot() error {
	text, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	cmdline := ParseCmdline(string(text))
	hash, ok, err := cmdline.RootHash()
	if err != nil || !ok {
		return err
	}
	info, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if !rootIsRootfs(info) {
		return i.onVerifiedRoot(hash)
	}
	full, err := cmdline.VerifyFull()
	if err != nil {
		return err
	}
	loader, err := rootModules(cmdline)
	if err != nil {
		return err
	}
	root, err := i.waitForRoot(hash, loader)
	if err != nil {
		return err
	}
	device, err := openVerity(root, hash, full)
	if err != nil {
		return err
	}
	return startOn(device, loader)
}

// onVerifiedRoot requires that / is the device that the loader has opened.
func (i *initSystem) onVerifiedRoot(hash rootHash) error {
	var st unix.Stat_t
	if err := unix.Stat("/", &st); err != nil {
		return err
	}
	name, err := os.ReadFile(fmt.Sprintf("/sys/dev/block/%d:%d/dm/name", unix.Major(st.Dev), unix.Minor(st.Dev)))
	if err != nil || strings.TrimSpace(string(name)) != rootName {
		return errors.New("the command line has roothash=, but the root was not opened with it: boot with the initrd of the image")
	}
	i.console.Printf("%s %s", VerifiedRoot, hash)
	return nil
}

// rootModules loads the drivers of the disks, and what opens the root. A module
// that does not exist may be a part of the kernel: then the later use works, and
// otherwise it fails with its own error.
func rootModules(cmdline Cmdline) (*moduleLoader, error) {
	loader, err := newModuleLoader(cmdline)
	if err != nil {
		return nil, err
	}
	loader.coldplug()
	loader.alias("crypto-sha256")
	for _, name := range []string{"dm_mod", "dm_verity"} {
		if err := loader.load(name); err != nil && !errors.Is(err, errNoModule) {
			return nil, err
		}
	}
	return loader, nil
}

// waitForRoot looks for the root until a disk has it.
func (i *initSystem) waitForRoot(h rootHash, loader *moduleLoader) (*verityRoot, error) {
	said := false
	for began := uptime(); ; {
		root, reasons, damaged := findRoot(h)
		if root != nil {
			return root, nil
		}
		if damaged || uptime()-began > diskWait {
			for _, err := range loader.errs {
				reasons = append(reasons, err.Error())
			}
			return nil, notFound(h, reasons)
		}
		if !said && uptime()-began > diskNotice {
			said = true
			i.console.Printf("root: no disk has it yet; waiting at most %v", diskWait)
		}
		time.Sleep(200 * time.Millisecond)
		loader.coldplug()
	}
}

// findRoot looks at each disk. damaged: a disk has the root, but it is not as it was
// written.
func findRoot(h rootHash) (root *verityRoot, reasons []string, damaged bool) {
	disks, _ := filepath.Glob("/sys/block/*")
	for _, dir := range disks {
		disk := path.Base(dir)
		if size := readNumber(dir + "/size"); size == 0 || virtualDisk(disk) {
			continue
		}
		root, err := rootOn(dir, h)
		if err == nil {
			return root, nil, false
		}
		damaged = damaged || !errors.Is(err, errOtherRoot)
		reasons = append(reasons, disk+": "+err.Error())
	}
	return nil, reasons, damaged
}

// virtualDisk reports whether a disk is one that the kernel makes from memory or
// from other disks.
func virtualDisk(name string) bool {
	for _, prefix := range []string{"loop", "ram", "zram", "dm-", "md", "fd", "nbd"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// rootOn finds the root on the disk whose folder in /sys is dir: the whole disk, or
// two partitions.
func rootOn(dir string, h rootHash) (*verityRoot, error) {
	disk := path.Base(dir)
	f, err := os.Open("/dev/" + disk)
	if err != nil {
		return nil, errors.Join(errOtherRoot, err)
	}
	defer f.Close()
	if root, err := wholeDisk(disk, f, h); !errors.Is(err, errOtherRoot) {
		return root, err
	}
	list, err := partitions(f, max(readNumber(dir+"/queue/logical_block_size"), 512))
	if err != nil {
		return nil, err
	}
	data, tree := list[[16]byte(h[:16])], list[[16]byte(h[16:])]
	if data == 0 || tree == 0 {
		return nil, errOtherRoot
	}
	root := &verityRoot{data: partitionDevice(dir, data), tree: partitionDevice(dir, tree)}
	p, err := os.Open("/dev/" + root.tree)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	if err = root.superblock(p, 0, h); errors.Is(err, errOtherRoot) {
		err = errors.New("the verity superblock is damaged, or it belongs to another root")
	}
	return root, err
}

// partitionDevice is the device of a partition of the disk in dir.
func partitionDevice(dir string, number int) string {
	list, _ := filepath.Glob(dir + "/*/partition")
	for _, p := range list {
		if readNumber(p) == int64(number) {
			return path.Base(path.Dir(p))
		}
	}
	return ""
}

// readNumber reads a number from a file of /sys, and gives 0 if there is none.
func readNumber(file string) int64 {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	return n
}

// openVerity opens the root with device-mapper, and returns its device. full: all of
// it is read once. For this, a damaged block is an error of read(2). After that, and
// without full, it stops the machine.
func openVerity(root *verityRoot, h rootHash, full bool) (string, error) {
	dm, err := devmapper.Create(rootName, devmapper.Options{ReadOnly: true})
	if err != nil {
		return "", err
	}
	defer dm.Close()
	size := root.size()
	if full {
		if err := dm.Load("verity", root.table(h, false), size); err != nil {
			return "", err
		}
		if err := readAll(dm.Path, size); err != nil {
			return "", err
		}
	}
	return dm.Path, dm.Load("verity", root.table(h, true), size)
}

// readAll reads a device, so that the kernel verifies each block.
func readAll(device string, size int64) error {
	f, err := os.Open(device)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for at := int64(0); at < size; {
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-at)], at)
		if at += int64(n); err != nil && (!errors.Is(err, io.EOF) || at < size) {
			return fmt.Errorf("the root does not match its root hash, near byte %d: %w", at, err)
		}
	}
	return nil
}

// openKind recognises the file system of a device.
func openKind(device string) (rootKind, error) {
	f, err := os.Open(device)
	if err != nil {
		return rootKind{}, err
	}
	defer f.Close()
	kind, err := kindOf(f)
	if errors.Is(err, errOtherRoot) {
		err = errors.New(RootKinds)
	}
	return kind, err
}

// startOn makes the file system of device the root, and replaces this program with
// its /init. The files of the loader are removed, because they use memory.
func startOn(device string, loader *moduleLoader) error {
	const stage = "/.root"
	kind, err := openKind(device)
	if err != nil {
		return err
	}
	if err := loader.load(kind.module()); err != nil && !errors.Is(err, errNoModule) {
		return err
	}
	if err := os.MkdirAll(stage, 0o700); err != nil {
		return err
	}
	if err := unix.Mount(device, stage, kind.fs, unix.MS_RDONLY|unix.MS_NODEV, ""); err != nil {
		return fmt.Errorf("cannot mount the verified root: %w", err)
	}
	for _, loader := range []string{"/init", "/lib", "/usr"} {
		_ = os.RemoveAll(loader)
	}
	if err := enterRoot(stage); err != nil {
		return err
	}
	return fmt.Errorf("cannot start /init of the verified root: %w", unix.Exec("/init", []string{"/init"}, os.Environ()))
}
