package image

import (
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

const (
	rawVerityEnding   = "-efi-verity.img"
	qcow2VerityEnding = "-efi-verity.qcow2"
)

// rawEFIVerityFormat is a disk whose UKI boots a root that dm-verity protects.
var rawEFIVerityFormat = Format{Name: "raw-efi-verity", Files: []string{rawVerityEnding}, NeedsKernel: true, Xattrs: true, Verified: true, OwnDisk: true,
	Arches: efi, from: "kernel+squashfs", describe: describeRawEFIVerity, needs: func(arch string) []Tool { return []Tool{stubTool(arch)} },
	Machine: &Machine{Disk: rawVerityEnding, DiskFormat: "raw", EFI: true}}

// qcow2EFIVerityFormat holds the same disk.
var qcow2EFIVerityFormat = verified(wrapped("qcow2-efi-verity", "raw-efi-verity", qcow2VerityEnding,
	&Machine{Disk: qcow2VerityEnding, DiskFormat: "qcow2", EFI: true}, efi, qcow2))

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

// describeRawEFIVerity is a disk with the EFI system partition, the root and its hash
// tree, and room of the same sizes for the root and the tree of an update. The
// identifiers of the partitions are the halves of the root hash, so init finds them.
func describeRawEFIVerity(b Base, o Options) (*extents.File, error) {
	boot, err := describeUKI(b, o)
	if err != nil {
		return nil, err
	}
	id, err := identity(boot)
	if err != nil {
		return nil, err
	}
	fat := efiPartition(diskFile(efiArches[o.Arch].program, boot), id, o)
	espSize, err := fat.Size()
	if err != nil {
		return nil, err
	}
	image, err := b.content(SquashfsEnding)
	if err != nil {
		return nil, err
	}
	size := b.tree.Blocks * b.tree.Block
	if image.Size() != size+b.tree.Size {
		return nil, fmt.Errorf("%s%s has %d bytes, expected %d", o.Stem, SquashfsEnding, image.Size(), size+b.tree.Size)
	}
	types := rootTypes[o.Arch]
	dataID, treeID := b.tree.GUIDs()
	parts := []disk.Partition{
		{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", id), Size: espSize},
		{Name: "root", Type: types.data, ID: dataID, Size: size, Attributes: partReadOnly},
		{Name: "root-verity", Type: types.tree, ID: treeID, Size: b.tree.Size, Attributes: partReadOnly},
		{Name: "_empty", Type: types.data, ID: disk.GUID("empty root", id), Size: size, Attributes: partReadOnly | partNoAuto},
		{Name: "_empty", Type: types.tree, ID: disk.GUID("empty root-verity", id), Size: b.tree.Size, Attributes: partReadOnly | partNoAuto},
	}
	out := new(extents.File)
	if err := disk.WriteGPT(out, disk.Lay(parts), disk.GUID("disk", id), parts); err != nil {
		return nil, err
	}
	return out, errors.Join(fat.Write(out.From(parts[0].Start)), out.Place(parts[1].Start, image, 0, size), out.Place(parts[2].Start, image, size, b.tree.Size))
}
