package image

import (
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
)

// wrapped is a format that holds the disk of another format, raw: one file with
// this ending.
func wrapped(name, raw, rawEnding, ending string, machine *Machine, arches []string, write func(*os.File, wrap.Disk, Options) error) Format {
	return Format{Name: name, Files: []string{ending}, NeedsKernel: true, Arches: arches, from: raw, Machine: machine,
		derive: func(b Base, o Options) ([]string, error) {
			in, size, err := b.Open(rawEnding)
			if err != nil {
				return nil, err
			}
			defer in.Close()
			return writeFile(o, ending, func(out *os.File) error { return write(out, wrap.Disk{ReaderAt: in, Size: size}, o) })
		}}
}

// renamed is a format whose file has the same bytes as the one it is derived from. If
// the other file is not part of the image, no bytes are copied: the file gets a second
// name.
func renamed(f Format, rawEnding string) Format {
	write := f.derive
	f.derive = func(b Base, o Options) ([]string, error) {
		if name := o.Stem + f.Files[0]; b.dir != o.Dir && os.Link(b.Path(rawEnding), filepath.Join(o.Dir, name)) == nil {
			return []string{name}, nil
		}
		return write(b, o)
	}
	return f
}

// The wrapped formats that a BIOS boots, from one raw disk.
var (
	qcow2BIOSFormat = wrapped("qcow2-bios", "raw-bios", rawBIOSEnding, ".qcow2", &Machine{Disk: ".qcow2", DiskFormat: "qcow2"}, bios,
		func(w *os.File, d wrap.Disk, _ Options) error { return wrap.QCOW2(w, d) })
	vmdkFormat = wrapped("vmdk", "raw-bios", rawBIOSEnding, ".vmdk", &Machine{Disk: ".vmdk", DiskFormat: "vmdk"}, bios,
		func(w *os.File, d wrap.Disk, o Options) error { return wrap.VMDK(w, d, o.Stem+".vmdk") })
	vhdFormat = wrapped("vhd", "raw-bios", rawBIOSEnding, ".vhd", &Machine{Disk: ".vhd", DiskFormat: "vpc"}, bios,
		func(w *os.File, d wrap.Disk, o Options) error { return wrap.VHD(w, d, o.Time) })
	dynamicVHDFormat = wrapped("dynamic-vhd", "raw-bios", rawBIOSEnding, ".vhd", &Machine{Disk: ".vhd", DiskFormat: "vpc"}, bios,
		func(w *os.File, d wrap.Disk, o Options) error { return wrap.DynamicVHD(w, d, o.Time) })
	// awsFormat is the raw disk: Amazon imports it as a snapshot.
	awsFormat = renamed(wrapped("aws", "raw-bios", rawBIOSEnding, ".raw", &Machine{Disk: ".raw", DiskFormat: "raw"}, bios,
		func(w *os.File, d wrap.Disk, _ Options) error { return wrap.Raw(w, d) }), rawBIOSEnding)
	gcpFormat = wrapped("gcp", "raw-bios", rawBIOSEnding, ".img.tar.gz", nil, bios,
		func(w *os.File, d wrap.Disk, o Options) error { return wrap.GCP(w, d, o.Time) })
)

var qcow2EFIFormat = wrapped("qcow2-efi", "raw-efi", rawEFIEnding, "-efi.qcow2", &Machine{Disk: "-efi.qcow2", DiskFormat: "qcow2", EFI: true}, efi,
	func(w *os.File, d wrap.Disk, _ Options) error { return wrap.QCOW2(w, d) })
