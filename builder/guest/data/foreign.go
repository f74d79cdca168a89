package data

import (
	"bytes"
	"fmt"
	"io"
)

// How much of the room behind the template is read. A room of at most wholeRoom is read
// as a whole. Of a larger room, edge bytes at both ends are read, and between them
// samples of sampleSize at equal distances: no data that is longer than one part in
// samples of the room, without a gap, stays undetected.
const (
	wholeRoom  = 1 << 30
	edge       = 64 << 20
	samples    = 4096
	sampleSize = 64 << 10
)

// span is a range of bytes of the disk. end is the first byte behind it.
type span struct{ start, end int64 }

// checkRoom checks that the bytes of the disk from start are empty, up to the place of
// the second table at the end. own is the place of another table of this system.
func checkRoom(r io.ReaderAt, start, sector, size int64, t *gptTable, own span) error {
	end := size - (t.tableSectors()+1)*sector
	for s := range places(start, end) {
		if err := checkEmpty(r, s, own); err != nil {
			return err
		}
	}
	return checkRAID(r, size)
}

// places yields the ranges that are read: all of a small room, and parts of a large one.
func places(start, end int64) func(func(span) bool) {
	return func(yield func(span) bool) {
		if end-start <= wholeRoom {
			yield(span{start, end})
			return
		}
		if !yield(span{start, start + edge}) || !yield(span{end - edge, end}) {
			return
		}
		// Partitions begin at whole MiB, and file systems have their marks there.
		step := (end - start - 2*edge) / samples
		for n := range int64(samples) {
			at := (start + edge + n*step) / gptAlign * gptAlign
			if !yield(span{at, at + sampleSize}) {
				return
			}
		}
	}
}

// checkEmpty checks that a range has only zeros, except in own.
func checkEmpty(r io.ReaderAt, s, own span) error {
	b, zero := make([]byte, 256<<10), make([]byte, 256<<10)
	for at := s.start; at < s.end; at += int64(len(b)) {
		part := b[:min(int64(len(b)), s.end-at)]
		if n, err := r.ReadAt(part, at); n < len(part) {
			return fmt.Errorf("byte %d cannot be read: %w", at+int64(n), err)
		}
		if lo, hi := max(own.start-at, 0), min(own.end-at, int64(len(part))); lo < hi {
			clear(part[lo:hi])
		}
		if !bytes.Equal(part, zero[:len(part)]) {
			return foreign(at + int64(bytes.IndexFunc(part, func(c rune) bool { return c != 0 })))
		}
	}
	return nil
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
