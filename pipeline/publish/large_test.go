package publish_test

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// Push, pull and copy need no more memory for a large image than for a small one. All
// bytes that are allocated count, also those of the registry and of the seal: memory
// that is freed early is not hidden, and the number does not depend on the machine.
func TestLargeImage(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: writes a gigabyte")
	}
	const small, large = 1 << 20, 256 << 20
	// The buffers of a few requests. An image that is read into memory needs more.
	const most = 16 << 20
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	var before [3]uint64
	for i, size := range []int64{small, large} {
		steps := transfers(t, size)
		for step, allocated := range steps {
			t.Logf("%d MiB, step %d: %d KiB allocated", size>>20, step, allocated>>10)
			if i > 0 && allocated > before[step]+most {
				t.Errorf("step %d allocates %d MiB for an image of %d MiB, and %d MiB for one of %d MiB", step, allocated>>20, size>>20, before[step]>>20, int64(small)>>20)
			}
		}
		before = steps
	}
}

// transfers seals an image with an initrd of this size, and returns how many bytes are
// allocated to push it, to pull it, and to copy it to an archive.
func transfers(t *testing.T, size int64) (allocated [3]uint64) {
	t.Helper()
	front := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(t.TempDir()))))
	defer front.Close()
	reference := strings.TrimPrefix(front.URL, "http://") + "/os:1"

	dir, parent := filepath.Join(t.TempDir(), "os"), t.TempDir()
	signer, key := sealtest.SignerWithKey(t)
	in := sealtest.New("os").Write(t, dir)
	// A file without blocks: it is as large as a real one for all that read it.
	if err := os.Truncate(filepath.Join(dir, "os-initrd.img"), size); err != nil {
		t.Fatal(err)
	}
	if err := attest.Seal(t.Context(), in, signer); err != nil {
		t.Fatal(err)
	}
	got := filepath.Join(parent, "got")
	for i, step := range []func() error{
		func() error { _, err := publish.Push(t.Context(), dir, reference, publish.Options{}); return err },
		func() error {
			return publish.Pull(t.Context(), reference, got, publish.Options{}, verifierOf(t, key.Public()))
		},
		func() error {
			_, err := publish.Copy(t.Context(), reference, filepath.Join(parent, "os.tar"), publish.Options{})
			return err
		},
	} {
		var a, b runtime.MemStats
		runtime.ReadMemStats(&a)
		if err := step(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&b)
		allocated[i] = b.TotalAlloc - a.TotalAlloc
	}
	if info, err := os.Stat(filepath.Join(got, "os-initrd.img")); err != nil || info.Size() != size {
		t.Errorf("pulled %v, %v", info, err)
	}
	return allocated
}
