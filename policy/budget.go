package policy

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The budget of a guest is its own work: the time that its process computes, on
// all processors together, measured against a reference that the same process
// runs first. So a slow machine, a busy one, and one that gives this program a
// quarter of a processor all let a guest do the same work. What is not the
// guest's own is free or earns credit: the start of its process, built-in rules
// that it needs, the size of the system.
//
// All figures are here. SECURITY.md and docs/policies.md repeat some of them;
// TestBudgetDocs holds that they agree.
const (
	// guestTime is for all of a guest's work, guestOpenTime for what comes before
	// there is a system to decide on, guestTestTime for the tests of its rules.
	guestTime     = time.Second
	guestOpenTime = guestTime * 4 / 5
	guestTestTime = time.Minute
	// moduleCredit is earned by each byte of a built-in module that a guest
	// needs, for parsing and compiling it; factsCredit by each byte of facts, for
	// the built-in rules that look at them. Both are several times what it takes.
	moduleCredit = 5 * time.Microsecond
	factsCredit  = time.Microsecond
	// referenceTime is what the reference takes on the machine that the times
	// above are for. One that is faster than leastPace times that counts as
	// leastPace: so small a time cannot be measured well. One that seems slower
	// than mostPace counts as mostPace.
	referenceTime = 6 * time.Millisecond
	leastPace     = 0.5
	mostPace      = 100
	// hang is how long, by the clock, a guest's process may compute nothing: less
	// than 1/idle of the time, which is what it takes to watch itself.
	hang = time.Minute
	idle = 500
	// hereTime is for a guest that has no process of its own, by the clock: what
	// it computes cannot be told from what others do.
	hereTime = 10 * time.Minute
	// guestMemory bounds all memory of a guest's process, guestHeap how much its
	// heap may grow, guestStack one stack.
	guestMemory = 384 << 20
	guestHeap   = 256 << 20
	guestStack  = 64 << 20
)

// time is what a job may take where the reference takes referenceTime.
func (j job) time() time.Duration {
	switch j.Do {
	case doOpen:
		return guestOpenTime
	case doTest:
		return guestTestTime
	}
	return guestTime - j.Spent
}

// meter counts what this process computes for a guest. A nil meter counts
// nothing.
type meter struct {
	pace   float64 // how many times as slow this machine is as the one of the figures
	start  time.Duration
	credit atomic.Int64 // in time of the figures' machine
}

// startMeter begins to count.
func startMeter() (*meter, error) {
	pace, err := measurePace()
	return &meter{pace: pace, start: computed()}, err
}

// give adds to what the guest may take.
func (m *meter) give(n int, each time.Duration) {
	if m != nil {
		m.credit.Add(int64(n) * int64(each))
	}
}

// used is what was computed since the meter began, beyond what was free.
func (m *meter) used() time.Duration {
	all := time.Duration(float64(computed()-m.start) / m.pace)
	return max(0, all-time.Duration(m.credit.Load()))
}

// watch stops what takes more than most.
func (m *meter) watch(most time.Duration) watch {
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

// backstop is what this process may compute in all, from now on, if it does not
// watch itself: twice what it could earn.
func (m *meter) backstop(most time.Duration, l *library) time.Duration {
	for _, f := range l.modules {
		most += 3 * time.Duration(len(f.content)) * moduleCredit
	}
	most += time.Duration(m.credit.Load())
	return computed() + 2*time.Duration(float64(most)*m.pace)
}

// begin is when this process began, where nothing better tells what it computes.
var begin = time.Now()

// reference is a little of all that guests do: it is parsed, compiled and
// evaluated.
const reference = `package seaworthy.reference

numbers_of contains n if some n in numbers.range(1, 60)

pairs contains [a, b] if {
	some a in numbers_of
	some b in numbers_of
	a * b == 360
}

words := [w | some n in numbers_of; w := sprintf("%d-%s", [n, upper(input.name)])]

longest := max([count(w) | some w in words; not startswith(w, "7"); regex.match("^[0-9]+-[A-Z]+$", w)])

table := {w: {"size": count(w), "parts": split(w, "-")} | some w in words}

result := {"pairs": count(pairs), "longest": longest, "odd": odd}

odd contains w if {
	some w, row in table
	to_number(row.parts[0]) % 2 == 1
	row.size >= longest - 1
}
`

// measurePace is how many times as long the reference takes here as on the
// machine of the figures. The first run counts for nothing: it also fills the
// caches of the libraries. Of the others the slowest counts: a guest may rather
// take too long than be stopped for what it has not done.
func measurePace() (float64, error) {
	var slowest time.Duration
	for i := range 4 {
		before := computed()
		if err := runReference(); err != nil {
			return 0, system.Unusable("the reference of the budget").Because(err).Suggest("please report this")
		}
		if i > 0 {
			slowest = max(slowest, computed()-before)
		}
	}
	return min(mostPace, max(leastPace, float64(slowest)/float64(referenceTime))), nil
}

func runReference() error {
	m, err := parse(file{name: "reference.rego", content: []byte(reference)})
	if err != nil {
		return err
	}
	c := newCompiler()
	if c.Compile(map[string]*ast.Module{"reference.rego": m}); c.Failed() {
		return c.Errors
	}
	rs, err := rego.New(rego.Compiler(c), rego.Query("data.seaworthy.reference.result"), rego.Input(map[string]any{"name": "reference"})).Eval(context.Background())
	if err == nil && (len(rs) != 1 || len(rs[0].Expressions) != 1) {
		err = errors.New("it has no result")
	}
	return err
}
