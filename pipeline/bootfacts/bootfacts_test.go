package bootfacts_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/internal/petest"
	"github.com/seaworthy-os/seaworthy/pipeline/bootfacts"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func testUKI(t *testing.T, cmdline string) []byte {
	t.Helper()
	stub, err := uki.ParseStub(petest.Stub("amd64"))
	if err != nil {
		t.Fatal(err)
	}
	content := func(text string) *uki.Content {
		return &uki.Content{ReaderAt: strings.NewReader(text), Size: int64(len(text))}
	}
	var out bytes.Buffer
	if err := uki.Build(&out, stub, uki.Sections{OSRelease: "ID=test\n", Cmdline: cmdline, Kernel: content(string(petest.Program("amd64", 2000))), Initrd: content("initrd")}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// written is the content that write gives a file.
func written(t *testing.T, write func(*os.File) error) []byte {
	t.Helper()
	p := filepath.Join(t.TempDir(), "x")
	f, err := os.Create(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := write(f); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func fat(t *testing.T, files ...disk.File) []byte {
	t.Helper()
	return written(t, func(f *os.File) error {
		return disk.FAT{Bits: 16, Label: "X", Time: time.Unix(0, 0), Files: files}.Write(f)
	})
}

func of(t *testing.T, content []byte) facts.BootFile {
	t.Helper()
	r, err := inspect.Describe("x", bytes.NewReader(content), int64(len(content)), inspect.Options{BootOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	return bootfacts.Of("x", "", r)
}

// disked is a disk with these partitions: type and content.
func disked(t *testing.T, parts ...[2]string) []byte {
	t.Helper()
	var list []disk.Partition
	for _, p := range parts {
		list = append(list, disk.Partition{Name: "p", Type: p[0], ID: disk.GUID(p[1], nil), Size: int64(len(p[1])+511) / 512 * 512})
	}
	end := disk.Lay(list)
	return written(t, func(f *os.File) error {
		if err := disk.WriteGPT(f, end, disk.GUID("disk", nil), list); err != nil {
			return err
		}
		for i, p := range list {
			if _, err := f.WriteAt([]byte(parts[i][1]), p.Start); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestUKI(t *testing.T) {
	t.Parallel()
	serial := "ttyS0"
	stub := []facts.BootGeneration{
		{Line: 1, Component: "sbat", Generation: 1, Vendor: "SBAT Version", Package: "sbat", Version: "1", URL: "https://example.test/SBAT.md"},
		{Line: 2, Component: "stub", Generation: 1, Vendor: "Test", Package: "stub", Version: "1", URL: "https://example.test"},
	}
	want := facts.BootFile{Path: "x", Starts: []string{"uefi"}, Programs: []facts.BootProgram{{Kind: "uki", Cmdline: true, Initrd: true, OSRelease: "ID=test\n", SBAT: true, Generations: stub}},
		Lines: []facts.BootLine{{From: "uki", Raw: "console=ttyS0 quiet", Params: []facts.Param{{Name: "console", Value: &serial}, {Name: "quiet", Index: 1}}}}}
	if got := of(t, testUKI(t, "console=ttyS0 quiet")); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
}

func TestSBAT(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "false 0 ", " \n": "false 0 ", "sbat,1,V,sbat,1,u\n": "true 1 ", "sbat,1,V,sbat,1,u\ngrub,5,V,grub,2,u\n": "true 2 ",
		"sbat,1,V,sbat,1\n": "true 0 line 1 of .sbat is not", "sbat,1,V,sbat,1,u": "true 0 the last line of .sbat does not end",
		"grub,4294967300,V,grub,2,u\n": "true 0 line 1 of .sbat: generation 4294967300 is too large",
	} {
		present, all, problem := bootfacts.SBAT(text)
		if got := fmt.Sprint(present, len(all), " ", problem); !strings.HasPrefix(got, want) || want[len(want)-1] == ' ' && got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestDisk(t *testing.T) {
	t.Parallel()
	esp := fat(t, disk.Bytes("EFI/BOOT/BOOTX64.EFI", append(petest.Program("amd64", 3000), "\x00grub_cmd_set\x00"...)), disk.Bytes("EFI/LINUX/A.EFI", testUKI(t, "quiet")),
		disk.Bytes("GRUB.CFG", []byte("menuentry A {\nlinux /k debug\n}\nmenuentry B {\n}\n")))
	ext := make([]byte, 4096)
	copy(ext[1080:], "\x53\xef")
	got := of(t, disked(t, [2]string{disk.TypeESP, string(esp)}, [2]string{"0FC63DAF-8483-4772-8E79-3D69D8477DE4", string(ext)}))
	if !reflect.DeepEqual(got.Starts, []string{"uefi"}) || len(got.Programs) != 2 || len(got.Loaders) != 2 || !reflect.DeepEqual(got.Roots, []string{"partition 2 (ext2)"}) {
		t.Errorf("%+v", got)
	}
	kinds := map[string]string{}
	for _, p := range got.Programs {
		kinds[p.Path] = p.Kind
	}
	if kinds["partition 1/EFI/BOOT/BOOTX64.EFI"] != "loader" || kinds["partition 1/EFI/LINUX/A.EFI"] != "uki" {
		t.Errorf("%v", kinds)
	}
	from := map[string]string{}
	for _, l := range got.Lines {
		from[l.Raw] = l.From + " " + l.Path
	}
	if from["debug"] != "loader partition 1/GRUB.CFG" || from["quiet"] != "uki partition 1/EFI/LINUX/A.EFI" {
		t.Errorf("%v", from)
	}
	for _, l := range got.Loaders {
		if l.Kind == "GRUB" && (len(l.Open) != 1 || len(l.Entries) != 2 || l.Unread != "") {
			t.Errorf("%+v", l)
		}
	}
	if text := strings.Join(got.Unread, "\n"); !strings.Contains(text, "partition 2: files are not read: the superblock is not valid") || !strings.Contains(text, "partition 2: of an ext file system, only the folders are read") {
		t.Errorf("%q", text)
	}
}

func TestFirmwares(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"BIOS CD": {written(t, func(f *os.File) error {
			_, err := disk.ISO{Label: "X", Time: time.Unix(0, 0), Files: []disk.File{disk.Bytes("a", []byte("a"))}, Boot: []disk.BootImage{{Path: "a", Platform: disk.PlatformBIOS}}}.Write(f)
			return err
		}), "bios"},
		"EFI CD": {written(t, func(f *os.File) error {
			_, err := disk.ISO{Label: "X", Time: time.Unix(0, 0), Files: []disk.File{disk.Bytes("a", []byte("a"))}, Boot: []disk.BootImage{{Path: "a", Platform: disk.PlatformEFI}}}.Write(f)
			return err
		}), "uefi"},
		"both": {disked(t, [2]string{disk.TypeESP, string(fat(t, disk.Bytes("a", []byte("a"))))}, [2]string{"21686148-6449-6E6F-744E-656564454649", strings.Repeat("\x00", 512)}), "bios uefi"},
	} {
		if got := strings.Join(of(t, c.content).Starts, " "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Parts that were not read are reported, so that no rule passes because of them.
func TestUnread(t *testing.T) {
	t.Parallel()
	damaged := fat(t, disk.Bytes("EFI/BOOT/BOOTX64.EFI", testUKI(t, "quiet")), disk.Bytes("GRUB.CFG", bytes.Repeat([]byte("#"), 70<<10)))
	got := of(t, damaged[:len(damaged)/2])
	if text := strings.Join(got.Unread, "\n"); !strings.Contains(text, "truncated") || !strings.Contains(text, "GRUB.CFG has more than 64 KiB") {
		t.Errorf("%q", text)
	}
}
