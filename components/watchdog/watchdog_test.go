//go:build linux

package watchdog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fake is a watchdog that counts its food. It ends the test after some food, and makes
// the file of the check, or removes it, on the way.
type fake struct {
	fed    int
	onFeed func(n int)
	armed  time.Duration
	closed bool
}

func (f *fake) Arm(t time.Duration) (time.Duration, error) {
	if f.armed = t; t == 7*time.Second {
		return 0, errors.New("no")
	}
	return 3 * time.Millisecond, nil
}
func (f *fake) Feed() error  { f.fed++; f.onFeed(f.fed); return nil }
func (f *fake) Close() error { f.closed = true; return nil }

// printed calls f with each line that the program prints.
type printed func(line string)

func (p printed) Write(b []byte) (int, error) { p(string(b)); return len(b), nil }

func TestFeed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	state, checks := filepath.Join(dir, "state"), filepath.Join(dir, "checks")
	if err := errors.Join(os.WriteFile(state, []byte("good"), 0o644),
		os.WriteFile(checks, fmt.Appendf(nil, `[{"name": "db", "checks": [{"file": %q, "expect": "good"}]}]`, state), 0o644)); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	f := &fake{}
	var lines []string
	fedAtFailure := 0
	f.onFeed = func(n int) {
		switch n {
		case 2:
			if err := os.Remove(state); err != nil {
				t.Error(err)
			}
		case 4:
			stop()
		}
	}
	w := printed(func(line string) {
		lines = append(lines, line)
		if strings.Contains(line, "no food") { // the service is mended after a while
			fedAtFailure = f.fed
			time.AfterFunc(20*time.Millisecond, func() { _ = os.WriteFile(state, []byte("good"), 0o644) })
		}
	})
	c := feeder{open: func(string) (dog, error) { return f, nil }, checks: checks, timeout: time.Minute}
	if err := c.run(ctx, w, nil); err != nil {
		t.Fatal(err)
	}
	text := strings.Join(lines, "")
	if fedAtFailure != 2 || f.armed != time.Minute || !f.closed || !strings.Contains(text, "the watchdog gets no food: db: file "+state) ||
		!strings.Contains(text, "all services answer again") || strings.Count(text, "no food") != 1 {
		t.Errorf("fed %d times before the failure; %q", fedAtFailure, lines)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(text string) string {
		name := filepath.Join(dir, fmt.Sprintf("%x", text))
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, c := range []struct {
		checks  string
		timeout time.Duration
		want    string
	}{
		{file("[]"), time.Second, "3s to 24h"},
		{file("[]"), 7 * time.Second, "does not take a time of 7s: no"},
		{file("[]"), time.Minute, "softdog"},
		{file("{"), time.Minute, "unexpected end"},
		{file(`[{"name": "a", "checks": [{}]}]`), time.Minute, "a: a check needs one of"},
		{filepath.Join(dir, "missing"), time.Minute, filepath.Join(dir, "missing") + ": no such file"},
	} {
		f := feeder{open: func(string) (dog, error) { return &fake{}, nil }, checks: c.checks, timeout: c.timeout}
		if c.want == "softdog" {
			f.open = open
			f.device = filepath.Join(dir, "no-watchdog")
		}
		if err := f.run(t.Context(), &bytes.Buffer{}, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %q", err, c.want)
		}
	}
}
