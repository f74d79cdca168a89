// Package blank looks for data on a disk before something is written to it. PID 1 makes a
// data partition, and components make file systems and swap space, only where nothing is.
package blank

import (
	"bytes"
	"fmt"
	"io"
)

// How much of a room is read. A room of at most wholeRoom is read as a whole. Of a larger
// room, edge bytes at both ends are read, and between them samples of sampleSize at equal
// distances: no data that is longer than one part in samples of the room, without a gap,
// stays undetected. Samples begin at multiples of align.
const (
	wholeRoom  = 1 << 30
	edge       = 64 << 20
	samples    = 4096
	sampleSize = 64 << 10
	align      = 1 << 20
)

// Span is a range of bytes. End is the first byte behind it.
type Span struct{ Start, End int64 }

// Find returns the place of a byte in room that is not zero, -1 if all bytes that are read
// are zero. Bytes in own do not count.
func Find(r io.ReaderAt, room, own Span) (int64, error) {
	for s := range places(room) {
		if at, err := find(r, s, own); at >= 0 || err != nil {
			return at, err
		}
	}
	return -1, nil
}

// places yields the ranges that are read: all of a small room, and parts of a large one.
func places(room Span) func(func(Span) bool) {
	return func(yield func(Span) bool) {
		start, end := room.Start, room.End
		if end-start <= wholeRoom {
			yield(room)
			return
		}
		if !yield(Span{start, start + edge}) || !yield(Span{end - edge, end}) {
			return
		}
		// Partitions begin at whole MiB, and file systems have their marks there.
		step := (end - start - 2*edge) / samples
		for n := range int64(samples) {
			at := (start + edge + n*step) / align * align
			if !yield(Span{at, at + sampleSize}) {
				return
			}
		}
	}
}

// find looks at each byte of a range.
func find(r io.ReaderAt, s, own Span) (int64, error) {
	b, zero := make([]byte, 256<<10), make([]byte, 256<<10)
	for at := s.Start; at < s.End; at += int64(len(b)) {
		part := b[:min(int64(len(b)), s.End-at)]
		if n, err := r.ReadAt(part, at); n < len(part) {
			return -1, fmt.Errorf("byte %d cannot be read: %w", at+int64(n), err)
		}
		if lo, hi := max(own.Start-at, 0), min(own.End-at, int64(len(part))); lo < hi {
			clear(part[lo:hi])
		}
		if !bytes.Equal(part, zero[:len(part)]) {
			return at + int64(bytes.IndexFunc(part, func(c rune) bool { return c != 0 })), nil
		}
	}
	return -1, nil
}
