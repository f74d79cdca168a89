package disk

import (
	"fmt"
	"io"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/partition/gpt"
)

// Partition is one partition of a disk.
type Partition struct {
	Name string
	// Type and ID are GUIDs in capital letters.
	Type, ID string
	// Start and Size in bytes, multiples of 512.
	Start, Size int64
	Attributes  uint64
}

// Types of partitions, from the UEFI and the Discoverable Partitions
// specifications.
const (
	TypeESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
)

const (
	// Alignment of partitions: what flash media and other tools expect.
	Alignment = 1 << 20
	// gptEnd is the size of the second table at the end of a disk.
	gptEnd = 33 * sector
)

// Lay gives partitions their places, one after the other, and returns the size of
// the disk.
func Lay(parts []Partition) int64 {
	next := int64(Alignment)
	for i := range parts {
		parts[i].Start = next
		next = roundUp(next+parts[i].Size, Alignment)
	}
	return next + roundUp(gptEnd, Alignment)
}

// Output is what a disk or an ISO is written to: a new file, or the description of one.
type Output interface {
	io.ReaderAt
	io.WriterAt
	Truncate(size int64) error
}

// WriteGPT writes the partition tables of a disk of this size, and a protective
// master boot record.
func WriteGPT(w Output, size int64, diskID string, parts []Partition) error {
	t := &gpt.Table{LogicalSectorSize: sector, PhysicalSectorSize: sector, GUID: diskID, ProtectiveMBR: true}
	for i, p := range parts {
		if p.Start%sector != 0 || p.Size%sector != 0 || p.Size == 0 {
			return fmt.Errorf("partition %s: start %d and size %d are not multiples of %d", p.Name, p.Start, p.Size, sector)
		}
		t.Partitions = append(t.Partitions, &gpt.Partition{Index: i + 1, Start: uint64(p.Start / sector), End: uint64((p.Start+p.Size)/sector - 1),
			Size: uint64(p.Size), Type: gpt.Type(p.Type), Name: p.Name, GUID: p.ID, Attributes: p.Attributes})
	}
	if err := w.Truncate(size); err != nil {
		return err
	}
	return t.Write(gptOutput{w: w}, size)
}

// gptOutput is an output as the library wants it. The library only writes to it.
type gptOutput struct {
	backend.WritableFile
	w io.WriterAt
}

func (o gptOutput) WriteAt(p []byte, at int64) (int, error) { return o.w.WriteAt(p, at) }
