package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Process is the host that starts a program for each job. The program calls Serve,
// which keeps the budget. The kernel ends a process that does not keep it. This
// side kills a process that no longer computes.
type Process[W Work, R any] struct {
	// Command makes the command, bound to ctx.
	Command func(ctx context.Context) *exec.Cmd
}

// Perform implements Host.
func (h Process[W, R]) Perform(ctx context.Context, j Job[W]) (*Answer[R], error) {
	in, err := j.encode()
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var out, trouble limitedBuffer
	out.most, trouble.most = maxAnswer, maxTrouble
	cmd := h.Command(ctx)
	// The caller has chosen the program by its path and argv[0]: the child needs no
	// environment.
	cmd.Env = []string{"GOTRACEBACK=none"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &trouble
	cmd.WaitDelay = hang
	if err := cmd.Start(); err != nil {
		return nil, system.Unusable("policy %q cannot be evaluated in a separate process", j.Name).Because(err)
	}
	go watchHang(ctx, cmd.Process, hang, stop)
	err = cmd.Wait()
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), errHang) {
		return nil, context.Cause(ctx)
	}
	return result[W, R](ctx, j, out.Bytes(), trouble.String(), err)
}

// watchHang stops a process that has computed nothing for the time most. A process
// on a busy machine still gets some processor time, and continues. Where the
// system does not report what a process computes, the clock alone decides.
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

// result decodes the output of the process, or explains why the process died.
func result[W Work, R any](ctx context.Context, j Job[W], out []byte, trouble string, err error) (*Answer[R], error) {
	switch {
	case err != nil && ctx.Err() != nil: // else the process ended by itself just before
		return nil, j.stopped(context.Cause(ctx))
	case containsAny(trouble, "cannot allocate", "out of memory", "cannot map pages", "cannot reserve", "pthread_create failed", "create new OS thread"):
		return nil, j.stopped(errMemory)
	case containsAny(trouble, "stack overflow", "stack exceeds"):
		return nil, j.stopped(errDeep)
	case err != nil:
		line, _, _ := strings.Cut(strings.TrimSpace(trouble), "\n")
		return nil, j.stopped(fmt.Errorf("%w: %w: %s", errCrashed, err, line))
	}
	var r reply[R]
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, j.stopped(fmt.Errorf("%w: %w", errCrashed, err))
	}
	if r.Answer == nil && len(r.Errors) == 0 {
		return nil, j.stopped(fmt.Errorf("%w: no answer", errCrashed))
	}
	return r.Answer, joined(r.Errors)
}

// containsAny reports whether the text has one of the messages that the Go runtime
// prints when it dies.
func containsAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(text, p) })
}

// limitedBuffer keeps what is written, up to a limit. Beyond it, writing fails.
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
