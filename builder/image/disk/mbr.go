package disk

import (
	"encoding/binary"
	"fmt"
	"io"
)

// codeSize is the room for boot code in a master boot record.
const codeSize = 440

// WriteMBR writes a master boot record with the given boot code and one active
// FAT32 partition, at start and of size bytes. id is the signature of the disk.
func WriteMBR(w io.WriterAt, code []byte, id uint32, start, size int64) error {
	if len(code) > codeSize {
		return fmt.Errorf("boot code of %d bytes: a master boot record has room for %d", len(code), codeSize)
	}
	if (start+size)/sector > 1<<32-1 || start%sector != 0 || size%sector != 0 {
		return fmt.Errorf("a master boot record cannot hold a partition from byte %d to %d", start, start+size)
	}
	b := make([]byte, sector)
	le := binary.LittleEndian
	copy(b, code)
	le.PutUint32(b[codeSize:], id)
	e := b[446:]
	e[0], e[4] = 0x80, 0x0c
	copy(e[1:], "\xfe\xff\xff") // cylinders are not used
	copy(e[5:], "\xfe\xff\xff")
	le.PutUint32(e[8:], uint32(start/sector))
	le.PutUint32(e[12:], uint32(size/sector))
	b[510], b[511] = 0x55, 0xaa
	_, err := w.WriteAt(b, 0)
	return err
}
