package sandbox

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A process that computes nothing is stopped.
func TestHang(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "sleep", "3600")
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	watchHang(ctx, cmd.Process, poll, stop)
	if !errors.Is(context.Cause(ctx), errHang) {
		t.Errorf("cause %v", context.Cause(ctx))
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // the error is that it was killed
}

// testWork is the work of these tests.
type testWork struct {
	// Spin: compute until the context ends.
	Spin bool   `json:"spin,omitempty"`
	Data []byte `json:"data,omitempty"`
}

func (w testWork) GuestBytes() int { return base64.StdEncoding.EncodedLen(len(w.Data)) }

// testResult is the result of a testWork.
type testResult struct {
	Output string `json:"output"`
}

func testEngine(ctx context.Context, j Job[testWork], credit func(int)) (*testResult, error) {
	credit(1)
	for j.Work.Spin && ctx.Err() == nil {
	}
	return &testResult{Output: j.Name}, ctx.Err()
}

// testReference computes for about as long as the reference of an engine.
func testReference() error {
	for begin := computed(); computed() < begin+referenceTime; {
	}
	return nil
}

// guestArg makes the test's binary run as a guest's process.
const guestArg = "policy-guest"

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == guestArg {
		err := Serve(context.Background(), os.Stdin, os.Stdout, func() (Program[testWork, testResult], error) {
			return Program[testWork, testResult]{Engine: testEngine, Reference: testReference, Modules: 1}, nil
		})
		if err != nil {
			os.Stderr.WriteString(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func isolated(ctx context.Context) *exec.Cmd {
	return exec.CommandContext(ctx, "/proc/self/exe", guestArg)
}

// A job has the same answer in this process and in a separate process, and a job that
// computes too long is stopped there.
func TestPerform(t *testing.T) {
	t.Parallel()
	hosts := map[string]Host[testWork, testResult]{
		"here": InProcess[testWork, testResult]{Engine: testEngine}, "process": Process[testWork, testResult]{Command: isolated},
	}
	for name, h := range hosts {
		a, err := h.Perform(t.Context(), Job[testWork]{Do: Open, Name: "ours"})
		if err != nil || a.Result.Output != "ours" {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	_, err := hosts["process"].Perform(t.Context(), Job[testWork]{Do: Open, Name: "ours", Work: testWork{Spin: true}})
	if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), errBudget.Error()) {
		t.Errorf("a job without end: %v", err)
	}
}

// A panic of the engine is an error.
func TestPanic(t *testing.T) {
	t.Parallel()
	h := InProcess[testWork, testResult]{Engine: func(context.Context, Job[testWork], func(int)) (*testResult, error) { panic("oh") }}
	if _, err := h.Perform(t.Context(), Job[testWork]{}); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "crashed") {
		t.Errorf("error %v", err)
	}
}

// A guest's process stops when the process that started it was killed.
func TestOrphan(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("skipped: the system does not report what a process has computed")
	}
	raw, err := json.Marshal(Job[testWork]{Do: Test, Name: "evil", Work: testWork{Spin: true}})
	if err != nil {
		t.Fatal(err)
	}
	job := filepath.Join(t.TempDir(), "job")
	if err := os.WriteFile(job, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	answers, answer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer answers.Close()
	// The shell prints the process id of its child, and lives until its input ends.
	sh := exec.CommandContext(t.Context(), "sh", "-c", `"$0" `+guestArg+` <"$1" >&3 & exec 3>&-; echo $!; read x`, os.Args[0], job)
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
	_ = sh.Wait() // the status of the shell does not matter
}

// The bytes of a job earn a guest time, except those that come from the guest.
func TestFactsSize(t *testing.T) {
	t.Parallel()
	size := func(j Job[testWork]) int {
		raw, err := j.encode()
		if err != nil {
			t.Fatal(err)
		}
		return j.factsSize(len(raw))
	}
	small := size(Job[testWork]{Do: Decide, Name: "ours"})
	if got := size(Job[testWork]{Do: Decide, Name: "ours" + strings.Repeat("x", 1000)}) - small; got != 1000 {
		t.Errorf("a thousand bytes more count for %d", got)
	}
	if got := size(Job[testWork]{Do: Decide, Name: "ours", Work: testWork{Data: make([]byte, 2<<20)}}) - small; got > 100 {
		t.Errorf("the guest's own bytes count for %d", got)
	}
}

// The meter measures what is computed, relative to the machine, minus the credit.
func TestMeter(t *testing.T) {
	t.Parallel()
	pace, err := measurePace(testReference)
	if err != nil || pace < leastPace || pace > mostPace {
		t.Fatalf("pace %f, %v", pace, err)
	}
	m := &meter{pace: 4, start: computed() - 8*time.Second}
	if got := m.used(); got < 2*time.Second {
		t.Errorf("8 s at a fourth of the pace count for %s", got)
	}
	m.give(1000, time.Hour)
	if got := m.used(); got != 0 {
		t.Errorf("with credit, %s", got)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	m.credit.Store(0)
	m.watch(time.Second)(ctx, stop)
	if !errors.Is(context.Cause(ctx), errBudget) {
		t.Errorf("cause %v", context.Cause(ctx))
	}
}

// The documents agree with the figures of the budget.
func TestBudgetDocs(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"../../SECURITY.md": {"a second of computing", fmt.Sprintf("%d MiB", guestMemory>>20)},
		"../../docs/policies.md": {"compute for one second", fmt.Sprintf("write to %d MiB", guestMemory>>20),
			fmt.Sprintf("more than %d MiB", maxAnswer>>20), "a minute"},
	} {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(strings.Join(strings.Fields(string(raw)), " "), w) {
				t.Errorf("%s does not say %q", file, w)
			}
		}
	}
	if guestTime != time.Second || hang != time.Minute {
		t.Error("guestTime or hang has changed: correct the documents, and this test")
	}
}

// An answer that was complete before the guest had to be stopped is used.
func TestAnswerAtTheLastMoment(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancelCause(context.Background())
	stop(errHang)
	j := Job[testWork]{Do: Decide, Name: "ours"}
	if a, err := result[testWork, testResult](ctx, j, []byte(`{"answer": {"result": {"output": "whole"}}}`), "", nil); err != nil || a.Result.Output != "whole" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := result[testWork, testResult](ctx, j, nil, "", errors.New("signal: killed")); !errors.Is(err, errHang) {
		t.Errorf("a guest that was killed: %v", err)
	}
	if _, err := result[testWork, testResult](context.Background(), j, []byte("{}"), "", nil); !errors.Is(err, errCrashed) {
		t.Errorf("neither an answer nor an error: %v", err)
	}
}

// The Go runtime has several messages for having no memory left. Each of them means
// that a rule uses too much memory.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	for _, trouble := range []string{
		"fatal error: runtime: out of memory", "fatal error: out of memory", "fatal error: runtime: cannot allocate memory",
		"fatal error: cannot allocate heap metadata", "fatal error: runtime: cannot map pages in arena address space",
		"runtime/cgo: pthread_create failed: Resource temporarily unavailable", "runtime: failed to create new OS thread (have 9 already; errno=11)",
	} {
		_, err := result[testWork, testResult](context.Background(), Job[testWork]{Name: "ours"}, nil, trouble+"\n\ngoroutine 1 [running]:\n", errors.New("exit status 2"))
		if !errors.Is(err, errMemory) {
			t.Errorf("%q: %v", trouble, err)
		}
	}
	_, err := result[testWork, testResult](context.Background(), Job[testWork]{Name: "ours"}, nil, "panic: oh", errors.New("exit status 2"))
	if errors.Is(err, errMemory) || !errors.Is(err, errCrashed) {
		t.Errorf("another panic: %v", err)
	}
}
