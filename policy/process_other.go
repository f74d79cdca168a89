//go:build !linux

package policy

import "time"

// limitSelf: elsewhere the watch over the heap has to do.
func limitSelf(uint64) error { return nil }

// cpuTime is unknown elsewhere: there the clock counts.
func cpuTime(int) time.Duration { return 0 }
