package sandbox

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Program is the part of a guest's process that only the caller of this package
// knows.
type Program[W Work, R any] struct {
	Engine Engine[W, R]
	// Reference does a little of all that guests do. Its time measures the speed of
	// the machine.
	Reference func() error
	// Modules is the largest number of bytes for which the engine can give credit.
	Modules int
}

// Serve does one job of Process: it reads the job from in, and writes the reply to
// out. A program that Process starts calls Serve and does nothing else.
//
// Serve bounds the memory of its process before it calls open, and its time before
// it calls the engine. The limits stay: the process must end afterwards.
func Serve[W Work, R any](ctx context.Context, in io.Reader, out io.Writer, open func() (Program[W, R], error)) error {
	if err := limitMemory(guestMemory); err != nil {
		return system.Unusable("the memory of the process cannot be limited").Because(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go watchParent(ctx, stop)
	debug.SetMaxStack(guestStack)
	debug.SetGCPercent(-1)
	program, err := open()
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return system.Unusable("the job of the process cannot be read").Because(err)
	}
	// The process is short: it collects garbage only when memory would not suffice.
	debug.SetMemoryLimit(min(guestHeap/2+4*int64(len(raw)), guestHeap))
	var j Job[W]
	if err := json.Unmarshal(raw, &j); err != nil {
		return system.Unusable("the job of the process cannot be read").Because(err)
	}
	m, err := startMeter(program.Reference)
	if err != nil {
		return err
	}
	m.give(j.factsSize(len(raw)), factsCredit)
	most := budget(j.Do, j.Spent)
	// A second bound, in case this process cannot watch itself.
	if err := limitTime(m.backstop(most, program.Modules)); err != nil {
		return system.Unusable("the time of the process cannot be limited").Because(err)
	}
	credit := func(bytes int) { m.give(bytes, moduleCredit) }
	// No grace: a call that ignores its context ends with the process.
	result, err := within(ctx, 0, func(ctx context.Context) (*R, error) { return program.Engine.do(ctx, j, credit) }, m.watch(most), WatchHeap(guestHeap))
	var a *Answer[R]
	if result != nil {
		a = &Answer[R]{Result: *result, Spent: m.used()}
	}
	raw, err = encodeReply(j, a, err)
	if err != nil {
		return err
	}
	_, err = out.Write(raw)
	return err
}

// watchParent stops the job when the parent has ended: a parent that was killed
// cannot kill its child.
func watchParent(ctx context.Context, stop context.CancelCauseFunc) {
	parent := os.Getppid()
	tick := time.NewTicker(10 * poll)
	defer tick.Stop()
	for os.Getppid() == parent {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
	stop(errOrphan)
}
