package measure

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMedian(t *testing.T) {
	t.Parallel()
	got := Median([]Sample{{Wall: 3, CPU: 1, Peak: 9}, {Wall: 1, CPU: 2, Peak: 7}, {Wall: 2, CPU: 3, Peak: 8}})
	if want := (Sample{Wall: 2, CPU: 2, Peak: 8}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Median(nil); got != (Sample{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestCommand(t *testing.T) {
	t.Parallel()
	s, out, err := Command([]string{"WORD=hello"}, "sh", "-c", "echo $WORD")
	if err != nil || string(out) != "hello\n" {
		t.Fatalf("%q, %v", out, err)
	}
	if s.Wall <= 0 || s.Peak <= 0 {
		t.Errorf("nothing measured: %+v", s)
	}
	if _, _, err := Command(nil, "sh", "-c", "echo why >&2; exit 3"); err == nil || !strings.Contains(err.Error(), "why") {
		t.Errorf("a failed program: %v", err)
	}
}

func TestYardstick(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	blobs := filepath.Join(dir, "blobs", "sha256")
	if err := os.MkdirAll(blobs, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{"config": "{}", "empty": "", "one": "\x1f"} {
		if err := os.WriteFile(filepath.Join(blobs, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Yardstick(dir); err == nil {
		t.Error("a folder without layers gives a yardstick")
	}
	if err := os.WriteFile(filepath.Join(blobs, "layer"), []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), 0o644); err != nil {
		t.Fatal(err)
	}
	if y, err := Yardstick(dir); err != nil || y.Wall <= 0 {
		t.Errorf("%+v, %v", y, err)
	}
}

func TestSpan(t *testing.T) {
	t.Parallel()
	if s := Begin().End(); s.Wall <= 0 {
		t.Errorf("%+v", s)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	rows := []Row{{"seal", Sample{Wall: 500 * time.Millisecond, CPU: 2 * time.Second, Peak: 100 << 20}}, {"none", Sample{}}}
	if err := Table(&b, "step", rows, Sample{Wall: time.Second, CPU: 8 * time.Second}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"500 ms", "2.00 s", "100 MiB", "0.50", "0.25"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
