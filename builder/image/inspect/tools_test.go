package inspect

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// toolFolder is a folder with a tree that other people's tools make images of.
func toolFolder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"etc/os-release": "ID=test\nPRETTY_NAME='A test'\n", "usr/share/sbom/a.spdx.json": `{"a":1}`, "lib/modules/6.1.0/x": "x",
		"boot/grub/grub.cfg":              "menuentry x {\n linux /boot/vmlinuz root=/dev/sda1 roothash=" + strings.Repeat("ab", 32) + "\n}\n",
		"EFI/BOOT/A rather long name.efi": "MZ", "noise": strings.Repeat("noise", 100000),
	} {
		p := filepath.Join(dir, "tree", name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// run runs a tool in a folder. It returns false if the tool is not installed.
func run(t testing.TB, dir string, args ...string) bool {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	if cmd.Err != nil {
		return false
	}
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return true
}

// toolImage is the file "out" that a tool writes, nil without the tool.
func toolImage(t testing.TB, args ...string) []byte {
	t.Helper()
	dir := toolFolder(t)
	if !run(t, dir, args...) {
		return nil
	}
	b, err := os.ReadFile(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func report(t *testing.T, content []byte) *Report {
	t.Helper()
	if content == nil {
		t.Skip("the tool is not installed")
	}
	r, err := Describe("x", bytes.NewReader(content), int64(len(content)), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Problems) > 0 {
		t.Errorf("problems: %q", r.Problems)
	}
	return r
}

// checkRoot requires that what is in the tree was found.
func checkRoot(t *testing.T, it *Item) {
	t.Helper()
	r := it.Root
	if r == nil || r.OSRelease["PRETTY_NAME"] != "A test" || strings.Join(r.Modules, " ") != "6.1.0" || len(r.SBOMs) != 1 || r.SBOMs[0].Path != "usr/share/sbom/a.spdx.json" || r.SBOMs[0].Size != 7 {
		t.Errorf("%s: %+v", it.Kind, r)
	}
}

func TestRootFileSystemsOfTools(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"squashfs gzip": "mksquashfs tree out -quiet -no-progress -comp gzip", "squashfs xz": "mksquashfs tree out -quiet -no-progress -comp xz",
		"squashfs zstd": "mksquashfs tree out -quiet -no-progress -comp zstd", "squashfs lz4": "mksquashfs tree out -quiet -no-progress -comp lz4",
		"squashfs plain": "mksquashfs tree out -quiet -no-progress -noI -noD -noF", "squashfs blocks": "mksquashfs tree out -quiet -no-progress -no-fragments",
		"erofs plain": "mkfs.erofs out tree", "erofs lz4": "mkfs.erofs -zlz4hc out tree",
		"ext":            "/usr/sbin/mke2fs -q -t ext4 -d tree out 8M",
		"tar":            "tar -cf out -C tree .",
		"tar compressed": "tar -czf out -C tree .",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report(t, toolImage(t, strings.Fields(command)...))
			it := r.Item
			if it.Kind == "compressed" {
				it = it.Contents[0]
			}
			if it.Kind != strings.Fields(name)[0] {
				t.Errorf("kind %s", it.Kind)
			}
			checkRoot(t, it)
		})
	}
}

func TestOtherFileSystemsOfTools(t *testing.T) {
	t.Parallel()
	for kind, c := range map[string]struct{ command, want string }{
		"ext":  {"mkfs.ext4 -q -L LABEL out 8M", "ext4 LABEL"},
		"luks": {"cryptsetup luksFormat --batch-mode --pbkdf pbkdf2 --pbkdf-force-iterations 1000 --label LABEL out /etc/hostname", "LUKS2 LABEL"},
		"swap": {"mkswap -q out", ""},
		"fat":  {"mkfs.vfat -F 12 -n LABEL out", "FAT12 LABEL"},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir := toolFolder(t)
			if err := os.WriteFile(filepath.Join(dir, "out"), make([]byte, 20<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			if kind == "fat" {
				if err := os.Truncate(filepath.Join(dir, "out"), 1<<20); err != nil {
					t.Fatal(err)
				}
			}
			if !run(t, dir, strings.Fields(c.command)...) {
				t.Skip("the tool is not installed")
			}
			b, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			r := report(t, b)
			if r.Kind != kind {
				t.Fatalf("kind %s", r.Kind)
			}
			if fs := r.FileSystem; c.want != "" && (fs == nil || fs.Type+" "+fs.Label != c.want) {
				t.Errorf("%+v, want %s", fs, c.want)
			}
		})
	}
}

// A disk of sgdisk with a FAT of mkfs.vfat, in the wrappers of qemu-img and of
// compressors.
func TestDiskOfTools(t *testing.T) {
	t.Parallel()
	dir := toolFolder(t)
	disk := filepath.Join(dir, "disk")
	if err := os.WriteFile(disk, make([]byte, 48<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{
		"sgdisk -n 1:2048:+40M -t 1:ef00 -c 1:boot -n 2:0:+1M -t 2:8300 -c 2:root disk",
		"mkfs.vfat -F 32 -n ESP --offset 2048 disk 40960",
		"mcopy -i disk@@1M -s tree/EFI tree/boot tree/noise ::/",
	} {
		if !run(t, dir, strings.Fields(command)...) {
			t.Skip(command, ": the tool is not installed")
		}
	}
	for wrapper, command := range map[string]string{
		"": "cp disk out", "qcow2": "qemu-img convert -O qcow2 disk out", "vmdk": "qemu-img convert -O vmdk disk out", "vhd": "qemu-img convert -O vpc disk out",
		"gzip": "gzip -c disk", "zstd": "zstd -q disk -o out", "xz": "xz -k -1 -c disk",
	} {
		t.Run(wrapper, func(t *testing.T) {
			args := strings.Fields(command)
			if _, err := exec.LookPath(args[0]); err != nil {
				t.Skip(args[0], "is not installed")
			}
			if args[len(args)-1] == "disk" { // it writes to its standard output
				args = []string{"sh", "-c", command + " > out"}
			}
			run(t, dir, args...)
			defer os.Remove(filepath.Join(dir, "out"))
			b, err := os.ReadFile(filepath.Join(dir, "out"))
			if err != nil {
				t.Fatal(err)
			}
			it := report(t, b).Item
			if wrapper != "" {
				if it.Kind != wrapper && it.Compression != wrapper {
					t.Errorf("%s %s", it.Kind, it.Compression)
				}
				it = it.Contents[0]
			}
			if len(it.Contents) != 2 || it.Contents[1].Partition.Name != "root" || it.Contents[1].Partition.TypeName != "Linux file system" {
				t.Fatalf("%+v", it)
			}
			esp := it.Contents[0]
			if esp.FileSystem.Type != "FAT32" || esp.FileSystem.Label != "ESP" || esp.Partition.TypeName != "EFI system partition" {
				t.Errorf("%+v %+v", esp.FileSystem, esp.Partition)
			}
			checkFiles(t, esp)
		})
	}
}

func checkFiles(t *testing.T, it *Item) {
	t.Helper()
	found := map[string]int64{}
	for _, f := range it.Files {
		found[f.Path] = f.Size
	}
	if found["EFI/BOOT/A rather long name.efi"] != 2 || found["noise"] != 500000 {
		t.Errorf("%v", found)
	}
	if len(it.Cmdlines) != 1 || len(it.Cmdlines[0].RootHashes) != 1 || !strings.HasPrefix(it.Cmdlines[0].Text, "root=/dev/sda1") {
		t.Errorf("%+v", it.Cmdlines)
	}
}

func TestISOOfTools(t *testing.T) {
	t.Parallel()
	for name, command := range map[string]string{
		"Rock Ridge": "xorriso -as mkisofs -quiet -V LABEL -R -o out -b noise -no-emul-boot -boot-load-size 4 -eltorito-alt-boot -e boot/grub/grub.cfg -no-emul-boot tree",
		"Joliet":     "genisoimage -quiet -V LABEL -J -joliet-long -o out -b noise -no-emul-boot tree",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := report(t, toolImage(t, strings.Fields(command)...))
			if r.Kind != "iso" || r.FileSystem.Label != "LABEL" || len(r.Boot) == 0 || r.Boot[0].Platform != "BIOS" || r.Boot[0].Path != "noise" {
				t.Errorf("%+v %+v", r.FileSystem, r.Boot)
			}
			if name == "Rock Ridge" && (len(r.Boot) != 2 || r.Boot[1].Platform != "EFI" || r.Boot[1].Path != "boot/grub/grub.cfg") {
				t.Errorf("%+v", r.Boot)
			}
			checkFiles(t, r.Item)
		})
	}
}

// The root hash is veritysetup's, with its salt.
func TestVerityOfTools(t *testing.T) {
	t.Parallel()
	dir := toolFolder(t)
	if _, err := exec.LookPath("veritysetup"); err != nil {
		t.Skip("veritysetup is not installed")
	}
	for _, size := range []int{8192, 4 << 20} {
		data := filepath.Join(dir, "data")
		if err := os.WriteFile(data, bytes.Repeat([]byte("data"), size/4), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("veritysetup", "format", "data", "tree.img")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v %s", err, out)
		}
		b, err := os.ReadFile(filepath.Join(dir, "tree.img"))
		if err != nil {
			t.Fatal(err)
		}
		r := report(t, b)
		if r.Verity == nil || r.Verity.RootHash == "" || !strings.Contains(string(out), r.Verity.RootHash) || !strings.Contains(string(out), r.Verity.Salt) || r.Verity.DataBlocks != int64(size/4096) {
			t.Errorf("%+v, want\n%s", r.Verity, out)
		}
	}
}

// emptyDisk is a disk of any size: a partition table, and zeros.
type emptyDisk struct {
	table []byte
	size  int64
}

func (d emptyDisk) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), d.size-off))
	clear(p[:n])
	if off < int64(len(d.table)) {
		copy(p, d.table[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Memory does not grow with the image. All of the content is not hashed here: that
// would take long.
func TestMemory(t *testing.T) {
	table := make([]byte, 512)
	copy(table[446:], "\x80\x00\x00\x00\x83\x00\x00\x00\x00\x08\x00\x00\xff\xff\xff\x7f")
	copy(table[510:], "\x55\xaa")
	d := emptyDisk{table, 8 << 40}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	it := newWalker(Options{}).look("", io.NewSectionReader(d, 0, d.size))
	runtime.ReadMemStats(&after)
	if it.Kind != "disk" || len(it.Contents) != 1 || it.Contents[0].Size != 0x7fffffff*512 {
		t.Errorf("%+v", it)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
}

// Going back in compressed content gives the same bytes as reading it forward.
func TestRewound(t *testing.T) {
	t.Parallel()
	want := make([]byte, 5*pageSize*keptPages/4+77)
	for i := range want {
		want[i] = byte(i * i >> 7)
	}
	opened := 0
	r := &rewound{w: newWalker(Options{}), open: func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(bytes.NewReader(want)), nil
	}}
	defer r.close()
	for _, at := range []int{0, len(want) - 100, 10, 100000, len(want) / 2, pageSize - 1, len(want) - 1} {
		got := make([]byte, 200000)
		n, err := r.ReadAt(got, int64(at))
		if n != min(len(got), len(want)-at) || !bytes.Equal(got[:n], want[at:at+n]) || (n < len(got)) != (err == io.EOF) { //nolint:errorlint // io.ReaderAt
			t.Errorf("at %d: %d bytes, %v", at, n, err)
		}
	}
	if len(r.pages) > keptPages {
		t.Errorf("%d pages are kept", len(r.pages))
	}
	r.w.work = 10
	if _, err := r.ReadAt(make([]byte, 10), 10*pageSize); err == nil || !strings.Contains(err.Error(), "would be decompressed or unpacked") {
		t.Errorf("%v", err)
	}
}
