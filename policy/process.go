package policy

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

const (
	// maxAnswer bounds what a guest's process may say, in bytes.
	maxAnswer = 16 << 20
	// maxErrors is how many of its errors are told, maxErrorText bounds each text
	// of one, in runes.
	maxErrors    = 100
	maxErrorText = 500
	// poll is how often a guest's process looks at itself.
	poll = 10 * time.Millisecond
)

// process is the host that starts a program for each job, which calls Serve. It
// keeps its own budget, and the kernel ends what does not; here it is killed
// when it no longer computes.
type process struct {
	command func(context.Context) *exec.Cmd
}

// reply is an answer on its way, or why there is none.
type reply struct {
	Answer *answer      `json:"answer,omitempty"`
	Errors []replyError `json:"errors,omitempty"`
}

// replyError is a *system.Error.
type replyError struct {
	Kind string          `json:"kind"`
	Pos  system.Position `json:"pos"`
	What string          `json:"what"`
	Next string          `json:"next,omitempty"`
	Err  string          `json:"err,omitempty"`
}

var replyKinds = map[string]error{"input": system.ErrInput, "unusable": system.ErrUnusable, "mismatch": system.ErrMismatch}

func (h process) perform(ctx context.Context, j job) (*answer, error) {
	in, err := json.Marshal(j)
	if err != nil {
		return nil, system.Unusable("policy %q", j.Name).Because(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var out, trouble limitedBuffer
	out.most, trouble.most = maxAnswer, 64<<10
	cmd := h.command(ctx)
	// Not by its name: argv[0] of the caller says what the program is to be.
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &trouble
	cmd.WaitDelay = hang
	if err := cmd.Start(); err != nil {
		return nil, system.Unusable("policy %q cannot be evaluated in a process of its own", j.Name).Because(err)
	}
	go watchHang(ctx, cmd.Process, hang, stop)
	err = cmd.Wait()
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errHang) {
		return nil, context.Cause(ctx)
	}
	return j.result(ctx, out.Bytes(), trouble.String(), err)
}

// factsSize is how much of a job of so many bytes is not the policy itself.
func (j job) factsSize(size int) int {
	for _, f := range j.Tree {
		size -= base64.StdEncoding.EncodedLen(len(f.Content)) + len(f.Path) + len(f.Name)
	}
	return max(0, size)
}

// watchHang stops a process that has computed nothing for so long by the clock.
// One that is kept from computing by others is no reason: it gets some of the
// time of any machine. Where nobody tells what a process computes, the clock
// alone has to do.
func watchHang(ctx context.Context, p *os.Process, most time.Duration, stop context.CancelCauseFunc) {
	for {
		before, _ := cpuTime(p.Pid)
		select {
		case <-ctx.Done():
			return
		case <-time.After(most):
		}
		if after, known := cpuTime(p.Pid); (!known || after-before < most/idle) && p.Signal(syscall.Signal(0)) == nil {
			stop(errHang)
			return
		}
	}
}

// says looks for what the Go runtime says when it dies.
func says(trouble string, words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(trouble, w) })
}

// result reads what the process said, or why it died.
func (j job) result(ctx context.Context, out []byte, trouble string, err error) (*answer, error) {
	switch {
	case err != nil && ctx.Err() != nil: // else it ended by itself just before
		return nil, stopped(j, context.Cause(ctx))
	case says(trouble, "cannot allocate", "out of memory", "cannot map pages", "cannot reserve", "pthread_create failed", "create new OS thread"):
		return nil, stopped(j, errMemory)
	case says(trouble, "stack overflow", "stack exceeds"):
		return nil, stopped(j, errDeep)
	case err != nil:
		line, _, _ := strings.Cut(strings.TrimSpace(trouble), "\n")
		return nil, stopped(j, fmt.Errorf("%w: %w: %s", errCrashed, err, line))
	}
	var r reply
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, stopped(j, fmt.Errorf("%w: %w", errCrashed, err))
	}
	var errs []error
	for _, e := range r.Errors {
		se := &system.Error{Kind: replyKinds[e.Kind], Pos: e.Pos, What: e.What, Next: e.Next}
		if e.Err != "" {
			se.Err = errors.New(e.Err)
		}
		errs = append(errs, se)
	}
	return r.Answer, errors.Join(errs...)
}

var (
	errHang   = errors.New("its process does nothing")
	errDeep   = errors.New("the rules nest too deeply")
	errOrphan = errors.New("whoever asked is gone")
)

// limitedBuffer keeps what is written, up to a limit; beyond it, writing fails.
type limitedBuffer struct {
	bytes.Buffer
	most int
}

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, fmt.Errorf("more than %d bytes", b.most)
	}
	return b.Buffer.Write(p)
}

// Serve does one job of Options.Isolate: it is what the program has to call
// that is started there, with its stdin and stdout, and nothing else. The
// process bounds its own memory first.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	if err := limitMemory(guestMemory); err != nil {
		return system.Unusable("bounds on memory").Because(err)
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	go watchParent(ctx, stop)
	debug.SetMaxStack(guestStack)
	debug.SetGCPercent(-1)
	library, err := builtin()
	if err != nil {
		return err
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		return system.Unusable("job").Because(err)
	}
	// The process is short: it collects only what would not fit.
	debug.SetMemoryLimit(min(guestHeap/2+4*int64(len(raw)), guestHeap))
	var j job
	if err := json.Unmarshal(raw, &j); err != nil {
		return system.Unusable("job").Because(err)
	}
	m, err := startMeter()
	if err != nil {
		return err
	}
	m.give(j.factsSize(len(raw)), factsCredit)
	library = library.metered(m)
	// A backstop, in case that this process cannot watch itself.
	if err := limitTime(m.backstop(j.time(), library)); err != nil {
		return system.Unusable("bounds on time").Because(err)
	}
	// No grace: what does not listen ends with the process.
	a, err := within(ctx, 0, func(ctx context.Context) (*answer, error) { return library.perform(ctx, j) }, m.watch(j.time()), watchHeap(guestHeap))
	if a != nil {
		a.Spent = m.used()
	}
	r := reply{Answer: a, Errors: replyErrors(j, err)}
	if more := len(r.Errors) - maxErrors; more > 0 {
		r.Errors = append(r.Errors[:maxErrors], replyError{Kind: r.Errors[maxErrors].Kind, What: fmt.Sprintf("policy %q: %d more errors", j.Name, more)})
	}
	if raw, err = json.Marshal(r); err != nil {
		return system.Unusable("answer").Because(err)
	}
	if len(raw) > maxAnswer {
		e := system.Unusable("policy %q says more than %d MiB", j.Name, maxAnswer>>20).Suggest("look for a rule that fires too often")
		if raw, err = json.Marshal(reply{Errors: replyErrors(j, e)}); err != nil {
			return system.Unusable("answer").Because(err)
		}
	}
	_, err = out.Write(raw)
	return err
}

// watchParent cancels when nobody is left to read the answer: a parent that was
// killed cannot kill in its turn.
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

// replyErrors takes an error apart into what can be sent. A policy chooses the
// names that are in its errors: they are cut.
func replyErrors(j job, err error) []replyError {
	if err == nil {
		return nil
	}
	for _, cause := range []error{errMemory, errBudget} {
		if errors.Is(err, cause) {
			err = stopped(j, cause)
		}
	}
	se, ok := err.(*system.Error) //nolint:errorlint // only joined errors are taken apart
	if !ok {
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			var out []replyError
			for _, e := range joined.Unwrap() {
				out = append(out, replyErrors(j, e)...)
			}
			return out
		}
		return []replyError{{Kind: "unusable", What: words.Cut(err.Error(), maxErrorText)}}
	}
	out := replyError{Kind: "unusable", Pos: se.Pos, What: words.Cut(se.What, maxErrorText), Next: words.Cut(se.Next, maxErrorText)}
	for name, kind := range replyKinds {
		if errors.Is(se, kind) {
			out.Kind = name
		}
	}
	if se.Err != nil {
		out.Err = words.Cut(se.Err.Error(), maxErrorText)
	}
	return []replyError{out}
}
