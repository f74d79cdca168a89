package image

import (
	"io"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
)

// wrapped is a format that holds the disk of another format, raw: one file with
// this ending.
func wrapped(name, raw, ending string, machine *Machine, arches []string, wrap func(wrap.Disk, Options) (*extents.File, error)) Format {
	return Format{Name: name, Files: []string{ending}, NeedsKernel: true, Arches: arches, from: raw, Machine: machine,
		describe: func(b Base, o Options) (*extents.File, error) {
			d, err := b.disk()
			if err != nil {
				return nil, err
			}
			return wrap(d, o)
		}}
}

// disk is the base, which is a raw disk.
func (b Base) disk() (wrap.Disk, error) {
	content, err := b.content(b.step.format.Files[0])
	if err != nil {
		return wrap.Disk{}, err
	}
	return wrap.Disk{ReaderAt: content, Size: content.Size()}, nil
}

func qcow2(d wrap.Disk, _ Options) (*extents.File, error) { return wrap.QCOW2(d) }

// The wrapped formats that a BIOS boots, from one raw disk.
var (
	qcow2BIOSFormat = wrapped("qcow2-bios", "raw-bios", ".qcow2", &Machine{Disk: ".qcow2", DiskFormat: "qcow2"}, bios, qcow2)
	vmdkFormat      = wrapped("vmdk", "raw-bios", ".vmdk", &Machine{Disk: ".vmdk", DiskFormat: "vmdk"}, bios,
		func(d wrap.Disk, o Options) (*extents.File, error) { return wrap.VMDK(d, o.Stem+".vmdk") })
	vhdFormat = wrapped("vhd", "raw-bios", ".vhd", &Machine{Disk: ".vhd", DiskFormat: "vpc"}, bios,
		func(d wrap.Disk, o Options) (*extents.File, error) { return wrap.VHD(d, o.Time) })
	dynamicVHDFormat = wrapped("dynamic-vhd", "raw-bios", ".vhd", &Machine{Disk: ".vhd", DiskFormat: "vpc"}, bios,
		func(d wrap.Disk, o Options) (*extents.File, error) { return wrap.DynamicVHD(d, o.Time) })
	// awsFormat is the raw disk: Amazon imports it as a snapshot.
	awsFormat = wrapped("aws", "raw-bios", ".raw", &Machine{Disk: ".raw", DiskFormat: "raw"}, bios,
		func(d wrap.Disk, _ Options) (*extents.File, error) { return extents.Of(d.ReaderAt, d.Size), nil })
	gcpFormat = Format{Name: "gcp", Files: []string{".img.tar.gz"}, NeedsKernel: true, Arches: bios, from: "raw-bios", packs: wrap.GCPName,
		stream: func(w io.Writer, b Base, o Options) error {
			d, err := b.disk()
			if err != nil {
				return err
			}
			return wrap.GCP(w, d, o.Time)
		}}
)

var qcow2EFIFormat = wrapped("qcow2-efi", "raw-efi", "-efi.qcow2", &Machine{Disk: "-efi.qcow2", DiskFormat: "qcow2", EFI: true}, efi, qcow2)
