package scanner

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// If a source changes between Resolve and the scan, the decision would cover
// other bytes than the build writes.
func TestSourceThatChanged(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "source")
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := system.File{Path: "etc/x", Type: system.TypeFile, Source: path, Size: 3,
		Digest: "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}
	if _, err := fileFacts(f); err != nil {
		t.Errorf("unchanged: %v", err)
	}
	if err := os.WriteFile(path, []byte("abd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := fileFacts(f); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("changed: %v", err)
	}
}
