package unwrap

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
	"github.com/seaworthy-os/seaworthy/builder/image/wrap"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// disk is a disk with holes: data at some places, and a size that is not a
// multiple of any block.
func disk() []byte {
	b := make([]byte, 9<<20+512*3)
	r := rand.New(rand.NewPCG(1, 2))
	for _, at := range []int{0, 70000, 2<<20 - 100, 5 << 20, len(b) - 4096} {
		for i := range 4096 {
			b[at+i] = byte(r.Uint32())
		}
	}
	return b
}

func compare(t *testing.T, d *Disk, want []byte) {
	t.Helper()
	if d.Size < int64(len(want)) {
		t.Fatalf("%d bytes, want %d", d.Size, len(want))
	}
	got := make([]byte, len(want))
	if n, err := d.ReadAt(got, 0); n != len(want) {
		t.Fatal(n, err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the whole disk differs")
	}
	part := make([]byte, 100001)
	if _, err := d.ReadAt(part, 65000); err != nil || !bytes.Equal(part, want[65000:65000+len(part)]) {
		t.Errorf("a part of the disk differs (%v)", err)
	}
	if n, err := d.ReadAt(part, d.Size-10); n != 10 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
}

func TestOurImages(t *testing.T) {
	t.Parallel()
	raw := disk()
	in := wrap.Disk{ReaderAt: bytes.NewReader(raw), Size: int64(len(raw))}
	for name, describe := range map[string]func() (*extents.File, error){
		"qcow2/version 3":       func() (*extents.File, error) { return wrap.QCOW2(in) },
		"vhd/fixed":             func() (*extents.File, error) { return wrap.VHD(in, time.Unix(0, 0)) },
		"vhd/dynamic":           func() (*extents.File, error) { return wrap.DynamicVHD(in, time.Unix(0, 0)) },
		"vmdk/monolithicSparse": func() (*extents.File, error) { return wrap.VMDK(in, "x.vmdk") },
	} {
		f, err := describe()
		if err != nil {
			t.Fatal(err)
		}
		d, err := Open(f, f.Size())
		if err != nil {
			t.Fatal(name, err)
		}
		if d.Format+"/"+d.Variant != name {
			t.Errorf("%s/%s, want %s", d.Format, d.Variant, name)
		}
		compare(t, d, raw)
	}
}

func open(f *os.File) (*Disk, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return Open(f, info.Size())
}

// qemuImage writes the disk with QEMU's tool. It skips the test without it.
func qemuImage(t *testing.T, raw []byte, args ...string) *os.File {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not installed (Debian package qemu-utils)")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "raw"), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("qemu-img", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	f, err := os.Open(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestQEMUImages(t *testing.T) {
	t.Parallel()
	raw := disk()
	for name, options := range map[string]string{
		"qcow2/version 3": "-Oqcow2 -ocluster_size=512", "qcow2/version 2": "-Oqcow2 -ocompat=0.10",
		"vhd/dynamic": "-Ovpc -oforce_size=on", "vhd/fixed": "-Ovpc -osubformat=fixed,force_size=on",
		"vmdk/monolithicSparse": "-Ovmdk",
	} {
		args := append([]string{"convert", "-fraw"}, strings.Fields(options)...)
		d, err := open(qemuImage(t, raw, append(args, "raw", "out")...))
		if err != nil || d.Format+"/"+d.Variant != name {
			t.Fatalf("%s: %+v, %v", name, d, err)
		}
		compare(t, d, raw)
	}
}

// What is not read is said clearly, and what is known of the disk is given.
func TestRefused(t *testing.T) {
	t.Parallel()
	raw := disk()
	for name, c := range map[string]struct{ args, want string }{
		"compressed qcow2": {"convert -c -fraw -Oqcow2 raw out", "its clusters are compressed"},
		"compressed vmdk":  {"convert -fraw -Ovmdk -osubformat=streamOptimized raw out", "its grains are compressed"},
		"backing file":     {"create -fqcow2 -Fraw -braw out", "it has a backing file"},
		"subclusters":      {"create -fqcow2 -oextended_l2=on out 9M", "it uses subclusters"},
		"external data":    {"create -fqcow2 -odata_file=d out 9M", "its data is in another file"},
		"description":      {"convert -fraw -Ovmdk -osubformat=monolithicFlat raw out", "the disk is in other files"},
		"vhdx":             {"convert -fraw -Ovhdx raw out", "only its header is understood"},
	} {
		d, err := open(qemuImage(t, raw, strings.Fields(c.args)...))
		if d == nil || name != "description" && d.Size < 9<<20 {
			t.Errorf("%s: %+v, %v", name, d, err)
			continue
		}
		if err == nil { // compression shows only where a cluster is read
			_, err = d.ReadAt(make([]byte, 10), 0)
		}
		var e *system.Error
		if !errors.As(err, &e) || !strings.Contains(err.Error(), c.want) || e.Next == "" {
			t.Errorf("%s: %v, want %q and a next step", name, err, c.want)
		}
	}
}

func TestEncrypted(t *testing.T) {
	t.Parallel()
	b := make([]byte, 1<<20)
	copy(b, "QFI\xfb\x00\x00\x00\x02")
	b[qcowClusterBits+3], b[qcowCrypt+3] = 16, 1
	if d, err := Open(bytes.NewReader(b), int64(len(b))); d == nil || d.ReaderAt != nil || err == nil || !strings.Contains(err.Error(), "it is encrypted") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestUnknown(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", "QFI", strings.Repeat("x", 2000)} {
		if d, err := Open(strings.NewReader(s), int64(len(s))); d != nil || !errors.Is(err, ErrUnknown) {
			t.Errorf("%v, %v", d, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	raw := make([]byte, 256<<10)
	raw[70000] = 1
	in := wrap.Disk{ReaderAt: bytes.NewReader(raw), Size: int64(len(raw))}
	for _, describe := range []func() (*extents.File, error){
		func() (*extents.File, error) { return wrap.QCOW2(in) },
		func() (*extents.File, error) { return wrap.DynamicVHD(in, time.Unix(0, 0)) },
		func() (*extents.File, error) { return wrap.VMDK(in, "x") },
	} {
		file, err := describe()
		if err != nil {
			f.Fatal(err)
		}
		b := make([]byte, min(file.Size(), 400<<10))
		if _, err := file.ReadAt(b, 0); err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte("vhdxfile"))
	f.Add([]byte("# Disk DescriptorFile\ncreateType=\"monolithicFlat\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Open(bytes.NewReader(b), int64(len(b)))
		if (d == nil || d.ReaderAt == nil) != (err != nil) {
			t.Fatalf("%+v, %v", d, err)
		}
		if err != nil {
			return
		}
		if d.Size < 0 {
			t.Fatal("negative size")
		}
		for _, at := range []int64{0, d.Size / 2, d.Size - 1} {
			if at >= 0 {
				_, _ = d.ReadAt(make([]byte, 70000), at) // must not panic
			}
		}
	})
}
