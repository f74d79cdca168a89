package guest

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// lockedBuilder can be written by one goroutine and read by another.
type lockedBuilder struct {
	mu sync.Mutex
	b  strings.Builder
}

func (b *lockedBuilder) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuilder) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// clock is an uptime that a test can set.
type clock struct{ now time.Duration }

func (c *clock) uptime() time.Duration { return c.now }

func TestConsoleLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := NewConsole(&out, (&clock{420 * time.Millisecond}).uptime)
	c.Printf("onboot %s: ok (%.1f s)", "000-sysctl", 0.84)
	c.Printf("bad %s", "a\nb\x1b[2J")
	want := "[  0.42] seaworthy: onboot 000-sysctl: ok (0.8 s)\n[  0.42] seaworthy: bad a\\x0ab\\x1b[2J\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestAppendPrintable(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain\ttext é ✓": "plain\ttext é ✓", "\x1b]0;x\x07": `\x1b]0;x\x07`, "a\rb": `a\x0db`, "\x7f": `\x7f`,
		"\u0085": `\xc2\x85`, "\xff\xfe": `\xff\xfe`, "a\u202eb": `a\xe2\x80\xaeb`, "\x00": `\x00`,
	} {
		if got := string(appendPrintable(nil, []byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// A container cannot print a line that looks like a line of init.
func TestContainerLines(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := NewConsole(&out, (&clock{}).uptime).container("web")
	for _, p := range []string{"one\ntw", "o\r\n", "\n[  0.00] seaworthy: boot failed: x\n", "end"} {
		l.Write([]byte(p))
	}
	l.Close()
	want := "[  0.00] web | one\n[  0.00] web | two\n[  0.00] web | \n[  0.00] web | [  0.00] seaworthy: boot failed: x\n[  0.00] web | end\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}

func TestContainerLongLine(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	l := NewConsole(&out, (&clock{}).uptime).container("web")
	l.Write([]byte(strings.Repeat("x", 2*maxLine) + "\ny\n"))
	if got := strings.Count(out.String(), "\n"); got != 3 {
		t.Errorf("%d lines: %q", got, out.String())
	}
}

func TestContainerFlood(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	c := &clock{}
	l := NewConsole(&out, c.uptime).container("web")
	l.Write([]byte(strings.Repeat("flood\n", burstLines+500)))
	if got := strings.Count(out.String(), "flood"); got != burstLines {
		t.Errorf("%d lines came through", got)
	}
	c.now += 10 * linesEach
	l.Write([]byte("after\n"))
	if !strings.Contains(out.String(), "seaworthy: web: 500 lines not shown here; the log has more\n") || !strings.HasSuffix(out.String(), "web | after\n") {
		t.Errorf("got ...%q", out.String()[out.Len()-200:])
	}
}

func TestLogFileIsBounded(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "web.log")
	l := &logFile{path: path, max: 100}
	for range 50 {
		l.Write([]byte("0123456789"))
	}
	l.Close()
	for _, p := range []string{path, path + ".old"} {
		st, err := os.Stat(p)
		if err != nil || st.Size() == 0 || st.Size() > 100 {
			t.Errorf("%s: %v, %v", p, st, err)
		}
	}
	// A new logFile continues the existing file.
	l = &logFile{path: path, max: 1000}
	l.Write([]byte("more"))
	l.Close()
	if b, _ := os.ReadFile(path); !strings.HasSuffix(string(b), "9more") {
		t.Errorf("log %q", b)
	}
	// A log that cannot be written must not be an error.
	if n, err := newLogFile(filepath.Join(path, "x")).Write([]byte("lost")); n != 4 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	b, err := newBackoff(nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 32 * time.Second, 60 * time.Second, 60 * time.Second}
	for i, w := range want {
		if d, stop := b.next(time.Second, true); d != w || stop != "" {
			t.Errorf("restart %d: %v, %q; want %v", i, d, stop, w)
		}
	}
	// After a long run, the delays start again from the first one.
	if d, _ := b.next(backoffReset, true); d != backoffFirst {
		t.Errorf("after a long run: %v", d)
	}
	for range 1000 { // there is no overflow, even after many restarts
		if d, _ := b.next(0, true); d <= 0 || d > backoffMax {
			t.Fatalf("delay %v", d)
		}
	}
}

func TestBackoffPolicies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		policy string
		failed bool
		again  bool
	}{{"always", true, true}, {"always", false, true}, {"on-failure", true, true}, {"on-failure", false, false}, {"never", true, false}, {"never", false, false}} {
		b, err := newBackoff(map[string]string{annotationRestart: c.policy})
		if err != nil {
			t.Fatal(err)
		}
		if _, stop := b.next(0, c.failed); (stop == "") != c.again {
			t.Errorf("%+v: %q", c, stop)
		}
	}
	b, _ := newBackoff(map[string]string{annotationLimit: "2"})
	b.next(0, true)
	b.next(0, true)
	if _, stop := b.next(0, true); stop != "restarted 2 times, which is the limit" {
		t.Errorf("limit: %q", stop)
	}
	// After a long run, the service has all its restarts again.
	if _, stop := b.next(backoffReset, true); stop != "" {
		t.Errorf("after a long run: %q", stop)
	}
	for _, a := range []map[string]string{{annotationRestart: "sometimes"}, {annotationLimit: "-1"}, {annotationLimit: "x"}} {
		if _, err := newBackoff(a); err == nil {
			t.Errorf("%v: accepted", a)
		}
	}
}

func FuzzContainerLines(f *testing.F) {
	f.Add("a\n\x1b[2Jb\r\n", "c")
	f.Fuzz(func(t *testing.T, a, b string) {
		var out strings.Builder
		l := NewConsole(&out, (&clock{}).uptime).container("web")
		l.Write([]byte(a))
		l.Write([]byte(b))
		l.Close()
		for line := range strings.Lines(out.String()) {
			ok := strings.HasPrefix(line, "[  0.00] web | ") || strings.HasPrefix(line, "[  0.00] seaworthy: web: ")
			if !ok || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 }) {
				t.Fatalf("line %q", line)
			}
		}
	})
}
