//go:build linux

package logrotate

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRepeat(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	runs, state := 0, filepath.Join(t.TempDir(), "status")
	if err := os.WriteFile(state, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := repeater{state: state, every: time.Millisecond, run: func(_ context.Context, args ...string) (string, error) {
		switch runs++; runs {
		case 1:
			return "", errors.New("no room")
		case 2:
			return "a warning", nil
		case 4:
			stop()
		}
		return "", nil
	}}
	var out bytes.Buffer
	if err := r.repeat(ctx, &out, nil); err != nil || runs != 4 || out.String() != "no room\na warning\n" {
		t.Errorf("%d runs, printed %q: %v", runs, out.String(), err)
	}
	if st, err := os.Stat(state); err != nil || st.Mode() != 0o644 {
		t.Errorf("%v, %v", st, err)
	}
	r.every, runs = 0, 0
	if err := r.repeat(t.Context(), &out, nil); err == nil || err.Error() != "no room" || runs != 1 {
		t.Errorf("%d runs: %v", runs, err)
	}
	if err := r.repeat(t.Context(), &out, []string{"x"}); err == nil || !strings.Contains(err.Error(), "no other arguments") {
		t.Error(err)
	}
}
