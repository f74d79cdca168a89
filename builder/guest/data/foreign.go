package data

import (
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/internal/blank"
)

// checkRoom checks that the bytes of the disk from start are empty, up to the place of
// the second table at the end. own is the place of another table of this system.
func checkRoom(r io.ReaderAt, start, sector, size int64, t *gptTable, own blank.Span) error {
	at, err := blank.Find(r, blank.Span{Start: start, End: size - (t.tableSectors()+1)*sector}, own)
	switch {
	case err != nil:
		return err
	case at >= 0:
		return foreign(at)
	}
	return checkRAID(r, size)
}

func foreign(at int64) error {
	return fmt.Errorf("the room behind its last partition has data of another system, at byte %d: if that data is not needed, erase it (blkdiscard, dd)", at)
}

// checkRAID looks for the marks that RAID systems write at the end of a disk. They lie
// where the second partition table is written, so that this place is not always empty.
func checkRAID(r io.ReaderAt, size int64) error {
	for _, m := range []struct {
		name string
		at   int64
		mark string
	}{
		{"Linux RAID (superblock 1.0)", (size - 8<<10) &^ 4095, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00"},
		{"Linux RAID (superblock 0.90)", size&^(64<<10-1) - 64<<10, "\xfc\x4e\x2b\xa9\x00\x00\x00\x00"},
		{"Intel RAID", size - 1024, "Intel Raid ISM Cfg Sig."},
		{"DDF RAID", size - 512, "\xde\x11\xde\x11"},
		{"DDF RAID", size - 512, "\x11\xde\x11\xde"},
	} {
		b := make([]byte, len(m.mark))
		if m.at < 0 {
			continue
		}
		if n, err := r.ReadAt(b, m.at); n < len(b) {
			return fmt.Errorf("byte %d cannot be read: %w", m.at+int64(n), err)
		}
		if string(b) == m.mark {
			return fmt.Errorf("its end has the mark of another system, of %s, at byte %d: if that data is not needed, erase it (wipefs)", m.name, m.at)
		}
	}
	return nil
}
