package unwrap

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The fields of the header (QEMU's docs/interop/qcow2.txt).
const (
	qcowBacking     = 8
	qcowClusterBits = 20
	qcowSize        = 24
	qcowCrypt       = 32
	qcowL1Size      = 36
	qcowL1Offset    = 40
	qcowFeatures    = 72
	qcowMinHeader   = 72
	qcowHeader3     = 104
	// Bits of entries of the two tables.
	qcowOffset     = 0x00fffffffffffe00
	qcowCompressed = 1 << 62
	qcowZero       = 1
	// qcowMaxL1 is QEMU's own limit, in entries.
	qcowMaxL1 = 32 << 20 / 8
)

// Incompatible features, by their bits. An image with another bit is not read.
const (
	qcowDirty           = 1 << 0
	qcowCorrupt         = 1 << 1
	qcowExternal        = 1 << 2
	qcowCompressionType = 1 << 3
	qcowExtended        = 1 << 4
)

func openQCOW2(r io.ReaderAt, _ int64) (*Disk, error) {
	const name = "qcow2"
	h, err := read(r, 0, qcowMinHeader)
	if err != nil {
		return nil, damaged(name, "its header is truncated")
	}
	be := binary.BigEndian
	version := be.Uint32(h[4:])
	d := &Disk{Format: name, Variant: fmt.Sprintf("version %d", version), Size: int64(be.Uint64(h[qcowSize:]))}
	if version != 2 && version != 3 {
		return d, refused(name, "its version is not known", "")
	}
	bits, l1, l1At := be.Uint32(h[qcowClusterBits:]), int64(be.Uint32(h[qcowL1Size:])), int64(be.Uint64(h[qcowL1Offset:]))
	if bits < 9 || bits > 21 || d.Size < 0 || d.Size > 1<<62 || l1At < 0 || l1At%8 != 0 || l1 > qcowMaxL1 {
		d.Size = max(d.Size, 0)
		return d, damaged(name, "clusters of 2^%d bytes, and a table of %d entries at %d, are not valid", bits, l1, l1At)
	}
	cluster := int64(1) << bits
	perTable := cluster / 8
	if need := (d.Size + cluster*perTable - 1) / (cluster * perTable); need > l1 {
		return d, damaged(name, "its table has %d entries, and the disk needs %d", l1, need)
	}
	features := uint64(0)
	if version == 3 {
		if h, err = read(r, 0, qcowHeader3); err != nil {
			return d, damaged(name, "its header is truncated")
		}
		features = be.Uint64(h[qcowFeatures:])
	}
	if why := qcowRefusal(h, features); why != "" {
		return d, refused(name, why, "")
	}
	first, second := &table{r: r}, &table{r: r}
	d.ReaderAt = &blocks{r: r, format: name, size: d.Size, block: cluster, place: func(n int64) (int64, error) {
		entry, err := first.be64(l1At + n/perTable*8)
		if err != nil {
			return 0, damaged(name, "its first table is truncated")
		}
		at := int64(entry & qcowOffset)
		if at == 0 {
			return 0, nil
		}
		if entry, err = second.be64(at + n%perTable*8); err != nil {
			return 0, damaged(name, "a table at %d is behind the end of the file", at)
		}
		switch {
		case entry&qcowCompressed != 0:
			return 0, refused(name, "its clusters are compressed", "")
		case version == 3 && entry&qcowZero != 0:
			return 0, nil
		}
		return int64(entry & qcowOffset), nil
	}}
	return d, nil
}

// qcowRefusal says why the clusters of an image are not read, or is "".
func qcowRefusal(h []byte, features uint64) string {
	switch known := uint64(qcowDirty | qcowCompressionType); {
	case binary.BigEndian.Uint64(h[qcowBacking:]) != 0:
		return "it has a backing file, which holds a part of the disk"
	case binary.BigEndian.Uint32(h[qcowCrypt:]) != 0:
		return "it is encrypted"
	case features&qcowExternal != 0:
		return "its data is in another file"
	case features&qcowCorrupt != 0:
		return "it is marked as corrupt"
	case features&qcowExtended != 0:
		return "it uses subclusters"
	case features&^known != 0:
		return fmt.Sprintf("it uses unknown features (%#x)", features&^known)
	}
	return ""
}
