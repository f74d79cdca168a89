// Package lategc decides when Go collects garbage. The first collection comes late:
// when the program uses a certain amount of memory. Later collections keep it near that.
// Most runs of a program end before the first one. Without the delay, the initialisation
// of libraries starts two collections, which take a fifth of a short run.
//
// A program imports it for its init function. This package imports almost
// nothing, so that Go initialises it before the packages that allocate memory.
package lategc

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
)

const (
	// worth is the memory of the Go runtime at which the first collection starts, and
	// the limit of a program that needs less. Go's usual rule alone, twice what was in
	// use at the last collection, would let the memory grow to 160 MiB if that came in
	// a short step that needs 64 MiB, such as the decryption of a key.
	worth = 96 << 20
	// headroom is how much the limit is below twice what is in use, if that is more
	// than worth. A limit close to what is in use would cost many collections.
	headroom = 64 << 20
)

// rules are the settings of a program, and those that it had before.
type rules struct {
	mu      sync.Mutex
	over    bool
	cleanup runtime.Cleanup
	percent int
	limit   int64
}

// current is nil if this package changes nothing.
var current *rules

func init() { current = begin() }

// begin delays the first collection. It returns nil, and changes nothing, if the
// environment configures garbage collection.
func begin() *rules {
	if os.Getenv("GOGC") != "" || os.Getenv("GOMEMLIMIT") != "" {
		return nil
	}
	r := &rules{percent: debug.SetGCPercent(-1), limit: debug.SetMemoryLimit(worth)}
	r.await()
	return r
}

// await calls collected after the next collection.
func (r *rules) await() {
	type canary struct{ _ [64]byte }
	r.cleanup = runtime.AddCleanup(new(canary), func(r *rules) { r.collected() }, r)
}

// collected ends the delay, and sets the limit for what is in use.
func (r *rules) collected() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	debug.SetGCPercent(r.percent)
	debug.SetMemoryLimit(limit(inUse()))
	r.await()
}

// inUse is what the last collection found in use, in bytes.
func inUse() int64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		return 0
	}
	return int64(sample[0].Value.Uint64())
}

func limit(inUse int64) int64 { return max(worth, 2*inUse-headroom) }

// End restores usual garbage collection. A caller that sets its own memory
// limits must call it first, because the next collection would replace them. Only
// main calls it, before it starts anything.
func End() {
	if current == nil {
		return
	}
	r := current
	current = nil
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.cleanup.Stop()
	debug.SetGCPercent(r.percent)
	debug.SetMemoryLimit(r.limit)
}
