package sandbox

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The budget of a guest is its own work: the time that its process computes, on all
// processors together, relative to a reference that the same process runs first. So a
// guest can do the same work on a slow machine, on a busy machine, and with a quarter
// of a processor. Work that is not the guest's own is free or earns credit: the start
// of its process, built-in rules that it needs, the size of the system.
//
// All figures are here. SECURITY.md and docs/policies.md repeat some of them;
// TestBudgetDocs checks that they agree.
const (
	// guestTime is for all of a guest's work. guestOpenTime is for the part before
	// there is a system to decide on. guestTestTime is for the tests of its rules.
	guestTime     = time.Second
	guestOpenTime = guestTime * 4 / 5
	guestTestTime = time.Minute
	// moduleCredit is earned by each byte of a built-in module that a guest
	// needs, for parsing and compiling it. factsCredit is earned by each byte of
	// facts, for the built-in rules that read them. Both are several times the
	// real cost.
	moduleCredit = 5 * time.Microsecond
	factsCredit  = time.Microsecond
	// referenceTime is the time of the reference on the machine that the times
	// above are for. A faster machine counts as at most leastPace: so small a time
	// cannot be measured well. A slower machine counts as at most mostPace.
	referenceTime = 6 * time.Millisecond
	leastPace     = 0.5
	mostPace      = 100
	// hang is how long, by the clock, a guest's process may compute nothing. Less
	// than 1/idle of the time counts as nothing: a process needs that much to watch
	// itself.
	hang = time.Minute
	idle = 500
	// hereTime is for a guest without a separate process, by the clock: its
	// computing cannot be measured apart from the rest of the program.
	hereTime = 10 * time.Minute
	// grace is how long a call may continue after its context has ended.
	grace = time.Second
	// guestMemory bounds all memory of a guest's process, guestHeap the growth of
	// its heap, guestStack one stack.
	guestMemory = 384 << 20
	guestHeap   = 256 << 20
	guestStack  = 64 << 20
	// maxAnswer bounds what a guest's process may write, and maxTrouble what it may
	// write to stderr, in bytes.
	maxAnswer  = 16 << 20
	maxTrouble = 64 << 10
	// maxErrors bounds the number of its errors, and maxErrorText each text of an
	// error, in runes.
	maxErrors    = 100
	maxErrorText = 500
	// poll is how often a guest's process measures itself.
	poll = 10 * time.Millisecond
)

// BuiltinHeap is the limit for the growth of the heap while built-in rules run.
const BuiltinHeap = 512 << 20

// budget is the time for a job on a machine where the reference takes
// referenceTime.
func budget(do Do, spent time.Duration) time.Duration {
	switch do {
	case Open:
		return guestOpenTime
	case Test:
		return guestTestTime
	}
	return guestTime - spent
}

// meter measures what this process computes for a guest.
type meter struct {
	pace   float64 // how many times slower this machine is than the machine of the figures
	start  time.Duration
	credit atomic.Int64 // in time of the machine of the figures
}

// startMeter measures the machine, and then starts to measure the guest.
func startMeter(reference func() error) (*meter, error) {
	pace, err := measurePace(reference)
	return &meter{pace: pace, start: computed()}, err
}

// give adds credit to what the guest may compute.
func (m *meter) give(n int, each time.Duration) { m.credit.Add(int64(n) * int64(each)) }

// used returns the time that was computed since the meter started, minus the credit.
func (m *meter) used() time.Duration {
	all := time.Duration(float64(computed()-m.start) / m.pace)
	return max(0, all-time.Duration(m.credit.Load()))
}

// watch stops a job that takes more than most.
func (m *meter) watch(most time.Duration) Watch {
	return func(ctx context.Context, stop context.CancelCauseFunc) {
		tick := time.NewTicker(poll)
		defer tick.Stop()
		for m.used() <= most {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
		stop(errBudget)
	}
}

// backstop returns the processor time at which the kernel ends this process: twice
// the budget and all credit that the guest can earn. modules is the size of all
// built-in modules.
func (m *meter) backstop(most time.Duration, modules int) time.Duration {
	most += 3 * time.Duration(modules) * moduleCredit
	most += time.Duration(m.credit.Load())
	return computed() + 2*time.Duration(float64(most)*m.pace)
}

// begin is when this process began. It is used where the system does not report
// processor time.
var begin = time.Now()

// measurePace returns how many times longer the reference takes here than on the
// machine of the figures. The first run does not count, because it also fills the
// caches of the libraries. Of the other runs the slowest counts: a guest that gets
// too much time is better than a guest that is stopped too early.
func measurePace(reference func() error) (float64, error) {
	var slowest time.Duration
	for i := range 4 {
		before := computed()
		if err := reference(); err != nil {
			return 0, system.Unusable("the speed of this machine cannot be measured").Because(err).Report()
		}
		if i > 0 {
			slowest = max(slowest, computed()-before)
		}
	}
	return min(mostPace, max(leastPace, float64(slowest)/float64(referenceTime))), nil
}
