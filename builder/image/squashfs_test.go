package image

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/guest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// modules are entries as a kernel's tarball has them.
var modules = []item{
	{path: "lib", typ: system.TypeDir, mode: 0o755},
	{path: "lib/firmware", typ: system.TypeFile, mode: 0o644, body: "f"},
	{path: "lib/modules", typ: system.TypeDir, mode: 0o755},
	{path: "lib/modules/6.1", typ: system.TypeDir, mode: 0o755},
	{path: "lib/modules/6.1/modules.dep", typ: system.TypeFile, mode: 0o644, body: "dm-verity.ko:\n"},
	{path: "lib/modules/6.1/dm-verity.ko", typ: system.TypeFile, mode: 0o644, body: "module"},
	{path: "proc", typ: system.TypeDir, mode: 0o555},
	{path: "srv", typ: system.TypeFile, mode: 0o640, body: "of another user", uid: 101},
	{path: "tagged", typ: system.TypeFile, mode: 0o600, body: "t", xattr: "value"},
}

// splitRoot writes the data and the tree of a squashfs image to files, and returns
// them with the root hash of the command line.
func splitRoot(t *testing.T, out map[string][]byte) (data, tree, hash string) {
	t.Helper()
	image := out["os"+SquashfsEnding]
	size, err := squashfsSize(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	return splitAt(t, out, image, max((size+4095)/4096*4096, 8192))
}

// splitAt does the same for the image of any root.
func splitAt(t *testing.T, out map[string][]byte, image []byte, size int64) (data, tree, hash string) {
	t.Helper()
	_, hash, ok := strings.Cut(string(out["os"+CmdlineEnding]), "quiet roothash=")
	if !ok {
		t.Errorf("the command line is %q", out["os"+CmdlineEnding])
	}
	return store(t, image[:size]), store(t, image[size:]), hash
}

// Other people's tools read the tree as it was written, and verify it.
func TestSquashfs(t *testing.T) {
	t.Parallel()
	requireTools(t, "kernel+squashfs")
	out := build(t, []string{"kernel+squashfs"}, append(slices.Clone(small), modules...), &Kernel{Zstd: true})
	data, tree, hash := splitRoot(t, out)
	tool(t, "cryptsetup-bin", "veritysetup", "verify", data, tree, hash)
	list := tool(t, "squashfs-tools", "unsquashfs", "-lln", "-UTC", data)
	for _, want := range []string{
		"drwxr-xr-x 0/0 N 1970-01-01 00:00 squashfs-root", "-rwsr-xr-x 0/0 20000 1970-01-01 00:00 squashfs-root/bin/perl",
		"-rwsr-xr-x 0/0 20000 1970-01-01 00:00 squashfs-root/bin/perl6", "lrwxrwxrwx 0/0 3 1970-01-01 00:00 squashfs-root/sbin -> bin",
		"-rw-r----- 101/101 15 1970-01-01 00:00 squashfs-root/srv", "dr-xr-xr-x 0/0 N 1970-01-01 00:00 squashfs-root/proc",
		"drwxr-xr-x 0/0 N 1970-01-01 00:00 squashfs-root/var", "drwxr-xr-x 0/0 N 1970-01-01 00:00 squashfs-root/boot",
	} {
		if !slices.ContainsFunc(strings.Split(list, "\n"), func(line string) bool {
			f, w := strings.Fields(line), strings.Fields(want)
			if len(f) == len(w) && w[2] == "N" { // the size of a folder is of no interest
				f[2] = "N"
			}
			return slices.Equal(f, w)
		}) {
			t.Errorf("the root does not have %q:\n%s", want, list)
		}
	}
	for _, p := range beside {
		if strings.Contains(list, p+"\n") {
			t.Errorf("the root has %s", p)
		}
	}
	if got := tool(t, "squashfs-tools", "unsquashfs", "-cat", data, "srv", "etc/motd", "bin/perl5"); got != "of another userhello\n"+strings.Repeat("perl", 5000) {
		t.Errorf("the files have other contents: %d bytes", len(got))
	}
	loader := unpack(t, unzstd(t, out["os-initrd.img"]))
	want := []string{"init", "lib", "lib/modules", "lib/modules/6.1", "lib/modules/6.1/dm-verity.ko", "lib/modules/6.1/modules.dep"}
	if got := slices.Sorted(maps.Keys(loader)); !slices.Equal(got, want) {
		t.Errorf("the loader has %q, want %q", got, want)
	}
	if got := body(t, loader["init"]); got != testInit.body {
		t.Errorf("init has %d bytes", len(got))
	}
	if string(out["os-kernel"]) != testKernel {
		t.Error("another kernel")
	}
}

// wrapper is a folder with a script in place of mksquashfs.
func wrapper(t *testing.T, script string) Tools {
	t.Helper()
	tools := stubs(t)
	if err := os.WriteFile(filepath.Join(tools.Dirs[0], "mksquashfs"), []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return tools
}

func TestSquashfsOnAnyNumberOfCores(t *testing.T) {
	t.Parallel()
	requireTools(t, "kernel+squashfs")
	program, err := exec.LookPath("mksquashfs")
	if err != nil {
		t.Fatal(err)
	}
	items := slices.Clone(small)
	for i := range 40 {
		noise := make([]byte, 0, 300_000)
		for j := 0; len(noise) < 200_000+i*1000; j++ {
			sum := sha256.Sum256([]byte(fmt.Sprint(i, j%2000)))
			noise = append(noise, sum[:]...)
		}
		items = append(items, item{path: fmt.Sprint("noise", i), typ: system.TypeFile, mode: 0o644, body: string(noise)})
	}
	sums := map[[32]byte]bool{}
	for _, cores := range []int{1, 2, 8} {
		out := buildWith(t, []string{"kernel+squashfs"}, items, &Kernel{Zstd: true}, wrapper(t, fmt.Sprintf(`exec %s "$@" -processors %d`, program, cores)))
		sums[sha256.Sum256(out["os-squashfs.img"])] = true
	}
	if len(sums) != 1 {
		t.Errorf("%d different outputs", len(sums))
	}
}

// openSquashfs starts the format with a script in place of mksquashfs.
func openSquashfs(t *testing.T, script string, items ...item) *Set {
	t.Helper()
	s, err := New([]string{"kernel+squashfs"}, Options{Dir: t.TempDir(), Stem: "os", Time: time.Unix(0, 0), Arch: "amd64", Tools: wrapper(t, script)})
	if err != nil {
		t.Fatal(err)
	}
	feed(t, s, append(items, small...))
	return s
}

func TestSquashfsErrors(t *testing.T) {
	t.Parallel()
	for mark, has := range map[string]string{initMark: guest.VerifiedRoot, rootMark: guest.RootKinds} {
		if mark != has {
			t.Errorf("a build looks for %q, and init has %q", mark, has)
		}
	}
	const read = "cat >/dev/null; "
	old := item{path: "init", typ: system.TypeFile, mode: 0o755, body: "an older init"}
	for name, c := range map[string]struct {
		script, want string
		init         item
		options      map[string]string
	}{
		"the program fails": {read + "echo no space left >&2; exit 1", "mksquashfs failed: no space left", testInit, nil},
		"it ends early":     {"exec <&-; echo broken; exit 3", "mksquashfs failed: broken", testInit, nil},
		"no squashfs":       {read, "did not write a squashfs", testInit, nil},
		"old init":          {read, "/init of the system cannot open the root", old, nil},
		"kernel":            {read, "built without CONFIG_DM_VERITY", testInit, map[string]string{"CONFIG_SQUASHFS": "y", "CONFIG_SQUASHFS_ZSTD": "y", "CONFIG_BLK_DEV_DM": "y"}},
		"module":            {read, "do not include dm_verity", testInit, map[string]string{"CONFIG_DM_VERITY": "m"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openSquashfs(t, c.script, c.init)
			if err := s.Kernel(Kernel{Zstd: true, Options: c.options}); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Close(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
			s.Abort() // as the pipeline does
		})
	}
}

// Abort ends the program, and does not wait until it would end itself.
// A root that belongs to another user is refused.
func TestSquashfsRoot(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"":                              {"-all-root"},
		"to user 7 and group 0":         {"-force-uid", "7", "-force-gid", "0"},
		"to user 0 and group 8":         {"-force-uid", "0", "-force-gid", "8", "-noI", "-noId"},
		"to user 100000 and group 1234": {"-force-uid", "100000", "-force-gid", "1234"},
	} {
		path := filepath.Join(t.TempDir(), "image")
		tool(t, "squashfs-tools", append([]string{"mksquashfs", t.TempDir(), path, "-quiet", "-no-progress", "-comp", "zstd"}, args...)...)
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := checkSquashfsRoot(f, 1<<20); (err == nil) != (want == "") || err != nil && (!errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}

func TestSquashfsAbort(t *testing.T) {
	t.Parallel()
	s := openSquashfs(t, "exec sleep 3600")
	s.Abort()
}

func TestRawEFIVerity(t *testing.T) {
	t.Parallel()
	requireTools(t, "raw-efi-verity")
	out := build(t, []string{"raw-efi-verity", "qcow2-efi-verity"}, small, &Kernel{Zstd: true})
	root := build(t, []string{"kernel+squashfs"}, small, &Kernel{Zstd: true})
	data, tree, hash := splitRoot(t, root)
	raw := store(t, out["os-efi-verity.img"])
	if text := tool(t, "gdisk", "sgdisk", "-v", raw); !strings.Contains(text, "No problems found") {
		t.Error(text)
	}
	upper := strings.ToUpper(hash)
	id := func(h string) string {
		return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	}
	for number, want := range map[string][]string{
		"1": {"(EFI system partition)"},
		"2": {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", id(upper[:32]), "'root'"},
		"3": {"2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5", id(upper[32:]), "'root-verity'"},
		"4": {"4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", "'_empty'"},
		"5": {"2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5", "'_empty'"},
	} {
		text := tool(t, "gdisk", "sgdisk", "-i", number, raw)
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("partition %s has no %s:\n%s", number, w, text)
			}
		}
	}
	for _, file := range []string{data, tree} {
		b, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(out["os-efi-verity.img"], b) {
			t.Errorf("the disk does not hold the root (%v)", err)
		}
	}
	esp := filepath.Join(t.TempDir(), "uki")
	tool(t, "mtools", "mcopy", "-i", raw+"@@1048576", "::/EFI/BOOT/BOOTX64.EFI", esp)
	if b, err := os.ReadFile(esp); err != nil || !bytes.Contains(b, []byte("quiet roothash="+hash)) || !bytes.Contains(b, root["os-initrd.img"]) {
		t.Errorf("the UKI has another command line or initrd (%v)", err)
	}
	if text := tool(t, "qemu-utils", "qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw, store(t, out["os-efi-verity.qcow2"])); !strings.Contains(text, "identical") {
		t.Error(text)
	}
}

// Rules judge one command line, so all formats of a build must boot with it.
func TestVerifiedFormatsAreBuiltSeparately(t *testing.T) {
	t.Parallel()
	if err := CheckFormats([]string{"raw-efi", "raw-efi-verity"}); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "different command lines") {
		t.Errorf("%v", err)
	}
	if err := CheckFormats([]string{"kernel+erofs", "raw-efi-verity"}); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "different command lines") {
		t.Errorf("%v", err)
	}
	if err := CheckFormats([]string{"tar", "docker", "kernel+squashfs", "raw-efi-verity", "qcow2-efi-verity"}); err != nil {
		t.Errorf("%v", err)
	}
	if got := WithParameters(" a  b\n", "roothash=00"); got != "a  b roothash=00" {
		t.Errorf("%q", got)
	}
	if got := WithParameters(" a\n", ""); got != " a\n" {
		t.Errorf("%q", got)
	}
}
