package pipeline

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

const sample = `{"schemaVersion": 1, "system": {"name": "os"}}`

func fill(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// A build replaces the output of a build, but never a user's files.
func TestReplaceable(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		there map[string]string
		ok    bool
	}{
		"nothing":         {nil, true},
		"an output":       {map[string]string{"decision.json": sample, "report.html": "", "os-kernel": "", "os.tar": "", "sbom/os.spdx.json": "", "oci/index.json": ""}, true},
		"a user folder":   {map[string]string{"precious": ""}, false},
		"a project":       {map[string]string{"decision.json": sample, "os.yml": ""}, false},
		"another's image": {map[string]string{"decision.json": sample, "backup.tar": ""}, false},
		"an old decision": {map[string]string{"decision.json": "{}", "report.html": ""}, false},
	} {
		for _, suffix := range []string{"", ".denied"} {
			target := filepath.Join(t.TempDir(), "os")
			fill(t, target+suffix, c.there)
			err := replaceable(target)
			if c.ok != (err == nil) || err != nil && !errors.Is(err, system.ErrInput) {
				t.Errorf("%s%s: %v", name, suffix, err)
			}
		}
	}
}

// An empty name would be the working folder, and a file is not a folder.
func TestPlaceNowhere(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{"", file, file + "/os"} {
		err := Place(target, func(string) error { t.Errorf("%q: something was written", target); return nil })
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "output folder") {
			t.Errorf("%q: %v", target, err)
		}
	}
	if _, err := newOutput(""); err == nil {
		t.Error("the working folder is an output folder")
	}
	if raw, err := os.ReadFile(file); err != nil || string(raw) != "precious" {
		t.Errorf("the file has %q, %v", raw, err)
	}
}

// TestFormatsFilesAreKnown checks that replaceable knows every file that a format
// writes.
func TestFormatsFilesAreKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string]string{}
	for _, name := range image.Files("os") { // image.TestFormatTable compares them with what is written
		files[name] = "x"
	}
	fill(t, dir, files)
	fill(t, dir, map[string]string{"decision.json": sample})
	if err := replaceable(dir); err != nil {
		t.Error(err)
	}
}

// A killed build leaves a folder. The next build removes it, but not the folder of a
// running build.
func TestSweep(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	target := filepath.Join(parent, "os")
	running, err := newOutput(target)
	if err != nil {
		t.Fatal(err)
	}
	defer running.discard()
	killed := filepath.Join(parent, ".os.tmp-1")
	fill(t, killed, map[string]string{"os.tar": "half"})
	old := time.Now().Add(-time.Hour)
	for _, dir := range []string{running.dir, killed} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	o, err := newOutput(target)
	if err != nil {
		t.Fatal(err)
	}
	defer o.discard()
	if _, err := os.Stat(running.dir); err != nil {
		t.Errorf("the folder of the running build: %v", err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the killed build still exists: %v", err)
	}
}

// The new output replaces the old one as a whole, and no other file is left.
func TestCommit(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	target := filepath.Join(parent, "os")
	fill(t, target, map[string]string{"decision.json": sample, "os.tar": "old"})
	fill(t, target+".denied", map[string]string{"decision.json": sample})
	o, err := newOutput(target)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, o.dir, map[string]string{"decision.json": sample, "sbom/os.spdx.json": "new"})
	if _, err := o.commit(); err != nil {
		t.Fatal(err)
	}
	o.discard()
	var got []string
	err = filepath.WalkDir(parent, func(path string, _ os.DirEntry, err error) error {
		got = append(got, strings.TrimPrefix(path, parent))
		return err
	})
	if want := " /os /os/decision.json /os/sbom /os/sbom/os.spdx.json"; err != nil || strings.Join(got, " ") != want {
		t.Errorf("left %q, %v", got, err)
	}
}
