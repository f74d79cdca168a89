//go:build !linux

package wrap

// nextData is at: holes are read as zeros.
func (d Disk) nextData(at int64) int64 { return at }

// nextHole is the size.
func (d Disk) nextHole(int64) int64 { return d.Size }
