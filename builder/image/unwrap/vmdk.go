package unwrap

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

const (
	// maxDescriptor bounds the text of a VMDK.
	maxDescriptor = 64 << 10
	vmdkNoParent  = "ffffffff"
)

var (
	vmdkType   = lazyre.New(`(?m)^\s*createType\s*=\s*"([A-Za-z0-9]{1,40})"`)
	vmdkParent = lazyre.New(`(?mi)^\s*parentCID\s*=\s*([0-9a-f]{8})`)
)

// openVMDKText is for a VMDK that is text alone and names the files of the disk.
func openVMDKText(r io.ReaderAt, size int64) (*Disk, error) {
	text, err := read(r, 0, int(min(size, maxDescriptor)))
	if err != nil {
		return nil, err
	}
	d := &Disk{Format: "vmdk"}
	if m := vmdkType.FindSubmatch(text); m != nil {
		d.Variant = string(m[1])
	}
	return d, refused("vmdk", "this file is the description, and the disk is in other files", "inspect the file of the disk, often NAME-flat.vmdk")
}

// openVMDK follows VMware's Virtual Disk Format 5.0: a sparse extent.
func openVMDK(r io.ReaderAt, _ int64) (*Disk, error) {
	const name = "vmdk"
	h, err := read(r, 0, 512)
	if err != nil {
		return nil, damaged(name, "its header is truncated")
	}
	le := binary.LittleEndian
	flags, compression := le.Uint32(h[8:]), le.Uint16(h[77:])
	capacity, grain, perTable := le.Uint64(h[12:]), le.Uint64(h[20:]), int64(le.Uint32(h[44:]))
	directory := le.Uint64(h[56:])
	d := &Disk{Format: name}
	if capacity > 1<<50 || grain == 0 || grain > 1<<18 || grain&(grain-1) != 0 || perTable < 1 || perTable > 1<<16 || directory > 1<<50 && directory != 1<<64-1 {
		return d, damaged(name, "the sizes in its header are not valid")
	}
	d.Size = int64(capacity) * 512
	text, err := vmdkText(r, le.Uint64(h[28:]), le.Uint64(h[36:]))
	if err != nil {
		return d, damaged(name, "its description is truncated")
	}
	if m := vmdkType.FindSubmatch(text); m != nil {
		d.Variant = string(m[1])
	}
	if m := vmdkParent.FindSubmatch(text); m != nil && !bytes.EqualFold(m[1], []byte(vmdkNoParent)) {
		return d, refused(name, "it has a backing file, which holds a part of the disk", "")
	}
	if compression != 0 || flags&(1<<16) != 0 {
		return d, refused(name, "its grains are compressed", "")
	}
	first, second := &table{r: r}, &table{r: r}
	d.ReaderAt = &blocks{r: r, format: name, size: d.Size, block: int64(grain) * 512, place: func(n int64) (int64, error) {
		b, err := first.entry(int64(directory)*512+n/perTable*4, 4)
		if err != nil {
			return 0, damaged(name, "its directory is truncated")
		}
		at := int64(le.Uint32(b)) * 512
		if at == 0 {
			return 0, nil
		}
		if b, err = second.entry(at+n%perTable*4, 4); err != nil {
			return 0, damaged(name, "a table at %d is behind the end of the file", at)
		}
		if e := le.Uint32(b); e > 1 { // 0: not stored, 1: zero
			return int64(e) * 512, nil
		}
		return 0, nil
	}}
	return d, nil
}

// vmdkText reads the description in a sparse extent, at a sector.
func vmdkText(r io.ReaderAt, at, sectors uint64) ([]byte, error) {
	if at == 0 || sectors == 0 || at > 1<<40 {
		return nil, nil
	}
	return read(r, int64(at)*512, int(min(sectors, maxDescriptor/512))*512)
}
