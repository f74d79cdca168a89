package wrap

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

const (
	vhdBlock  = 2 << 20
	vhdFixed  = 2
	vhdSparse = 3
	// vhdBitmap is the size of the map of used sectors before each block.
	vhdBitmap = vhdBlock / 512 / 8
)

// vhdEpoch is the beginning of time for VHD.
var vhdEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// VHD writes a disk as a fixed Virtual Hard Disk (Microsoft's VHD specification,
// version 1.0): the raw disk, and a footer.
func VHD(d Disk, t time.Time) (*extents.File, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	id, err := d.identity()
	if err != nil {
		return nil, err
	}
	w := extents.Of(d.ReaderAt, d.Size)
	_, err = w.WriteAt(vhdFooter(d.Size, vhdFixed, id, t), d.Size)
	return w, err
}

// DynamicVHD writes a disk as a dynamic Virtual Hard Disk, which leaves out blocks
// of zeros.
func DynamicVHD(d Disk, t time.Time) (*extents.File, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	w := new(extents.File)
	table := bytes.Repeat([]byte{0xff}, int(divUp(divUp(d.Size, vhdBlock)*4, 512)*512))
	const tableAt = 512 + 1024
	next := int64(tableAt + len(table))
	id, err := d.identity()
	if err != nil {
		return nil, err
	}
	used := bytes.Repeat([]byte{0xff}, vhdBitmap)
	err = d.pieces(vhdBlock, func(at, n int64) error {
		binary.BigEndian.PutUint32(table[at/vhdBlock*4:], uint32(next/512))
		if _, err := w.WriteAt(used, next); err != nil {
			return err
		}
		err := w.Place(next+vhdBitmap, d.ReaderAt, at, n)
		next += vhdBitmap + vhdBlock
		return err
	})
	if err != nil {
		return nil, err
	}
	header := make([]byte, 1024)
	be := binary.BigEndian
	copy(header, "cxsparse")
	be.PutUint64(header[8:], 1<<64-1)
	be.PutUint64(header[16:], tableAt)
	be.PutUint32(header[24:], 0x00010000)
	be.PutUint32(header[28:], uint32(divUp(d.Size, vhdBlock)))
	be.PutUint32(header[32:], vhdBlock)
	be.PutUint32(header[36:], vhdChecksum(header))
	footer := vhdFooter(d.Size, vhdSparse, id, t)
	for at, data := range map[int64][]byte{0: footer, 512: header, tableAt: table, next: footer} {
		if _, err := w.WriteAt(data, at); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func vhdFooter(size int64, kind uint32, id [sha256.Size]byte, t time.Time) []byte {
	b := make([]byte, 512)
	be := binary.BigEndian
	copy(b, "conectix")
	be.PutUint32(b[8:], 2) // a reserved bit that is always set
	be.PutUint32(b[12:], 0x00010000)
	be.PutUint64(b[16:], 1<<64-1)
	if kind == vhdSparse {
		be.PutUint64(b[16:], 512)
	}
	be.PutUint32(b[24:], uint32(max(t.Unix()-vhdEpoch.Unix(), 0)))
	copy(b[28:], "win ") // readers then take the size below, not the geometry
	be.PutUint32(b[32:], 0x00060001)
	copy(b[36:], "Wi2k")
	be.PutUint64(b[40:], uint64(size))
	be.PutUint64(b[48:], uint64(size))
	cylinders, heads, sectors := vhdGeometry(size / 512)
	be.PutUint16(b[56:], uint16(cylinders))
	b[58], b[59] = byte(heads), byte(sectors)
	be.PutUint32(b[60:], kind)
	copy(b[68:84], id[:])
	be.PutUint32(b[64:], vhdChecksum(b))
	return b
}

// vhdChecksum is the complement of the sum of all bytes.
func vhdChecksum(b []byte) uint32 {
	var sum uint32
	for _, c := range b {
		sum += uint32(c)
	}
	return ^sum
}

// vhdGeometry is the specification's computation of cylinders, heads and sectors.
func vhdGeometry(total int64) (cylinders, heads, sectors int64) {
	total = min(total, 65535*16*255)
	if total >= 65535*16*63 {
		return total / (16 * 255), 16, 255
	}
	sectors = 17
	tracks := total / sectors
	heads = max((tracks+1023)/1024, 4)
	if tracks >= heads*1024 || heads > 16 {
		sectors, heads = 31, 16
		tracks = total / sectors
	}
	if tracks >= heads*1024 {
		sectors, heads = 63, 16
		tracks = total / sectors
	}
	return tracks / heads, heads, sectors
}
