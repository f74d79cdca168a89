package boot

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// QEMU gets a copy of the verified bytes, and the copy cannot change.
func TestPrivate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "os-kernel")
	if err := os.WriteFile(path, []byte("kernel"), 0o644); err != nil {
		t.Fatal(err)
	}
	from, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	digest := fmt.Sprintf("sha256:%x", sha256.Sum256([]byte("kernel")))
	f, err := Private("os-kernel", digest, from)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// The same file is rewritten in place.
	if err := os.WriteFile(path, []byte("evil!!"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != "kernel" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := f.WriteAt([]byte("x"), 0); err == nil {
		t.Error("the copy can be changed")
	}
	if err := f.Truncate(0); err == nil {
		t.Error("the copy can be cut")
	}
	if f, err := Private("os-kernel", digest, from); !errors.Is(err, system.ErrMismatch) {
		f.Close()
		t.Errorf("a file that changed: %v", err)
	}
}
