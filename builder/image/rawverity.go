package image

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

const (
	rawVerityEnding   = "-efi-verity.img"
	qcow2VerityEnding = "-efi-verity.qcow2"
)

// rawEFIVerityFormat is a disk whose UKI boots a root that dm-verity protects.
var rawEFIVerityFormat = Format{Name: "raw-efi-verity", Files: []string{rawVerityEnding}, NeedsKernel: true, Xattrs: true, Verified: true, OwnDisk: true,
	Arches: efi, from: "kernel+squashfs", derive: makeRawEFIVerity, needs: func(arch string) []Tool { return []Tool{stubTool(arch)} },
	Machine: &Machine{Disk: rawVerityEnding, DiskFormat: "raw", EFI: true}}

// qcow2EFIVerityFormat holds the same disk.
var qcow2EFIVerityFormat = verified(wrapped("qcow2-efi-verity", "raw-efi-verity", rawVerityEnding, qcow2VerityEnding,
	&Machine{Disk: qcow2VerityEnding, DiskFormat: "qcow2", EFI: true}, efi,
	func(w *os.File, d wrap.Disk, _ Options) error { return wrap.QCOW2(w, d) }))

func verified(f Format) Format {
	f.Verified, f.Xattrs, f.OwnDisk = true, true, true
	return f
}

// rootTypes are the types of partitions with the root and with its hash tree (The
// Discoverable Partitions Specification).
var rootTypes = map[string]struct{ data, tree string }{
	"amd64": {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5"},
	"arm64": {"B921B045-1DF0-41C3-AF44-4C6F280D3FAE", "DF3300CE-D69F-4C92-978C-9BFB0F38D820"},
}

// The attributes of partitions that systemd's tools know. An empty slot for an update
// must not be mounted.
const (
	partReadOnly = 1 << 60
	partNoAuto   = 1 << 63
)

// makeRawEFIVerity writes the EFI system partition, the root and its hash tree, and
// room of the same sizes for the root and the tree of an update. The identifiers of
// the partitions are the halves of the root hash, so init finds them.
func makeRawEFIVerity(b Base, o Options) (_ []string, err error) {
	boot, err := atomicfile.Unlinked(o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, boot.Close()) }()
	fat, digest, err := espOf(b, o, boot)
	if err != nil {
		return nil, err
	}
	espSize, err := fat.Size()
	if err != nil {
		return nil, err
	}
	image, total, err := b.Open(SquashfsEnding)
	if err != nil {
		return nil, err
	}
	defer image.Close()
	size := b.tree.Blocks * b.tree.Block
	if total != size+b.tree.Size {
		return nil, fmt.Errorf("%s has %d bytes, expected %d", image.Name(), total, size+b.tree.Size)
	}
	types := rootTypes[o.Arch]
	dataID, treeID := b.tree.GUIDs()
	parts := []disk.Partition{
		{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", digest), Size: espSize},
		{Name: "root", Type: types.data, ID: dataID, Size: size, Attributes: partReadOnly},
		{Name: "root-verity", Type: types.tree, ID: treeID, Size: b.tree.Size, Attributes: partReadOnly},
		{Name: "_empty", Type: types.data, ID: disk.GUID("empty root", digest), Size: size, Attributes: partReadOnly | partNoAuto},
		{Name: "_empty", Type: types.tree, ID: disk.GUID("empty root-verity", digest), Size: b.tree.Size, Attributes: partReadOnly | partNoAuto},
	}
	end := disk.Lay(parts)
	return writeFile(o, rawVerityEnding, func(out *os.File) error {
		if err := disk.WriteGPT(out, end, disk.GUID("disk", digest), parts); err != nil {
			return err
		}
		if err := fat.Write(io.NewOffsetWriter(out, parts[0].Start)); err != nil {
			return err
		}
		at := int64(0)
		for _, p := range parts[1:3] {
			if _, err := io.Copy(io.NewOffsetWriter(out, p.Start), io.NewSectionReader(image, at, p.Size)); err != nil {
				return err
			}
			at += p.Size
		}
		return nil
	})
}

// espOf is an EFI system partition with a UKI, which is written to boot, and the
// digest of the UKI.
func espOf(b Base, o Options, boot *os.File) (fat disk.FAT, digest []byte, err error) {
	if err := writeUKI(boot, b, o); err != nil {
		return fat, nil, err
	}
	size, err := boot.Seek(0, io.SeekEnd)
	if err != nil {
		return fat, nil, err
	}
	file := openFile(efiArches[o.Arch].program, boot, size)
	digest, err = sumOf(file)
	if err != nil {
		return fat, nil, err
	}
	return efiPartition(file, digest, o), digest, nil
}
