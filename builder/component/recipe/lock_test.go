package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestLock(t *testing.T) {
	t.Parallel()
	a := debianArchive(t)
	dir, layout := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(toolRecipe), 0o644); err != nil {
		t.Fatal(err)
	}
	in := func(o *Options) { o.Dir = dir }
	locked := func(o *Options) { o.Dir, o.Locked = dir, true }

	if _, err := tryBuild(t, a, layout, "", locked); !errors.Is(err, system.ErrInput) {
		t.Errorf("no lock: %v", err)
	}
	first, err := tryBuild(t, a, layout, "", in, func(o *Options) { o.WriteLock = true })
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, LockName))
	if err != nil || !strings.Contains(string(text), a.packages["libtool5"].SHA256) || strings.Contains(string(text), "debconf") {
		t.Fatalf("%s %v", text, err)
	}
	again, err := tryBuild(t, a, layout, "", locked)
	if err != nil || again.Digest != first.Digest {
		t.Errorf("locked: %v, %v", again, err)
	}

	// The archive has removed the locked version.
	a.add(t, "libtool5", "5.2", "")
	if _, err := tryBuild(t, a, layout, "", locked); !errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), "libtool5=5.1") {
		t.Errorf("dropped version: %v", err)
	}
	// The same version has other bytes.
	a.add(t, "libtool5", "5.1", "", tarEntry{name: "./evil"})
	if _, err := tryBuild(t, a, layout, "", locked); !errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), "package libtool5: the lock has 5.1") {
		t.Errorf("other bytes: %v", err)
	}
	// The recipe has an additional package.
	more := strings.Replace(toolRecipe, "packages: [tool]", "packages: [tool, deep]", 1)
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(more), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := tryBuild(t, a, layout, "", locked); !errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), "deep is not in the lock") {
		t.Errorf("new package: %v", err)
	}
}

func FuzzParseLock(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":1,"component":"x","architectures":{"amd64":[{"name":"aa","version":"1","architecture":"all","size":1,"sha256":"` + strings.Repeat("0", 64) + `"}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseLock(data)
		if err != nil {
			return
		}
		for _, ps := range l.Architectures {
			for _, p := range ps {
				if strings.HasPrefix(p.Name, "-") || strings.ContainsAny(p.Name+p.Version, " \n/") {
					t.Fatalf("%+v", p)
				}
			}
		}
	})
}
