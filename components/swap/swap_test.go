//go:build linux

package swap

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/block"
)

func TestParseSize(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int64{"512M": 512 << 20, "2g": 2 << 30, "40960": 40960, "40K": 40960, "39K": 0, "": 0, "-1G": 0, "1T": 0, "99999999G": 0, "x": 0} {
		got, err := parseSize(s)
		if got != want || (err == nil) != (want != 0) {
			t.Errorf("%q: %d, %v", s, got, err)
		}
	}
}

// The header is that of mkswap.
func TestHeader(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("mkswap")
	if err != nil {
		path = "/usr/sbin/mkswap"
	}
	name := filepath.Join(t.TempDir(), "swap")
	if err := os.WriteFile(name, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(path, "-U", "6e4a7d1c-0f3b-4c5d-9e8f-a1b2c3d4e5f6", name).CombinedOutput(); err != nil {
		t.Skipf("skipped: mkswap: %v: %s", err, out)
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	got := header(1<<20, [16]byte{0x6e, 0x4a, 0x7d, 0x1c, 0x0f, 0x3b, 0x4c, 0x5d, 0x9e, 0x8f, 0xa1, 0xb2, 0xc3, 0xd4, 0xe5, 0xf6})
	if !bytes.Equal(got, want[:pageSize]) {
		t.Error("the header differs")
	}
}

func TestFile(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "a", "swap")
	if err := file(name, "1M"); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || st.Size() != 1<<20 || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	c, err := block.Identify(f)
	if err != nil || c.Type != "swap" || len(c.UUID) != 36 {
		t.Errorf("%+v, %v", c, err)
	}
	// It is used again, and others lose their access.
	if err := os.Chmod(name, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := file(name, ""); err != nil {
		t.Fatal(err)
	}
	if st, err = os.Stat(name); err != nil || st.Mode() != 0o600 {
		t.Errorf("%v, %v", st, err)
	}
	if err := file(filepath.Dir(name), "1M"); err == nil {
		t.Error("a folder was accepted")
	}
}
