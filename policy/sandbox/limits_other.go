//go:build !linux

package sandbox

import "time"

// On other systems only the watch over the heap and the clock bound a guest.
func limitMemory(uint64) error          { return nil }
func limitTime(time.Duration) error     { return nil }
func computed() time.Duration           { return time.Since(begin) }
func cpuTime(int) (time.Duration, bool) { return 0, false }
