package unwrap

import (
	"encoding/binary"
	"io"
)

// Places and identifiers in a VHDX file (Microsoft's MS-VHDX). Identifiers are as
// they are stored.
const (
	vhdxRegions  = 192 << 10
	vhdxMetadata = "\x06\xa2\x7c\x8b\x90\x47\x9a\x4b\xb8\xfe\x57\x5f\x05\x0f\x88\x6e"
	vhdxDiskSize = "\x24\x42\xa5\x2f\x1b\xcd\x76\x48\xb2\x11\x5d\xbe\xd8\x3b\xf4\xb8"
)

// openVHDX reads only the size: the content may wait in a log.
func openVHDX(r io.ReaderAt, _ int64) (*Disk, error) {
	d := &Disk{Format: "vhdx"}
	le := binary.LittleEndian
	if region, ok := vhdxEntry(r, vhdxRegions, "regi", 8, 16, vhdxMetadata); ok {
		at := int64(le.Uint64(region))
		if item, ok := vhdxEntry(r, at, "metadata", 10, 32, vhdxDiskSize); ok {
			if b, err := read(r, at+int64(le.Uint32(item)), 8); err == nil {
				d.Size = max(int64(le.Uint64(b)), 0)
			}
		}
	}
	return d, refused(d.Format, "only its header is understood", "")
}

// vhdxEntry finds the entry of an identifier in a table, and returns what follows
// the identifier. The number of entries is at countAt.
func vhdxEntry(r io.ReaderAt, at int64, magic string, countAt, first int, id string) ([]byte, bool) {
	const size = 32
	b, err := read(r, at, 64<<10)
	if err != nil || string(b[:len(magic)]) != magic {
		return nil, false
	}
	for n := int(binary.LittleEndian.Uint16(b[countAt:])); n > 0 && first+size <= len(b); n-- {
		if string(b[first:first+16]) == id {
			return b[first+16 : first+size], true
		}
		first += size
	}
	return nil, false
}
