//go:build linux

package logflush

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := flusher{from: filepath.Join(dir, "log"), to: filepath.Join(dir, "disk"), keep: 2, max: 5,
		now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }}
	if err := errors.Join(os.MkdirAll(filepath.Join(f.from, "sub"), 0o755), os.WriteFile(filepath.Join(f.from, "a.log"), []byte("0123456789"), 0o644),
		os.WriteFile(filepath.Join(f.from, "sub", "b.log"), []byte("b"), 0o644), os.Symlink("/etc/passwd", filepath.Join(f.from, "link"))); err != nil {
		t.Fatal(err)
	}
	for _, old := range []string{"20240101T000000Z", "20250101T000000Z", "20230101T000000Z", "mine"} {
		if err := os.MkdirAll(filepath.Join(f.to, old, "x"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := f.run(t.Context(), &out, nil); err != nil {
		t.Fatal(err)
	}
	if want := ": 2 files, 6 bytes; removed 2 older folders\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%q", out.String())
	}
	b, err := os.ReadFile(filepath.Join(f.to, "20260102T030405Z", "a.log"))
	if string(b) != "56789" || err != nil { // the end of a large file
		t.Errorf("%q, %v", b, err)
	}
	var names []string
	entries, err := os.ReadDir(f.to)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != "20250101T000000Z 20260102T030405Z mine" {
		t.Errorf("%s", got)
	}
	if _, err := os.Lstat(filepath.Join(f.to, "20260102T030405Z", "link")); !errors.Is(err, os.ErrNotExist) {
		t.Error("the link was copied")
	}
	f.keep = 0
	if err := f.run(t.Context(), &out, nil); err == nil {
		t.Error("-keep 0 was accepted")
	}
}
