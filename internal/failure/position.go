package failure

import (
	"bytes"
	"fmt"
)

// Position is a place in an input file. Line and Column count from 1.
type Position struct {
	File   string
	Line   int
	Column int
}

func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// PositionOf converts a byte offset to a Position. Columns count bytes.
func PositionOf(file string, data []byte, offset int64) Position {
	before := data[:min(max(offset, 0), int64(len(data)))]
	return Position{File: file, Line: bytes.Count(before, []byte("\n")) + 1, Column: len(before) - bytes.LastIndexByte(before, '\n')}
}
