package image

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A small initrd has the same contents as another one, after the microcode if there is
// some, and always the same bytes.
func TestSmallInitrd(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("xz"); err != nil {
		t.Skip("xz is not installed")
	}
	for name, microcode := range map[string]string{"without microcode": "", "with microcode": "070701microcode"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			small, again := smallInitrd(t, true, microcode), smallInitrd(t, true, microcode)
			if !bytes.Equal(small, again) {
				t.Error("other bytes the second time")
			}
			rest, ok := bytes.CutPrefix(small, []byte(microcode))
			if !ok {
				t.Fatalf("begins with %q", small[:min(20, len(small))])
			}
			large, ok := bytes.CutPrefix(smallInitrd(t, false, microcode), []byte(microcode))
			if !ok {
				t.Fatal("the other initrd has no microcode")
			}
			if got, want := unXZ(t, rest), unzstd(t, large); !bytes.Equal(got, want) {
				t.Errorf("%d bytes in xz, %d in zstd", len(got), len(want))
			}
		})
	}
}

func smallInitrd(t *testing.T, small bool, microcode string) []byte {
	t.Helper()
	dir := t.TempDir()
	set, err := New([]string{"kernel+initrd"}, Options{Dir: dir, Stem: "x", Time: time.Unix(0, 0), Small: small})
	if err != nil {
		t.Fatal(err)
	}
	put := func(path, content string) {
		t.Helper()
		w, err := set.Entry(&system.RootEntry{Entry: system.Entry{Path: path, Type: system.TypeFile, Mode: 0o644, Size: int64(len(content))}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	put("a", strings.Repeat("text ", 1000))
	if microcode != "" {
		put("boot/ucode.cpio", microcode)
	}
	put("boot/kernel", "kernel")
	if err := set.Kernel(Kernel{Zstd: true, Options: map[string]string{"CONFIG_RD_XZ": "y"}}); err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"one", "two"} {
		if taken, err := set.Part(part, part); taken || err != nil {
			t.Fatal(taken, err)
		}
		put(part, strings.Repeat("text ", 1000))
		if err := set.EndPart(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := set.Close(); err != nil {
		t.Fatal(err)
	}
	if n := len(set.Stretches()["x-initrd.img"]); small && n != 0 {
		t.Errorf("%d stretches: a small initrd has no parts", n)
	}
	b, err := os.ReadFile(filepath.Join(dir, "x-initrd.img"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unXZ(t *testing.T, b []byte) []byte {
	t.Helper()
	cmd := exec.Command("xz", "-dc")
	cmd.Stdin = bytes.NewReader(b)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSmallIsPossible(t *testing.T) {
	t.Parallel()
	tools := stubs(t)
	if err := os.WriteFile(filepath.Join(tools.Dirs[0], "xz"), nil, 0o700); err != nil {
		t.Fatal(err)
	}
	used, err := Require([]string{"kernel+initrd"}, "amd64", tools, true)
	if err != nil || len(used) != 1 || used[0].Name != "xz" {
		t.Errorf("%+v, %v", used, err)
	}
	if _, err := Require([]string{"tar"}, "amd64", stubs(t), true); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "no format has an initrd") {
		t.Errorf("%v", err)
	}
	for name, k := range map[string]Kernel{"unknown": {Zstd: true}, "no": {Options: map[string]string{"CONFIG_RD_ZSTD": "y"}}} {
		if err := canUnpackXZ(k); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "CONFIG_RD_XZ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
