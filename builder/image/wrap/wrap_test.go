package wrap

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
)

var day = time.Date(2026, 11, 30, 0, 0, 0, 0, time.UTC)

// wrappers by the name that qemu-img has for each format.
var wrappers = map[string]func(Disk) (*extents.File, error){
	"qcow2":         QCOW2,
	"vpc":           func(d Disk) (*extents.File, error) { return VHD(d, day) },
	"vpc (dynamic)": func(d Disk) (*extents.File, error) { return DynamicVHD(d, day) },
	"vmdk":          func(d Disk) (*extents.File, error) { return VMDK(d, "os.vmdk") },
}

// sparse makes a disk with some data in it.
func sparse(t *testing.T, size int64, pieces int) (*os.File, Disk) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "raw.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(uint64(size), 1))
	for range pieces {
		b := make([]byte, min(1+r.Int64N(200<<10), size))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if _, err := f.WriteAt(b, r.Int64N(size-int64(len(b))+1)); err != nil {
			t.Fatal(err)
		}
	}
	return f, Disk{f, size}
}

// write writes a wrapped disk into a file.
func write(t *testing.T, wrap func(Disk) (*extents.File, error), d Disk) *os.File {
	t.Helper()
	described, err := wrap(d)
	if err != nil {
		t.Fatal(err)
	}
	out := create(t)
	if err := described.WriteInto(out); err != nil {
		t.Fatal(err)
	}
	return out
}

func create(t *testing.T) *os.File {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out.img"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { out.Close() })
	return out
}

// QEMU finds no mistake in a wrapped disk, and the same content as in the raw one.
// The sizes lie on both sides of what one table describes.
func TestQEMUReadsThem(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed (Debian package qemu-utils)")
	}
	for name, wrap := range wrappers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			format, _, _ := strings.Cut(name, " ")
			for size, pieces := range map[int64]int{512: 1, 35 << 20: 40, 35<<20 + 512: 0, 600 << 20: 30, 5 << 30: 20} {
				raw, d := sparse(t, size, pieces)
				out := write(t, wrap, d)
				if format == "qcow2" { // qemu-img checks no other of these
					if text, err := exec.Command("qemu-img", "check", "-f", format, out.Name()).CombinedOutput(); err != nil {
						t.Errorf("%d bytes: %v\n%s", size, err, text)
					}
				}
				text, err := exec.Command("qemu-img", "compare", "-f", "raw", "-F", format, raw.Name(), out.Name()).CombinedOutput()
				if err != nil || !strings.Contains(string(text), "identical") {
					t.Errorf("%d bytes: %v\n%s", size, err, text)
				}
				if info, _ := out.Stat(); name != "vpc" && info.Size() > int64(pieces)*3*vhdBlock+4<<20 {
					t.Errorf("%d bytes of disk take %d bytes", size, info.Size())
				}
			}
		})
	}
}

// GNU tar and gzip read a disk for Google's cloud: it has the content of the raw one, filled
// up with zeros. Holes and written zeros give equal bytes.
func TestGCP(t *testing.T) {
	t.Parallel()
	raw, d := sparse(t, 35<<20+512, 40)
	gcp := func(d Disk) *os.File {
		out := create(t)
		if err := GCP(out, d, day); err != nil {
			t.Fatal(err)
		}
		return out
	}
	out := gcp(d)
	content := exec.Command("tar", "-xzOf", out.Name(), "disk.raw")
	pipe, err := content.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := content.Start(); err != nil {
		t.Fatal(err)
	}
	if n, err := equalStart(pipe, raw); err != nil || n != gcpUnit {
		t.Errorf("%d bytes, want %d (%v)", n, gcpUnit, err)
	}
	if err := content.Wait(); err != nil {
		t.Error(err)
	}
	dense := gcp(Disk{struct{ io.ReaderAt }{raw}, d.Size}) // not known as a file with holes
	if a, b := readFile(t, out.Name()), readFile(t, dense.Name()); !bytes.Equal(a, b) {
		t.Errorf("a disk with holes gives %d bytes, one without %d", len(a), len(b))
	}
}

// equalStart returns the length of long, and an error unless long starts with the content of
// short, and has only zeros after it.
func equalStart(long io.Reader, short *os.File) (size int64, err error) {
	a, b := make([]byte, 1<<20), make([]byte, 1<<20)
	for {
		n, err := io.ReadFull(long, a)
		clear(b)
		if _, err := short.ReadAt(b, size); err != nil && !errors.Is(err, io.EOF) {
			return size, err
		}
		if !bytes.Equal(a[:n], b[:n]) {
			return size, fmt.Errorf("different after byte %d", size)
		}
		size += int64(n)
		switch {
		case errors.Is(err, io.EOF):
			return size, nil
		case err != nil:
			return size, err
		}
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Equal disks give equal bytes; other content gives another identifier.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	for name, wrap := range wrappers {
		raw, d := sparse(t, 5<<20, 5)
		sum := func() [32]byte {
			b, err := os.ReadFile(write(t, wrap, d).Name())
			if err != nil {
				t.Fatal(err)
			}
			return sha256.Sum256(b[len(b)-512:])
		}
		a, b := sum(), sum()
		if _, err := raw.WriteAt([]byte("x"), 0); err != nil {
			t.Fatal(err)
		}
		if c := sum(); a != b || (c == a && strings.HasPrefix(name, "vpc")) {
			t.Errorf("%s: %x %x, and after a change %x", name, a, b, c)
		}
	}
}

func TestBadDisks(t *testing.T) {
	t.Parallel()
	for name, wrap := range wrappers {
		for want, d := range map[string]Disk{"a disk of 0 bytes": {bytes.NewReader(nil), 0}, "a disk of 513 bytes": {bytes.NewReader(nil), 513},
			"cannot be read at byte 0": {bytes.NewReader(make([]byte, 511)), 512}} {
			if _, err := wrap(d); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}

// A copy has the same content, and its holes take no room either.
func TestCopyFile(t *testing.T) {
	t.Parallel()
	for size, pieces := range map[int64]int{0: 0, 512: 1, 100 << 20: 5, 600 << 20: 3} {
		from, err := os.Create(filepath.Join(t.TempDir(), "from"))
		if err != nil {
			t.Fatal(err)
		}
		if size > 0 {
			from.Close()
			from, _ = sparse(t, size, pieces)
		}
		to, err := os.Create(filepath.Join(t.TempDir(), "to"))
		if err != nil {
			t.Fatal(err)
		}
		if n, err := CopyFile(to, from); err != nil || n != size {
			t.Errorf("%d bytes: copied %d, %v", size, n, err)
		}
		// The places with data are the same, and so is the data.
		a, b := Disk{from, size}, Disk{to, size}
		for at := int64(0); at < size; {
			begin := a.nextData(at)
			if got := b.nextData(at); got < begin || begin == size && got != size {
				t.Errorf("%d bytes: data at %d, want %d", size, got, begin)
			}
			if at = min(a.nextHole(begin), size); begin == size {
				break
			}
			x, y := make([]byte, at-begin), make([]byte, at-begin)
			if _, err := from.ReadAt(x, begin); err != nil {
				t.Fatal(err)
			}
			if _, err := to.ReadAt(y, begin); err != nil || !bytes.Equal(x, y) {
				t.Errorf("%d bytes: other content from %d to %d (%v)", size, begin, at, err)
			}
		}
		if err := to.Close(); err != nil {
			t.Error(err)
		}
	}
}
