package inspect

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/internal/petest"
)

// fuzz describes inputs as one kind, whatever they begin with, and as what they
// look like. Nothing may panic, hang or use much memory.
func fuzz(f *testing.F, describe func(*walker, *Item, *io.SectionReader), seeds ...[]byte) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w := newWalker(Options{})
		w.work, w.hashed = 16<<20, 4<<20
		s := io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
		it := &Item{Size: s.Size()}
		describe(w, it, s)
		r := &Report{Item: it}
		if _, err := json.Marshal(r); err != nil {
			t.Fatal(err)
		}
	})
}

// written gives the content that write writes to a file, up to a size.
func written(f *testing.F, limit int, write func(*os.File) error) []byte {
	f.Helper()
	p := filepath.Join(f.TempDir(), "x")
	w, err := os.Create(p)
	if err != nil {
		f.Fatal(err)
	}
	defer w.Close()
	if err := write(w); err != nil {
		f.Fatal(err)
	}
	b, err := os.ReadFile(p)
	if err != nil {
		f.Fatal(err)
	}
	return b[:min(len(b), limit)]
}

func bootTree() []disk.File {
	return []disk.File{disk.Bytes("EFI/BOOT/BOOTX64.EFI", petest.Stub("amd64")), disk.Bytes("LOADER/X.CFG", []byte("options quiet\n"))}
}

func fatSeed(f *testing.F, bits int) []byte {
	return written(f, 256<<10, func(w *os.File) error {
		return disk.FAT{Bits: bits, Label: "X", Time: time.Unix(0, 0), Files: bootTree()}.Write(w)
	})
}

func FuzzFAT(f *testing.F) { fuzz(f, describeFAT, fatSeed(f, 16)) }

func FuzzISO(f *testing.F) {
	fuzz(f, describeISO, written(f, 64<<10, func(w *os.File) error {
		_, err := disk.ISO{Label: "X", Time: time.Unix(0, 0), Files: bootTree(), Boot: []disk.BootImage{{Path: "EFI/BOOT/BOOTX64.EFI", Platform: disk.PlatformEFI}}}.Write(w)
		return err
	}))
}

func FuzzDisk(f *testing.F) {
	gpt := written(f, 64<<10, func(w *os.File) error {
		parts := []disk.Partition{{Name: "a", Type: disk.TypeESP, ID: disk.GUID("a", nil), Size: 1 << 20}}
		return disk.WriteGPT(w, disk.Lay(parts), disk.GUID("d", nil), parts)
	})
	mbr := written(f, 512, func(w *os.File) error { return disk.WriteMBR(w, nil, 1, 512, 1024) })
	fuzz(f, describeDisk, gpt, append(mbr, make([]byte, 2048)...))
}

func FuzzEFI(f *testing.F) {
	fuzz(f, describeUKI, petest.Stub("amd64"), petest.Program("arm64", 100))
}

func FuzzKernel(f *testing.F) {
	zboot := append([]byte("MZ\x00\x00zimg\x40\x00\x00\x00\x40\x00\x00\x00"), make([]byte, 64)...)
	fuzz(f, func(w *walker, it *Item, s *io.SectionReader) {
		describeZboot(w, it, s)
		describeBzImage(w, it, s)
		describeImage("arm64")(w, it, s)
		describeVmlinux(w, it, s)
	}, zboot, []byte("Linux version 6.1\x00"), petest.Program("amd64", 100))
}

// newc is an archive with one file.
func newc(name, content string) string {
	pad := func(s string) string { return s + strings.Repeat("\x00", -len(s)&3) }
	head := func(name string, size int) string {
		b := "070701"
		for _, n := range []int{1, 0o100644, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name) + 1, 0} {
			const digits = "0123456789abcdef"
			for shift := 28; shift >= 0; shift -= 4 {
				b += string(digits[n>>shift&15])
			}
		}
		return pad(b + name + "\x00")
	}
	return head(name, len(content)) + pad(content) + head("TRAILER!!!", 0)
}

func FuzzInitrd(f *testing.F) {
	fuzz(f, describeInitrd, []byte(newc("etc/os-release", "ID=x\n")+newc("usr/share/sbom/a", "{}")), []byte(newc("a.sqsh", "hsqs")))
}

func FuzzTar(f *testing.F) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for name, content := range map[string]string{"etc/os-release": "ID=x\n", "manifest.json": `[{"Layers":["layer.tar"]}]`, "layer.tar": newc("a", "b"), "index.json": "{}", "oci-layout": "{}"} {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(content)), Mode: 0o644}); err != nil {
			f.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			f.Fatal(err)
		}
	}
	fuzz(f, describeTar, b.Bytes())
}

func FuzzCompressed(f *testing.F) {
	fuzz(f, describeCompressed, []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00"), []byte("\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00\x99\xe9\xd8\x51"), []byte("BZh9"), []byte("\xfd7zXZ\x00"), []byte("\x04\x22\x4d\x18"))
}

func FuzzSquashfs(f *testing.F) {
	b := make([]byte, 96)
	copy(b, "hsqs\x01\x00\x00\x00")
	b[14], b[20], b[28] = 2, 1, 4
	fuzz(f, describeSquashfs, append(b, toolImage(f, "mksquashfs", "tree", "out", "-quiet", "-no-progress")...))
}

func FuzzEROFS(f *testing.F) {
	b := make([]byte, 4096)
	copy(b[1024:], "\xe2\xe1\xf5\xe0")
	b[1036] = 12
	fuzz(f, describeEROFS, b, toolImage(f, "mkfs.erofs", "out", "tree"))
}

func FuzzFileSystems(f *testing.F) {
	fuzz(f, func(w *walker, it *Item, s *io.SectionReader) {
		for _, k := range otherKinds {
			k.describe(w, it, s)
		}
	}, []byte("verity\x00\x00"+strings.Repeat("\x01", 600)), []byte("LUKS\xba\xbe\x00\x02"+strings.Repeat("a", 600)), make([]byte, 2048))
}

// FuzzLook looks at inputs as the program does, by their first bytes.
func FuzzLook(f *testing.F) {
	fuzz(f, func(w *walker, it *Item, s *io.SectionReader) { w.bootFile(it, "x", s) }, fatSeed(f, 32), []byte(newc("a", "b")), []byte("QFI\xfb\x00\x00\x00\x03"), []byte("KDMV"))
}
