package wrap

import (
	"encoding/binary"
	"fmt"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

const (
	vmdkGrain    = 64 << 10
	vmdkPerTable = 512
	// The sectors of the descriptor, after the header.
	vmdkDescriptor = 20
)

// VMDK writes a disk as a monolithic sparse extent (VMware's Virtual Disk Format
// 5.0) for the file name.
func VMDK(d Disk, name string) (*extents.File, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	w := new(extents.File)
	tables := divUp(d.Size, vmdkGrain*vmdkPerTable)
	directory := divUp(tables*4, 512)
	const tableSectors = vmdkPerTable * 4 / 512
	// Two directories, each with its tables; the first is redundant.
	first := int64(1 + vmdkDescriptor)
	second := first + directory + tables*tableSectors
	data := divUp((second+directory+tables*tableSectors)*512, vmdkGrain) * vmdkGrain
	grains := make([]byte, tables*vmdkPerTable*4)
	next := data
	id, err := d.identity()
	if err != nil {
		return nil, err
	}
	err = d.pieces(vmdkGrain, func(at, n int64) error {
		binary.LittleEndian.PutUint32(grains[at/vmdkGrain*4:], uint32(next/512))
		err := w.Place(next, d.ReaderAt, at, n)
		next += vmdkGrain
		return err
	})
	if err != nil {
		return nil, err
	}
	for at, b := range map[int64][]byte{
		0: vmdkHeader(d.Size, first, second, data/512), 512: vmdkText(d.Size, binary.BigEndian.Uint32(id[:]), name),
		first * 512: vmdkDirectory(tables, first+directory), (first + directory) * 512: grains,
		second * 512: vmdkDirectory(tables, second+directory), (second + directory) * 512: grains,
	} {
		if _, err := w.WriteAt(b, at); err != nil {
			return nil, err
		}
	}
	return w, w.Truncate(next) // readers refuse a file that ends before its grains
}

// vmdkDirectory lists where the tables are, in sectors.
func vmdkDirectory(tables, first int64) []byte {
	var out []byte
	for i := range tables {
		out = binary.LittleEndian.AppendUint32(out, uint32(first+i*vmdkPerTable*4/512))
	}
	return out
}

func vmdkHeader(size, first, second, overhead int64) []byte {
	b := make([]byte, 512)
	le := binary.LittleEndian
	copy(b, "KDMV")
	le.PutUint32(b[4:], 1)
	le.PutUint32(b[8:], 3) // line ends are checked, and there are redundant tables
	le.PutUint64(b[12:], uint64(size/512))
	le.PutUint64(b[20:], vmdkGrain/512)
	le.PutUint64(b[28:], 1)
	le.PutUint64(b[36:], vmdkDescriptor)
	le.PutUint32(b[44:], vmdkPerTable)
	le.PutUint64(b[48:], uint64(first))
	le.PutUint64(b[56:], uint64(second))
	le.PutUint64(b[64:], uint64(overhead))
	copy(b[73:], "\n \r\n")
	return b
}

func vmdkText(size int64, id uint32, name string) []byte {
	heads, sectors := int64(16), int64(63)
	return fmt.Appendf(nil, `# Disk DescriptorFile
version=1
CID=%08x
parentCID=ffffffff
createType="monolithicSparse"

# Extent description
RW %d SPARSE %q

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "4"
ddb.geometry.cylinders = "%d"
ddb.geometry.heads = "%d"
ddb.geometry.sectors = "%d"
ddb.adapterType = "ide"
`, id, size/512, filepath.Base(name), min(size/512/(heads*sectors), 16383), heads, sectors)
}
