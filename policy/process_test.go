package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
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

// Whoever started a guest's process may be killed, and then cannot stop it.
func TestOrphan(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: nobody tells what a process has computed")
	}
	tests := "package seaworthy.rules.EVL_001_test\n"
	for i := range 12 { // ten seconds each, without anybody who stops them
		tests += fmt.Sprintf("\ntest_%d if count([1 | some a in numbers.range(1, 1000000); some b in numbers.range(1, 1000000); a != b]) == %d\n", i, i)
	}
	job, err := json.Marshal(jobOf(doTest, "evil", "dir", "evil", &tree{
		modules: []file{{path: "EVL-001.rego", name: "EVL-001.rego", content: []byte(ruleFile("EVL-001", fires("EVL-001", "x := 1")))}},
		tests:   []file{{path: "EVL-001_test.rego", name: "EVL-001_test.rego", content: []byte(tests)}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	answers, answer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	// The shell says its child's number, and lives until its input ends.
	sh := exec.CommandContext(t.Context(), "sh", "-c", `"$0" `+guestArg+` <"$1" >&3 & exec 3>&-; echo $!; read x`, os.Args[0], writeFile(t, t.TempDir(), "job", string(job)))
	sh.ExtraFiles = []*os.File{answer}
	stdin, err := sh.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := sh.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sh.Start(), answer.Close()); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(stdout, &pid); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() {
		all, err := io.ReadAll(answers)
		said <- fmt.Sprintf("%s %v", all, err)
	}()
	for used := time.Duration(0); used < 200*time.Millisecond && len(said) == 0; used, _ = cpuTime(pid) {
		time.Sleep(poll)
	}
	if err := stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if s := <-said; !strings.Contains(s, errOrphan.Error()) {
		t.Errorf("it ended for another reason: %s", s)
	}
	_ = sh.Wait() // the shell's own end says nothing
}

// Whoever decides on a large system may take longer to read it; whoever brings
// many rules may not.
func TestBudget(t *testing.T) {
	t.Parallel()
	f := testFacts()
	for range 10_000 {
		f.Components = append(f.Components, f.Components[0])
	}
	long := []jobFile{{Path: "a.rego", Name: "a.rego", Content: make([]byte, 2<<20)}}
	budget := func(j job) time.Duration {
		raw, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		return j.budget(len(raw))
	}
	none, small, large := budget(job{Do: doOpen}), budget(job{Do: doDecide, Facts: testFacts()}), budget(job{Do: doDecide, Facts: f})
	if none < guestOpenTime || none > guestOpenTime+time.Millisecond {
		t.Errorf("reading a policy may take %s", none)
	}
	if small < guestTime || small > guestTime+time.Millisecond || large < guestTime+100*time.Millisecond {
		t.Errorf("deciding on a small system may take %s, on a large one %s", small, large)
	}
	if got := budget(job{Do: doDecide, Facts: testFacts(), Tree: long}) - small; got < 0 || got > time.Millisecond {
		t.Errorf("a long rule earns %s", got)
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
