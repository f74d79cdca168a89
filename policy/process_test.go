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

// A process that does nothing is stopped in the end.
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
	_ = cmd.Wait() // it says that it was killed
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

// Built-in modules and facts earn a guest time; its own rules do not.
func TestCredit(t *testing.T) {
	t.Parallel()
	l, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, f := range l.modules {
		total += len(f.content)
	}
	own := &tree{
		modules: []file{{path: "OWN-001.rego", name: "OWN-001.rego", content: []byte(ruleFile("OWN-001", fires("OWN-001", "x := 1")))}},
	}
	adjusts := &tree{
		data:  []file{{path: "data/p.json", name: "data/p.json", content: []byte(`{"params": {"registries": ["docker.io/seaworthy"]}}`)}},
		packs: []file{{path: "packs/p.yaml", name: "packs/p.yaml", content: []byte("ours: {includes: strict}")}},
	}
	for name, c := range map[string]struct {
		t           *tree
		least, most int
	}{"own rules": {own, 0, 0}, "all built-in rules": {adjusts, total * 3 / 4, total}} {
		m := &meter{pace: 1}
		if _, err := l.metered(m).perform(t.Context(), jobOf(doOpen, "ours", "dir", "ours", c.t)); err != nil {
			t.Fatal(name, err)
		}
		if got := int(time.Duration(m.credit.Load()) / moduleCredit); got < c.least || got > c.most {
			t.Errorf("%s earn %d bytes, want %d to %d", name, got, c.least, c.most)
		}
	}

	size := func(j job) int {
		raw, err := json.Marshal(j)
		if err != nil {
			t.Fatal(err)
		}
		return j.factsSize(len(raw))
	}
	small := size(job{Do: doDecide, Facts: testFacts()})
	f := testFacts()
	for range 1000 {
		f.Components = append(f.Components, f.Components[0])
	}
	if large := size(job{Do: doDecide, Facts: f}); large < small+100_000 {
		t.Errorf("a system of %d bytes, and one of a thousand components more of %d", small, large)
	}
	long := []jobFile{{Path: "a.rego", Name: "a.rego", Content: make([]byte, 2<<20)}}
	if got := size(job{Do: doDecide, Facts: testFacts(), Tree: long}) - small; got > 100 {
		t.Errorf("a long rule counts for %d bytes of facts", got)
	}
}

// What is counted is what is computed, in the measure of the machine, and less
// the credit.
func TestMeter(t *testing.T) {
	t.Parallel()
	pace, err := measurePace()
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

// What documents say of the budget is what the figures are.
func TestBudgetDocs(t *testing.T) {
	t.Parallel()
	for file, want := range map[string][]string{
		"../SECURITY.md": {"a second of computing", fmt.Sprintf("%d MiB", guestMemory>>20)},
		"../docs/policies.md": {"compute for one second", fmt.Sprintf("write to %d MiB", guestMemory>>20),
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
		t.Error("guestTime or hang is another: correct the documents, and this test")
	}
}

// An answer that was whole before its guest was to be stopped is an answer.
func TestAnswerAtTheLastMoment(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancelCause(context.Background())
	stop(errHang)
	j := job{Do: doDecide, Name: "ours"}
	if a, err := j.result(ctx, []byte(`{"answer": {"output": "whole"}}`), "", nil); err != nil || a.Output != "whole" {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := j.result(ctx, nil, "", errors.New("signal: killed")); !errors.Is(err, errHang) {
		t.Errorf("a guest that was killed: %v", err)
	}
}

// The Go runtime has several words for having no memory left. A rule that wants
// too much is stopped for that reason, whichever of them it dies with.
func TestOutOfMemory(t *testing.T) {
	t.Parallel()
	for _, trouble := range []string{
		"fatal error: runtime: out of memory", "fatal error: out of memory", "fatal error: runtime: cannot allocate memory",
		"fatal error: cannot allocate heap metadata", "fatal error: runtime: cannot map pages in arena address space",
		"runtime/cgo: pthread_create failed: Resource temporarily unavailable", "runtime: failed to create new OS thread (have 9 already; errno=11)",
	} {
		_, err := job{Name: "ours"}.result(context.Background(), nil, trouble+"\n\ngoroutine 1 [running]:\n", errors.New("exit status 2"))
		if !errors.Is(err, errMemory) {
			t.Errorf("%q: %v", trouble, err)
		}
	}
	_, err := job{Name: "ours"}.result(context.Background(), nil, "panic: oh", errors.New("exit status 2"))
	if errors.Is(err, errMemory) || !errors.Is(err, errCrashed) {
		t.Errorf("another panic: %v", err)
	}
}
