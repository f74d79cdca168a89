package attest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A file that cannot be linked is copied, and only if its digest matches its
// name.
func TestCopyBlob(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	digest, _, err := digestOf(strings.NewReader("x"))
	if err != nil {
		t.Fatal(err)
	}
	name := strings.TrimPrefix(digest, "sha256:")
	if err := copyBlob(root, "x", name); err != nil {
		t.Fatal(err)
	}
	if raw, err := root.ReadFile(name); err != nil || string(raw) != "x" {
		t.Errorf("copy is %q, %v", raw, err)
	}
	if err := copyBlob(root, "x", name); err == nil {
		t.Error("a blob was replaced")
	}
	if err := copyBlob(root, "x", strings.Repeat("0", 64)); err == nil || !strings.Contains(err.Error(), "changed") {
		t.Errorf("copied under another digest: %v", err)
	}
}
