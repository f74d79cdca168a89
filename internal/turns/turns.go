// Package turns makes the steps that need tens of MiB for a short time run one after
// another, so that their memory does not add up.
package turns

import (
	"runtime"
	"sync"
)

// queue is one for the program, because memory is.
var queue struct {
	sync.Mutex
	// dirty: a step has left its memory behind, which is free after a collection.
	dirty bool
}

// Take waits until no other step has the turn. done ends the turn; the caller must not
// take another one before. A caller must have all its input, so that others do not wait
// for a network or a user.
func Take() (done func()) {
	queue.Lock()
	if queue.dirty {
		runtime.GC() // Go would allocate first, and collect later
		queue.dirty = false
	}
	return sync.OnceFunc(func() {
		queue.dirty = true
		queue.Unlock()
	})
}
