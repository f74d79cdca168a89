package policy

import (
	"context"
	"errors"
	"os/exec"
	"testing"
	"time"
)

// On a busy machine the end of a guest's process goes unnoticed for a while. It
// is not stopped for that: what counts is what it computed.
func TestOverdue(t *testing.T) {
	t.Parallel()
	const most = time.Second
	cmd := exec.CommandContext(t.Context(), "sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct {
		elapsed time.Duration
		want    bool
	}{{0, false}, {most, false}, {patience * most, false}, {patience*most + 1, true}} {
		_, known := cpuTime(cmd.Process.Pid)
		if got := overdue(cmd.Process, most, c.elapsed); got != c.want && (known || c.elapsed <= most) {
			t.Errorf("asleep for %s: %t", c.elapsed, got)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	if overdue(cmd.Process, most, time.Hour) {
		t.Error("a process that has ended is overdue")
	}
}

// An answer that was whole before its guest was to be stopped is an answer.
func TestAnswerAtTheLastMoment(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancelCause(context.Background())
	stop(errDeadline)
	j := job{Do: doDecide, Name: "ours"}
	if a, err := j.result(ctx, []byte(`{"answer": {"output": "whole"}}`), "", nil); err != nil || a.Output != "whole" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := j.result(ctx, nil, "", errors.New("signal: killed")); !errors.Is(err, errDeadline) {
		t.Errorf("a guest that was killed: %v", err)
	}
}
