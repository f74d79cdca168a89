package turns

import (
	"runtime"
	"runtime/metrics"
	"sync"
	"testing"
)

// used is the memory of objects on the heap, with garbage.
func used() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}

// The steps run one after another, and what one leaves behind is free when the next
// one begins.
func TestTake(t *testing.T) {
	const large = 64 << 20
	start := used()
	var all sync.WaitGroup
	running := 0 // guarded by the turn, which the race detector checks too
	for range 8 {
		all.Go(func() {
			done := Take()
			defer done()
			if now := used(); now > start+large/2 {
				t.Errorf("%d MiB are in use at the start of a turn, %d before all", now>>20, start>>20)
			}
			if running++; running > 1 {
				t.Error("two steps have the turn")
			}
			b := make([]byte, large)
			runtime.Gosched()
			runtime.KeepAlive(b)
			running--
		})
	}
	all.Wait()
}

// A step that fails can end its turn early, and again when it returns.
func TestDoneTwice(t *testing.T) {
	done := Take()
	done()
	next := Take()
	done()
	if queue.TryLock() {
		queue.Unlock()
		t.Error("a second call of done has ended the turn of another step")
	}
	next()
}
