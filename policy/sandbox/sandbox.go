// Package sandbox confines the evaluation of rules.
//
// A guest is a policy that is not built in: a folder of rules, or a bundle from
// a registry. Its author is the attacker. Its rules may loop forever, build
// huge values, nest deeply, or make the parser, the compiler or the evaluator
// crash. They must not stop, slow down or crash the program that evaluates them,
// must not reach the network, files, environment or clock, and must not turn a
// mistake into a pass.
//
// Four bounds confine a guest:
//
//   - The language. Rules call only the builtins in Capabilities: pure functions
//     of their arguments. OPA's compiler refuses any other builtin.
//   - A separate process. Process starts a child for each job, without an
//     environment. One call of a builtin cannot be interrupted from outside, but
//     a process can be killed. The child calls Serve. The kernel bounds its
//     memory and its processor time, and lets it write no file. The child dies
//     when its parent does.
//   - A budget of computing, which is measured against a reference on the same
//     machine. A slow or busy machine lets a guest do the same work. All figures
//     are in budget.go.
//   - The protocol. A job goes in as JSON. An answer or errors come out as JSON,
//     of limited size and number. The parent decodes them into its own types.
//
// Without a command for the child, InProcess evaluates a guest in this process.
// Then only the clock and the growth of the heap bound it, and an endless call of
// a builtin is left behind.
//
// Within and its watches also bound built-in rules, which are trusted.
//
// This package knows no rules. Its caller passes the work as a function.
package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Do is what to do with a guest. It decides the budget.
type Do string

// The three things to do with a guest: read and check it, evaluate it over
// facts, and run the tests of its rules.
const (
	Open   Do = "open"
	Decide Do = "decide"
	Test   Do = "test"
)

// Work is the part of a job that only the caller of this package understands. It
// is sent as JSON.
type Work interface {
	// GuestBytes returns how many bytes of the JSON form come from the guest itself.
	// A guest earns no time for them.
	GuestBytes() int
}

// Job is one thing to do with a guest.
type Job[W Work] struct {
	Do Do `json:"do"`
	// Name is the name of the policy in messages.
	Name string `json:"name"`
	// Spent is what the guest has used of its budget before.
	Spent time.Duration `json:"spent,omitempty"`
	Work  W             `json:"work"`
}

// Answer is the result of a job.
type Answer[R any] struct {
	Result R `json:"result"`
	// Spent is what the job took of the guest's budget; 0 where it was not
	// measured.
	Spent time.Duration `json:"spent,omitempty"`
}

// Engine does a job in the current process. It calls credit with the sizes of the
// built-in modules that it parses and compiles for the guest, in bytes. It may
// return a result beside an error.
type Engine[W Work, R any] func(ctx context.Context, j Job[W], credit func(bytes int)) (*R, error)

// do calls the engine. A crash of the engine is an error.
func (e Engine[W, R]) do(ctx context.Context, j Job[W], credit func(int)) (r *R, err error) {
	defer Recover(&err)
	return e(ctx, j, credit)
}

// Host does jobs within a budget. Errors are those of the engine, or say that the
// guest was stopped.
type Host[W Work, R any] interface {
	Perform(ctx context.Context, j Job[W]) (*Answer[R], error)
}

// InProcess is the host of tests, and of programs that cannot start themselves. It
// leaves a builtin behind that does not return.
type InProcess[W Work, R any] struct{ Engine Engine[W, R] }

// Perform implements Host.
func (h InProcess[W, R]) Perform(ctx context.Context, j Job[W]) (*Answer[R], error) {
	r, err := Within(ctx, func(ctx context.Context) (*R, error) { return h.Engine.do(ctx, j, func(int) {}) }, WatchClock(hereTime), WatchHeap(guestHeap))
	if r == nil {
		return nil, err
	}
	return &Answer[R]{Result: *r}, err
}

// Causes why a guest was stopped.
var (
	errDeadline = errors.New("the deadline has passed")
	errBudget   = errors.New("the rules compute for too long")
	errMemory   = errors.New("the rules use too much memory")
	errHang     = errors.New("the process that evaluates the rules used no processor time")
	errDeep     = errors.New("the calls in the rules are nested too deeply")
	errOrphan   = errors.New("the program that started the evaluation has ended")
	errCrashed  = errors.New("the rule evaluator crashed")
)

// stopped is the error of a guest that had to be stopped.
func (j Job[W]) stopped(cause error) error {
	at, may := "read", guestTime
	switch j.Do {
	case Decide:
		at = "evaluated"
	case Test:
		at, may = "tested", guestTestTime
	}
	return system.Unusable("policy %q was stopped while it was %s", j.Name, at).Because(cause).
		Suggest("look for a rule that loops or builds very large values: rules that are not built in may compute for %s on a common machine, in %d MiB", may, guestMemory>>20)
}

// factsSize returns how many bytes of an encoded job do not come from the guest.
func (j Job[W]) factsSize(encoded int) int { return max(0, encoded-j.Work.GuestBytes()) }

// Recover turns a panic into an error. Defer it around calls of the evaluator.
func Recover(err *error) {
	if r := recover(); r != nil {
		*err = system.Unusable("%v", errCrashed).Because(fmt.Errorf("%v", r)).Report()
	}
}

func (j Job[W]) encode() ([]byte, error) {
	raw, err := json.Marshal(j)
	if err != nil {
		return nil, system.Unusable("policy %q", j.Name).Because(err)
	}
	return raw, nil
}
