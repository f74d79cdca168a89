package disk

import (
	"bytes"
	"encoding/binary"
	"strings"
	"time"
)

// Both is a number in both byte orders, as ISO 9660 (ECMA-119) stores most numbers.
func Both(n uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, n), n)
}

func both16(n uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, n), n)
}

// RecordTime is a time in a directory record, and in Rock Ridge.
func RecordTime(t time.Time) []byte {
	t = t.UTC()
	return []byte{byte(t.Year() - 1900), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()), 0}
}

// Record is a directory record of an ISO 9660 file system.
type Record struct {
	Name string
	// At is the place in blocks, and Size in bytes.
	At, Size int64
	Folder   bool
	// More: the file has another piece.
	More bool
	Time time.Time
	// Use is the content of the system use area.
	Use []byte
}

// Bytes is the record as it is stored. Its size is even.
func (r Record) Bytes() []byte {
	flags := byte(0)
	if r.Folder {
		flags |= 2
	}
	if r.More {
		flags |= 0x80
	}
	b := []byte{0, 0}
	b = append(append(b, Both(uint32(r.At))...), Both(uint32(r.Size))...)
	b = append(append(b, RecordTime(r.Time)...), flags, 0, 0)
	b = append(append(b, both16(1)...), byte(len(r.Name)))
	b = append(b, r.Name...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b = append(b, r.Use...)
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	b[0] = byte(len(b))
	return b
}

// Volume is what the primary volume descriptor of an ISO 9660 file system says.
type Volume struct {
	Label  string
	Time   time.Time
	Blocks int64
	// PathSize is the size of a path table in bytes. LittlePaths and BigPaths are the
	// blocks of the two tables.
	PathSize              int
	LittlePaths, BigPaths int64
	Root                  Record
}

// Descriptor is the volume descriptor: one block.
func (v Volume) Descriptor() []byte {
	b := make([]byte, block)
	copy(b, "\x01CD001\x01")
	for at, length := range map[int]int{8: 32, 40: 32, 190: 128, 318: 128, 446: 128, 574: 128, 702: 37, 739: 37, 776: 37} {
		copy(b[at:at+length], bytes.Repeat([]byte(" "), length))
	}
	copy(b[40:], v.Label)
	copy(b[80:], Both(uint32(v.Blocks)))
	copy(b[120:], both16(1))
	copy(b[124:], both16(1))
	copy(b[128:], both16(block))
	copy(b[132:], Both(uint32(v.PathSize)))
	binary.LittleEndian.PutUint32(b[140:], uint32(v.LittlePaths))
	binary.BigEndian.PutUint32(b[148:], uint32(v.BigPaths))
	copy(b[156:], v.Root.Bytes())
	date, never := v.Time.UTC().Format("20060102150405")+"00\x00", strings.Repeat("0", 16)+"\x00"
	for i, text := range []string{date, date, never, never} {
		copy(b[813+17*i:], text)
	}
	b[881] = 1
	return b
}
