package system

import "bytes"

// PositionOf converts a byte offset to a Position. Columns count bytes.
func PositionOf(file string, data []byte, offset int64) Position {
	before := data[:min(max(offset, 0), int64(len(data)))]
	return Position{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: len(before) - bytes.LastIndexByte(before, '\n')}
}
