package fromimage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/petest"
	"github.com/seaworthy-os/seaworthy/pipeline/fromimage"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const spec = `{"ociVersion":"1.0.2","process":{"args":["/bin/web"],"cwd":"/","user":{"uid":7,"gid":7}},"root":{"path":"rootfs","readonly":true},"linux":{}}`

// linuxkit is the root of a system in the layout of LinuxKit.
var linuxkit = map[string]string{
	"init": "#!/bin/sh\n", "etc/os-release": "ID=linuxkit\nPRETTY_NAME=LinuxKit\n", "etc/shadow": "root::1:0:99999:7:::\n",
	"lib/modules/6.6.13-linuxkit/modules.dep":             "",
	"containers/onboot/000-sysctl/config.json":            strings.ReplaceAll(spec, "web", "sysctl"),
	"containers/onboot/000-sysctl/rootfs/bin/sysctl":      "program",
	"containers/services/web/config.json":                 spec,
	"containers/services/web/runtime.json":                `{"mounts":[{"destination":"/containers/services/web/rootfs","source":"/containers/services/web/rootfs","options":["bind"]},{"destination":"/run/x","type":"tmpfs","source":"tmpfs"}]}`,
	"containers/services/web/rootfs/bin/web":              "program",
	"containers/services/web/rootfs/lib/apk/db/installed": "P:web\nV:1.2-r3\nA:x86_64\nL:MIT\n\n",
	"containers/services/web/rootfs/etc/apk/world":        "web\n",
}

// kernel is a program with the header of a bzImage.
func kernel() string {
	b := petest.Program("amd64", 5000)
	copy(b[0x1fe:], "\x55\xaa")
	copy(b[0x202:], "HdrS")
	b[0x20e], b[0x20f] = 0, 1
	b[0x236] = 1
	copy(b[0x300:], "6.6.13-linuxkit (root@example.test) #1 SMP\x00")
	return string(b)
}

// folder writes files below DIR/tree, and the kernel and the command line beside it.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, content := range files {
		write("tree/"+name, content)
	}
	write("os-kernel", kernel())
	write("os-cmdline", "console=ttyS0 quiet\n")
	return dir
}

// tool runs commands in a folder, or skips the test.
func tool(t *testing.T, dir string, commands ...string) {
	t.Helper()
	for _, command := range commands {
		name := strings.Fields(strings.TrimPrefix(command, "cd tree && find . | LC_ALL=C sort | "))[0]
		if _, err := exec.LookPath(name); err != nil {
			t.Skip(name, "is not installed")
		}
		cmd := exec.Command("sh", "-c", command)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "MTOOLS_SKIP_CHECK=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
	}
}

const cpio = "cd tree && find . | LC_ALL=C sort | cpio --quiet -o -H newc"

// factsOf are the facts of image files.
func factsOf(t *testing.T, dir string, names ...string) *facts.Facts {
	t.Helper()
	f, err := read(t, dir, names...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func read(t *testing.T, dir string, names ...string) (*facts.Facts, error) {
	t.Helper()
	for i := range names {
		names[i] = filepath.Join(dir, names[i])
	}
	im, err := fromimage.Open(names, "", nil)
	if err != nil {
		return nil, err
	}
	defer im.Close()
	sys, err := im.System(t.Context())
	if err != nil {
		return nil, err
	}
	scan := scanner.New(scanner.Options{TempDir: t.TempDir()})
	defer scan.Close()
	if err := im.Scan(t.Context(), scan); err != nil {
		return nil, err
	}
	f, err := scan.Facts(t.Context(), sys)
	if err != nil {
		return nil, err
	}
	im.Facts(f, nil)
	return f, nil
}

func ids(f *facts.Facts) string {
	var out []string
	for _, c := range f.Components {
		out = append(out, c.ID)
	}
	return strings.Join(out, " ")
}

func unknown(f *facts.Facts, input string) bool {
	return slices.ContainsFunc(f.FromImage.Unknown, func(n facts.NotSaid) bool { return n.Input == input })
}

func component(t *testing.T, f *facts.Facts, id string) facts.Component {
	t.Helper()
	i := slices.IndexFunc(f.Components, func(c facts.Component) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("no %s in %s", id, ids(f))
	}
	return f.Components[i]
}

// One system, as other people's tools write it: the same containers, packages and
// accounts are found in each image.
func TestImagesOfTools(t *testing.T) {
	t.Parallel()
	const esp = "mkfs.vfat -C -F 32 -n ESP esp 40960"
	for name, c := range map[string]struct {
		commands, files []string
		// line and kernel: the image says them.
		line, kernel bool
	}{
		"kernel+initrd": {[]string{cpio + " | gzip -c > ../os-initrd.img"}, []string{"os-kernel", "os-initrd.img", "os-cmdline"}, true, true},
		"initrd zstd":   {[]string{cpio + " > ../plain", "zstd -q plain -o initrd"}, []string{"initrd"}, false, false},
		"tar":           {[]string{"cp os-kernel tree/kernel", "tar -cf os.tar -C tree ."}, []string{"os.tar"}, false, true},
		"squashfs":      {[]string{"mksquashfs tree root.img -quiet -no-progress -no-xattrs"}, []string{"root.img"}, false, false},
		"ext4":          {[]string{"/usr/sbin/mke2fs -q -t ext4 -d tree root.img 16M"}, []string{"root.img"}, false, false},
		"disk with ext4": {[]string{"mkdir -p tree/boot/grub && cp os-kernel tree/boot/vmlinuz-6.6 && printf 'menuentry l {\\nlinux /boot/vmlinuz-6.6 quiet\\n}\\n' > tree/boot/grub/grub.cfg",
			"/usr/sbin/mke2fs -q -t ext4 -d tree part 12M", "truncate -s 16M os.img && sgdisk -n 1:2048:+12M -t 1:8300 os.img && dd if=part of=os.img bs=1M seek=1 conv=notrunc status=none"}, []string{"os.img"}, true, true},
		"ISO of xorriso": {[]string{cpio + " | gzip -c > ../initrd.img", "mkdir -p iso/isolinux && mv initrd.img iso/ && cp os-kernel iso/kernel",
			"printf 'DEFAULT l\\nLABEL l\\n KERNEL /kernel\\n INITRD /initrd.img\\n APPEND quiet\\n' > iso/isolinux/isolinux.cfg",
			"xorriso -as mkisofs -quiet -R -o os.iso -b kernel -no-emul-boot iso"}, []string{"os.iso"}, true, true},
		"disk of sgdisk": {[]string{cpio + " | gzip -c > ../initrd.img", esp, "printf 'menuentry l {\\nlinux /kernel quiet\\n}\\n' > grub.cfg",
			"mcopy -i esp os-kernel ::/kernel && mcopy -i esp initrd.img ::/initrd.img && mcopy -i esp grub.cfg ::/grub.cfg",
			"truncate -s 48M os.img && sgdisk -n 1:2048:+41M -t 1:ef00 os.img && dd if=esp of=os.img bs=1M seek=1 conv=notrunc status=none"}, []string{"os.img"}, true, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, linuxkit)
			tool(t, dir, c.commands...)
			f := factsOf(t, dir, c.files...)
			want := "init/root onboot/sysctl services/web"
			if c.kernel {
				want = "kernel " + want
			}
			if ids(f) != want {
				t.Errorf("components %s, want %s", ids(f), want)
			}
			if unknown(f, "command line") == c.line || unknown(f, "kernel") == c.kernel {
				t.Errorf("unknown: %+v", f.FromImage.Unknown)
			}
			if c.line && !strings.Contains(f.Cmdline.Raw, "quiet") {
				t.Errorf("command line %q", f.Cmdline.Raw)
			}
			if unknown(f, "spec") || unknown(f, "files") || !unknown(f, "image") || !unknown(f, "os.yml") || !f.Boot.Present {
				t.Errorf("unknown: %+v", f.FromImage.Unknown)
			}
			web := component(t, f, "services/web")
			if len(web.SBOM.Packages) != 1 || web.SBOM.Packages[0].Name != "web" || web.Program.State != "found" || !web.ReadOnly {
				t.Errorf("%+v %+v", web.SBOM.Packages, web.Program)
			}
			if o := web.Origins; o["runtime:/mounts/0"].Layer != "default" || o["runtime:/mounts/1"].Layer != "" {
				t.Errorf("%+v", o)
			}
			if root := component(t, f, "init/root"); !slices.Equal(root.Files.EmptyPasswords, []string{"root"}) {
				t.Errorf("%+v", root.Files)
			}
		})
	}
}

// A distribution without LinuxKit's layout: its files are known, and the permissions
// of its programs are not.
func TestDistribution(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"etc/os-release": "ID=debian\n", "etc/shadow": "root::1:0:99999:7:::\n"})
	tool(t, dir, "mksquashfs tree root.img -quiet -no-progress -no-xattrs")
	f := factsOf(t, dir, "root.img")
	if ids(f) != "init/root" || !unknown(f, "spec") || !unknown(f, "sysctls") || unknown(f, "files") {
		t.Errorf("%s %+v", ids(f), f.FromImage.Unknown)
	}
}

// What cannot be read is unknown, and nothing is guessed.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	t.Run("ext4 root", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, linuxkit)
		tool(t, dir, "truncate -s 16M os.img && sgdisk -n 1:2048:+12M -t 1:8300 os.img", "truncate -s 12M part && mkfs.ext4 -q part && dd if=part of=os.img bs=1M seek=1 conv=notrunc status=none")
		f := factsOf(t, dir, "os.img")
		if ids(f) != "" || !unknown(f, "files") || !unknown(f, "sbom") || !unknown(f, "spec") || !unknown(f, "kernel") || !unknown(f, "command line") {
			t.Errorf("%s %+v", ids(f), f.FromImage.Unknown)
		}
	})
	t.Run("ext4 and another partition", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, linuxkit)
		tool(t, dir, "/usr/sbin/mke2fs -q -t ext4 -d tree root 12M", "/usr/sbin/mke2fs -q -t ext4 var 4M", "truncate -s 20M os.img && sgdisk -n 1:2048:+12M -n 2:0:+4M os.img",
			"dd if=root of=os.img bs=1M seek=1 conv=notrunc status=none", "dd if=var of=os.img bs=1M seek=13 conv=notrunc status=none")
		if f := factsOf(t, dir, "os.img"); ids(f) != "" || !unknown(f, "files") || !strings.Contains(fmt.Sprint(f.FromImage.Unknown), "can be in partition 2") {
			t.Errorf("%s %+v", ids(f), f.FromImage.Unknown)
		}
	})
	t.Run("attributes", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, map[string]string{"a": "a"})
		tool(t, dir, "setfattr -n user.a -v b tree/a", "mksquashfs tree root.img -quiet -no-progress -xattrs")
		if f := factsOf(t, dir, "root.img"); ids(f) != "" || !unknown(f, "files") {
			t.Errorf("%s %+v", ids(f), f.FromImage.Unknown)
		}
	})
	t.Run("two command lines", func(t *testing.T) {
		t.Parallel()
		dir := folder(t, linuxkit)
		tool(t, dir, cpio+" > ../os-initrd.img", "echo debug > b-cmdline")
		if f := factsOf(t, dir, "os-initrd.img", "os-cmdline", "b-cmdline"); !unknown(f, "command line") || f.Cmdline.Raw != "" {
			t.Errorf("%q %+v", f.Cmdline.Raw, f.FromImage.Unknown)
		}
	})
}

// An image that contradicts itself is not judged.
func TestHostile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ command, want string }{
		"duplicate member":   {`printf '{"process":{},"process":{}}' > tree/containers/services/web/config.json`, "not a valid runtime spec"},
		"root elsewhere":     {`sed -i 's|"path":"rootfs"|"path":"../../../etc"|' tree/containers/services/web/config.json`, "is not a folder of the image"},
		"runtime not JSON":   {`echo x > tree/containers/services/web/runtime.json`, "not a valid runtime spec"},
		"link in the middle": {`rm -r tree/containers/services/web/rootfs/bin && ln -s /etc tree/containers/services/web/rootfs/bin`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t, linuxkit)
			tool(t, dir, c.command, cpio+" > ../initrd")
			_, err := read(t, dir, "initrd")
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

// A later entry replaces an earlier one, as in the kernel, and is the one that is
// judged.
func TestLaterArchiveWins(t *testing.T) {
	t.Parallel()
	dir := folder(t, linuxkit)
	tool(t, dir, cpio+" > ../first", "rm -r tree && mkdir -p tree/etc && echo 'root:*:1:0:99999:7:::' > tree/etc/shadow", cpio+" > ../second", "cat first second > initrd")
	root := component(t, factsOf(t, dir, "initrd"), "init/root")
	if len(root.Files.EmptyPasswords) != 0 {
		t.Errorf("%q", root.Files.EmptyPasswords)
	}
}

func TestRecognised(t *testing.T) {
	t.Parallel()
	dir := folder(t, nil)
	for name, c := range map[string]struct {
		content string
		want    bool
	}{
		"os.yml": {"070701" + strings.Repeat("0", 200), false}, "os.YAML": {string(petest.Program("amd64", 100)), false}, "initrd": {"070701" + strings.Repeat("0", 200), true},
		"text": {"kernel:\n  image: x\n", false}, "empty": {"", false}, "k": {kernel(), true},
	} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := fromimage.Recognised(p); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	for _, p := range []string{dir, filepath.Join(dir, "missing"), "-"} {
		if fromimage.Recognised(p) {
			t.Error(p)
		}
	}
}

func TestKernel(t *testing.T) {
	t.Parallel()
	dir := folder(t, nil)
	im, err := fromimage.Open([]string{filepath.Join(dir, "os-kernel"), filepath.Join(dir, "os-cmdline")}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer im.Close()
	if err := im.Kernel(t.Context(), func(r io.Reader, line *string) error {
		b, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(b, []byte(kernel())) || line == nil || *line != "console=ttyS0 quiet" {
			t.Errorf("%d bytes, %v, %v", len(b), line, err)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if im.Arch() != "amd64" {
		t.Error(im.Arch())
	}
}

// FuzzInitrd reads any bytes as the root of an image. Nothing may panic, and facts are
// valid JSON.
func FuzzInitrd(f *testing.F) {
	f.Add([]byte("070701" + strings.Repeat("0", 104)))
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "initrd"), append([]byte("070701"), b...), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := read(t, dir, "initrd")
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil {
			t.Fatal(err)
		}
	})
}
