package image

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The firmware of a Raspberry Pi 3, and the boot loader that it starts.
var rpi3Tools = []Tool{
	{Name: "bootcode.bin", Package: "raspi-firmware", Dir: "/usr/lib/raspi-firmware"},
	{Name: "start.elf", Package: "raspi-firmware", Dir: "/usr/lib/raspi-firmware"},
	{Name: "fixup.dat", Package: "raspi-firmware", Dir: "/usr/lib/raspi-firmware"},
	{Name: "u-boot.bin", Package: "u-boot-rpi:arm64", Dir: "/usr/lib/u-boot/rpi_3"},
}

// rpi3Format has LinuxKit's name. It is a tar of the files that belong on the first
// partition of an SD card, which is FAT32. The firmware starts U-Boot, because it would
// add words to the command line if it started the kernel itself.
var rpi3Format = Format{Name: "rpi3", Files: []string{".tar"}, NeedsKernel: true, Arches: []string{"arm64"}, from: "kernel+initrd", stream: makeRPi3,
	initrd: initrdLimit{rpi3Packed - rpi3Initrd, "a Raspberry Pi 3 has no room for more"},
	needs:  func(string) []Tool { return rpi3Tools }}

// rpi3Config makes the firmware load U-Boot in 64-bit mode, the names of device trees
// that Linux has, and a console on the serial port.
const rpi3Config = "arm_64bit=1\nupstream_kernel=1\nenable_uart=1\nkernel=u-boot.bin\n"

// Places in memory. U-Boot's own are too close to each other for large kernels. The
// firmware puts the device tree higher, and QEMU at 0x08000000.
const (
	rpi3Kernel = 0x00200000
	rpi3Initrd = 0x0a000000
	// rpi3Packed is where a compressed kernel is unpacked first, and the end of the
	// initrd.
	rpi3Packed     = 0x20000000
	rpi3PackedSize = 0x04000000
)

func makeRPi3(w io.Writer, b Base, o Options) error {
	cmdline, err := b.text(CmdlineEnding)
	if err != nil {
		return err
	}
	script, err := rpi3Script(strings.TrimSpace(string(cmdline)), o.Time)
	if err != nil {
		return err
	}
	if err := checkRPi3Kernel(b); err != nil {
		return err
	}
	small, err := deviceTrees(b)
	if err != nil {
		return err
	}
	small["config.txt"], small["boot.scr"] = []byte(rpi3Config), script
	for _, tool := range rpi3Tools {
		if small[tool.Name], err = o.Tools.read(tool); err != nil {
			return err
		}
	}
	tw := tar.NewWriter(w)
	for _, name := range slices.Sorted(maps.Keys(small)) {
		if err := tarEntry(tw, name, bytes.NewReader(small[name]), int64(len(small[name])), o); err != nil {
			return err
		}
	}
	return errors.Join(tarFile(tw, "initrd.img", b, InitrdEnding, o), tarFile(tw, "kernel", b, KernelEnding, o), tw.Close())
}

// rpi3Script is boot.scr, which U-Boot runs. The kernel gets exactly the command line
// that the rules saw, and the device tree of the firmware, which has the addresses of
// this board's network cards.
func rpi3Script(cmdline string, t time.Time) ([]byte, error) {
	if strings.ContainsAny(cmdline, "'\r\n") {
		return nil, system.BadInput("U-Boot cannot use a command line with a single quote or a line break").Suggest("write kernel.cmdline in one line, without '")
	}
	load := func(at int, name string) string {
		return fmt.Sprintf("load ${devtype} ${devnum}:${distro_bootpart} 0x%x %s", at, name)
	}
	text := strings.Join([]string{
		"setenv bootargs '" + cmdline + "'",
		fmt.Sprintf("setenv kernel_comp_addr_r 0x%x", rpi3Packed), fmt.Sprintf("setenv kernel_comp_size 0x%x", rpi3PackedSize),
		load(rpi3Kernel, "kernel"), load(rpi3Initrd, "initrd.img"),
		fmt.Sprintf("booti 0x%x 0x%x:${filesize} ${fdt_addr}", rpi3Kernel, rpi3Initrd), "",
	}, "\n")
	be := binary.BigEndian
	data := append(be.AppendUint64(nil, uint64(len(text))<<32), text...) // a list of one script
	h := make([]byte, 64)                                                // U-Boot's include/image.h
	be.PutUint32(h, 0x27051956)
	be.PutUint32(h[8:], uint32(t.Unix()))
	be.PutUint32(h[12:], uint32(len(data)))
	be.PutUint32(h[24:], crc32.ChecksumIEEE(data))
	const linux, arm64, script, uncompressed = 5, 22, 6, 0
	copy(h[28:], []byte{linux, arm64, script, uncompressed})
	copy(h[32:], "Seaworthy")
	be.PutUint32(h[4:], crc32.ChecksumIEEE(h))
	return append(h, data...), nil
}

// checkRPi3Kernel requires a kernel that U-Boot can start at its place.
func checkRPi3Kernel(b Base) error {
	f, err := b.content(KernelEnding)
	if err != nil {
		return err
	}
	size := f.Size()
	h := make([]byte, 64)
	if _, err := f.ReadAt(h, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	most := int64(rpi3Initrd - rpi3Kernel)
	switch {
	case string(h[56:60]) == "ARM\x64":
		size = max(size, int64(min(binary.LittleEndian.Uint64(h[16:]), 1<<40))) // with the memory that it clears
	case h[0] == 0x1f && h[1] == 0x8b:
		most = rpi3PackedSize
	default:
		return system.BadInput("U-Boot on a Raspberry Pi 3 cannot start this kernel: it is neither an arm64 Image nor one that gzip has compressed").
			Suggest("use a kernel without another compression, or another --format")
	}
	if size > most {
		return system.BadInput("the kernel has %d bytes, and there is room for %d on a Raspberry Pi 3", size, most).Suggest("use a smaller kernel, or another --format")
	}
	return nil
}

// maxDeviceTree bounds a device tree.
const maxDeviceTree = 1 << 20

// deviceTrees are those of the Raspberry Pi 3, by their names. They belong to the
// kernel, so they come from the system: Debian's kernel packages and LinuxKit's kernel
// images have them in a folder broadcom.
func deviceTrees(b Base) (map[string][]byte, error) {
	f, err := b.content(InitrdEnding)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	err = inspect.Entries(&inspect.Item{Kind: "initrd"}, f.Reader(), func(e *system.Entry, body io.Reader) error {
		dir, name := path.Split(e.Path)
		if e.Type != system.TypeFile || path.Base(dir) != "broadcom" || !strings.HasPrefix(name, "bcm2837-rpi-") || path.Ext(name) != ".dtb" || e.Size > maxDeviceTree {
			return nil
		}
		content := make([]byte, e.Size)
		_, err := io.ReadFull(body, content)
		out[name] = content
		return err
	})
	if err == nil && out["bcm2837-rpi-3-b.dtb"] == nil {
		err = system.BadInput("the system has no device tree for a Raspberry Pi 3: broadcom/bcm2837-rpi-3-b.dtb").
			Suggest("add usr/lib/linux-image-*/broadcom/bcm2837-rpi-3-*.dtb of the Debian package linux-image-arm64 to the image of the kernel")
	}
	return out, err
}
