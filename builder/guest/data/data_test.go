package data

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
)

const templateSize = 1 << 20

// dataDisk is a disk with two partitions, on a file that is room larger than the image.
func dataDisk(t *testing.T, room int64) (*os.File, int64) {
	t.Helper()
	parts := []disk.Partition{
		{Name: "EFI system", Type: disk.TypeESP, ID: disk.GUID("esp", nil), Size: 3 << 20},
		{Name: "root", Type: "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", ID: disk.GUID("root", nil), Size: 5<<20 + 512},
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	size := disk.Lay(parts)
	if err := errors.Join(disk.WriteGPT(f, size, disk.GUID("disk", nil), parts), f.Truncate(size+room)); err != nil {
		t.Fatal(err)
	}
	return f, size + room
}

func template() *bytes.Reader {
	b := make([]byte, templateSize)
	copy(b[1024:], "superblock")
	copy(b[10*Block:], "inodes")
	return bytes.NewReader(b)
}

func makeData(f Device, size int64) (Partition, bool, error) {
	return Open(f, 512, size, template(), templateSize, [16]byte{15: 7})
}

// A disk with room gets one data partition, and keeps it. Other tools accept the table.
func TestDataPartition(t *testing.T) {
	t.Parallel()
	f, size := dataDisk(t, 20<<20)
	p, made, err := makeData(f, size)
	if err != nil || !made || p.Number != 3 || p.Start != 10<<20 || p.End != size-1<<20 {
		t.Fatalf("%+v, %v, %v", p, made, err)
	}
	got := make([]byte, templateSize)
	want := make([]byte, templateSize)
	_, err = f.ReadAt(got, p.Start)
	_, err2 := template().ReadAt(want, 0)
	if err := errors.Join(err, err2); err != nil || !bytes.Equal(got, want) {
		t.Fatalf("the template was not written: %v", err)
	}
	if _, err := f.WriteAt([]byte("written later"), p.Start+100); err != nil {
		t.Fatal(err)
	}
	again, made, err := makeData(f, size)
	if err != nil || made || again != p {
		t.Errorf("%+v, %v, %v", again, made, err)
	}
	if _, err := f.ReadAt(got[:13], p.Start+100); err != nil || string(got[:13]) != "written later" {
		t.Errorf("the data was replaced: %q, %v", got[:13], err)
	}
	if program, err := exec.LookPath("sgdisk"); err != nil {
		t.Log("sgdisk is not installed: the table is not checked with it")
	} else if out, err := exec.Command(program, "-v", "-i", "3", f.Name()).CombinedOutput(); err != nil || !strings.Contains(string(out), "No problems found") ||
		!strings.Contains(string(out), "3B8F8425-20E0-4F3B-907F-1A25A76F98E8") || !strings.Contains(string(out), "Partition name: 'data'") {
		t.Errorf("%v\n%s", err, out)
	}
}

// stopAfter fails at its n-th write, as a machine that loses power.
type stopAfter struct {
	*os.File
	n int
}

var errPower = errors.New("no power")

func (s *stopAfter) WriteAt(b []byte, at int64) (int, error) {
	if s.n--; s.n < 0 {
		return 0, errPower
	}
	return s.File.WriteAt(b, at)
}

// If the machine stops at any write, the next start completes the partition.
func TestDataPartitionPower(t *testing.T) {
	t.Parallel()
	for n := 0; ; n++ {
		f, size := dataDisk(t, 20<<20)
		_, _, err := makeData(&stopAfter{f, n}, size)
		if err == nil {
			if n < 5 {
				t.Errorf("only %d writes", n)
			}
			return
		}
		if !errors.Is(err, errPower) {
			t.Fatal(err)
		}
		p, _, err := makeData(f, size)
		if err != nil || p.Number != 3 {
			t.Errorf("after %d writes: %+v, %v", n, p, err)
		}
		got := make([]byte, 10)
		if _, err := f.ReadAt(got, p.Start+1024); err != nil || string(got) != "superblock" {
			t.Errorf("after %d writes: %q, %v", n, got, err)
		}
	}
}

// The data of another system is never overwritten.
func TestForeignData(t *testing.T) {
	t.Parallel()
	write := func(at int64, text string) func(*testing.T, *os.File, int64) {
		return func(t *testing.T, f *os.File, _ int64) {
			if _, err := f.WriteAt([]byte(text), at); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		room   int64
		change func(*testing.T, *os.File, int64)
		want   string
	}{
		"no room":     {0, func(*testing.T, *os.File, int64) {}, "0 MiB behind its last partition, and the data partition needs 1"},
		"data behind": {20 << 20, write(25<<20+3, "x"), "has data of another system, at byte 26214403"},
		"data in front of the second table": {20 << 20, func(t *testing.T, f *os.File, size int64) {
			write(size-33*512-1, "x")(t, f, size)
		}, "has data of another system, at byte"},
		"Linux RAID 1.0": {20 << 20, func(t *testing.T, f *os.File, size int64) {
			write((size-8192)&^4095, "\xfc\x4e\x2b\xa9\x01\x00\x00\x00")(t, f, size)
		}, "the mark of another system, of Linux RAID (superblock 1.0)"},
		"Intel RAID": {20 << 20, func(t *testing.T, f *os.File, size int64) {
			write(size-1024, "Intel Raid ISM Cfg Sig. 1.3")(t, f, size)
		}, "the mark of another system, of Intel RAID"},
		"DDF RAID":      {20 << 20, func(t *testing.T, f *os.File, size int64) { write(size-512, "\xde\x11\xde\x11")(t, f, size) }, "of DDF RAID"},
		"data":          {20 << 20, write(10<<20+77*4096, "x"), "has data of another system, at byte"},
		"a superblock":  {20 << 20, write(10<<20+1024, "another"), "has data of another system, at byte"},
		"no table":      {20 << 20, write(512, "x"), "has no partition table"},
		"damaged table": {20 << 20, write(512+60, "x"), "partition table is damaged"},
		"damaged rows":  {20 << 20, write(1024+5, "x"), "partition table is damaged"},
		"table of another": {20 << 20, func(t *testing.T, f *os.File, size int64) {
			other, otherSize := dataDisk(t, 20<<20)
			id := [16]byte{1: 1}
			table, _, err := readGPT(other, 512, otherSize)
			if err != nil {
				t.Fatal(err)
			}
			copy(table.id(), id[:])
			if err := table.write(f, size, func() error { return nil }); err != nil {
				t.Fatal(err)
			}
			// The image is written to the same disk again.
			fresh, freshSize := dataDisk(t, 0)
			if _, err := io.Copy(io.NewOffsetWriter(f, 0), io.NewSectionReader(fresh, 0, freshSize)); err != nil {
				t.Fatal(err)
			}
		}, "has the partition table of another system"},
	} {
		f, size := dataDisk(t, c.room)
		c.change(t, f, size)
		before, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		_, _, err = makeData(f, size)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if after, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(before, after) {
			t.Errorf("%s: the disk was changed (%v)", name, err)
		}
	}
}

// If the second table was written only in part, the next start completes the partition.
func TestTornSecondTable(t *testing.T) {
	t.Parallel()
	f, size := dataDisk(t, 20<<20)
	if _, err := f.WriteAt([]byte("a part of a row"), size-33*512); err != nil {
		t.Fatal(err)
	}
	if p, made, err := makeData(f, size); err != nil || !made || p.Number != 3 {
		t.Errorf("%+v, %v, %v", p, made, err)
	}
}

// A damaged first table is repaired from the second one.
func TestSecondTable(t *testing.T) {
	t.Parallel()
	f, size := dataDisk(t, 20<<20)
	if _, _, err := makeData(f, size); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte("x"), 512+60); err != nil {
		t.Fatal(err)
	}
	p, made, err := makeData(f, size)
	if err != nil || made || p.Number != 3 {
		t.Errorf("%+v, %v, %v", p, made, err)
	}
	if _, err := readGPTAt(f, 512, 1, size); err != nil {
		t.Errorf("the first table is not repaired: %v", err)
	}
}

// FuzzGPT: no disk makes the reader panic.
func FuzzGPT(f *testing.F) {
	f.Add(append(make([]byte, 512), "EFI PART"...))
	f.Fuzz(func(t *testing.T, b []byte) {
		t.Helper()
		r := bytes.NewReader(b)
		table, _, err := readGPT(r, 512, int64(len(b)))
		if err != nil {
			return
		}
		if parts, err := table.partitions(int64(len(b))); err == nil {
			_, _ = table.free(parts, int64(len(b)))
		}
	})
}
