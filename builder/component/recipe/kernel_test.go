package recipe

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func ko(fields ...string) string { return elfFile(elf.ET_REL, fields, "") }

const modDir = "./lib/modules/6.1.0-test/"

// kernelArchive has the chain virtio_net → net_failover → failover, the module
// virtio, a soft dependency by alias, and a compressed module.
func kernelArchive(t testing.TB, extra ...tarEntry) *archive {
	a := newArchive(t)
	a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "linux-image-6.1", "6.1-1", "", append([]tarEntry{
		{name: "./boot/vmlinuz-6.1.0-test", content: "kernel!", mode: 0o600},
		{name: "./boot/config-6.1.0-test", content: "CONFIG_X=y\n"},
		{name: "./boot/System.map-6.1.0-test", content: "map"},
		{name: modDir + "modules.builtin", content: "kernel/fs/ext4/ext4.ko\n"},
		{name: modDir + "modules.order", content: "kernel/a.ko\n"},
		{name: modDir + "kernel/drivers/net/virtio_net.ko", content: ko("license=GPL", "depends=net_failover,virtio", "alias=virtio:d00000001v*")},
		{name: modDir + "kernel/drivers/net/net-failover.ko.xz", content: string(compress(t, ".xz", []byte(ko("depends=failover"))))},
		{name: modDir + "kernel/net/core/failover.ko", content: ko("depends=")},
		{name: modDir + "kernel/drivers/virtio/virtio.ko", content: ko("depends=")},
		{name: modDir + "kernel/fs/btrfs.ko", content: ko("depends=", "softdep=pre: crypto-crc32c gone", "alias=fs-btrfs")},
		{name: modDir + "kernel/crypto/crc32c_intel.ko", content: ko("depends=", "alias=crypto-crc32c")},
		{name: modDir + "kernel/sound/snd.ko", content: ko("depends=")},
	}, extra...)...)
	return a
}

const kernelRecipe = `
name: kernel
version: "6.1"
debian: {packages: ["linux-image-{arch}"]}
kernel:
  modules: ["virtio*", btrfs, ext4]
  optional: [absent]
`

func TestKernel(t *testing.T) {
	t.Parallel()
	layout := t.TempDir()
	const dtb = "broadcom/bcm2837-rpi-3-b.dtb"
	a := kernelArchive(t, tarEntry{name: "./usr/lib/linux-image-6.1.0-test/" + dtb, content: "device tree"})
	res, err := tryBuild(t, a, layout, strings.Replace(kernelRecipe, "{arch}", "6.1", 1))
	if err != nil {
		t.Fatal(err)
	}
	_, lines, contents := image(t, layout, res.Manifest)
	top := ""
	for _, l := range lines {
		if !strings.Contains(l, "/") {
			top += l + "\n"
		}
	}
	if top != "0 0644 0:0 config\n0 0644 0:0 kernel\n0 0644 0:0 kernel.tar\n" || contents["kernel"] != "kernel!" || contents["config"] != "CONFIG_X=y\n" {
		t.Errorf("%s", strings.Join(lines, "\n"))
	}
	inner, files := untar(t, []byte(contents["kernel.tar"]))
	if files["boot/dtb/"+dtb] != "device tree" {
		t.Errorf("no device tree in kernel.tar: %q", inner)
	}
	mods := ""
	for _, l := range inner {
		if l[0] == '0' && !strings.HasSuffix(l, dtb) {
			mods += strings.TrimPrefix(strings.Fields(l)[3], modDir[2:]) + "\n"
		}
	}
	if want := "kernel/crypto/crc32c_intel.ko\nkernel/drivers/net/net-failover.ko\nkernel/drivers/net/virtio_net.ko\nkernel/drivers/virtio/virtio.ko\n" +
		"kernel/fs/btrfs.ko\nkernel/net/core/failover.ko\nmodules.alias\nmodules.builtin\nmodules.dep\nmodules.order\nmodules.softdep\n"; mods != want {
		t.Errorf("modules:\n%s", mods)
	}
	for name, want := range map[string]string{
		"modules.dep": "kernel/crypto/crc32c_intel.ko:\n" +
			"kernel/drivers/net/net-failover.ko: kernel/net/core/failover.ko\n" +
			"kernel/drivers/net/virtio_net.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/net/net-failover.ko kernel/net/core/failover.ko\n" +
			"kernel/drivers/virtio/virtio.ko:\nkernel/fs/btrfs.ko:\nkernel/net/core/failover.ko:\n",
		"modules.alias": "# Aliases extracted from modules themselves.\nalias crypto-crc32c crc32c_intel\n" +
			"alias virtio:d00000001v* virtio_net\nalias fs-btrfs btrfs\n",
		"modules.softdep": "# Soft dependencies extracted from modules themselves.\nsoftdep btrfs pre: crypto-crc32c gone\n",
	} {
		if got := files[modDir[2:]+name]; got != want {
			t.Errorf("%s:\n%s", name, got)
		}
	}
	sums := contents["var/lib/dpkg/info/linux-image-6.1.md5sums"]
	for _, name := range []string{"  kernel\n", "  config\n", "  lib/modules/6.1.0-test/kernel/drivers/net/net-failover.ko\n"} {
		if !strings.Contains(sums, name) {
			t.Errorf("package list lacks %q:\n%s", name, sums)
		}
	}
	if strings.Contains(sums, "snd.ko") || strings.Contains(sums, "System.map") {
		t.Errorf("package list names what the image lacks:\n%s", sums)
	}
}

func TestKernelErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		extra        tarEntry
		recipe, want string
		kind         error
	}{
		"missing module":     {tarEntry{}, strings.Replace(kernelRecipe, "btrfs", "xfs", 1), `component.yml:6:24: this kernel has no module "xfs", and it is not built in`, system.ErrInput},
		"broken dependency":  {tarEntry{name: modDir + "a.ko", content: ko("depends=gone")}, strings.Replace(kernelRecipe, "btrfs", "a", 1), "depends on gone", system.ErrUnusable},
		"not a module":       {tarEntry{name: modDir + "a.ko", content: "text"}, kernelRecipe, "kernel module lib/modules", system.ErrUnusable},
		"ELF, but no module": {tarEntry{name: modDir + "a.ko", content: elfFile(elf.ET_REL, nil, "")}, kernelRecipe, "the section .modinfo is missing", system.ErrUnusable},
		"one name twice":     {tarEntry{name: modDir + "x/virtio.ko", content: ko("depends=")}, kernelRecipe, "have the same name", system.ErrUnusable},
		"two kernels":        {tarEntry{name: "./boot/vmlinuz-7", content: "k"}, kernelRecipe, "two kernels", system.ErrUnusable},
		"no kernel":          {tarEntry{}, kernelRecipe + "exclude: [boot]\n", "do not contain boot/vmlinuz", system.ErrUnusable},
		"no config":          {tarEntry{}, kernelRecipe + "exclude: [boot/config-*]\n", "do not contain boot/config-6.1.0-test", system.ErrUnusable},
	} {
		a := kernelArchive(t)
		if c.extra.name != "" {
			a = kernelArchive(t, c.extra)
		}
		_, err := tryBuild(t, a, t.TempDir(), strings.Replace(c.recipe, "{arch}", "6.1", 1))
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// If /lib is a link, packages contain usr/lib/modules.
func TestKernelBelowUsr(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.add(t, osRelease, "13", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "linux", "1", "", tarEntry{name: "./boot/vmlinuz-9", content: "k"}, tarEntry{name: "./boot/config-9", content: "c"},
		tarEntry{name: "./usr/lib/modules/9/", typ: tar.TypeDir, mode: 0o755}, tarEntry{name: "./usr/lib/modules/9/kernel/a.ko", content: ko("depends=")})
	layout := t.TempDir()
	res, err := tryBuild(t, a, layout, "name: k\nversion: \"1\"\ndebian: {packages: [linux]}\nkernel: {}\n")
	if err != nil {
		t.Fatal(err)
	}
	_, _, contents := image(t, layout, res.Manifest)
	if _, files := untar(t, []byte(contents["kernel.tar"])); files["lib/modules/9/modules.dep"] != "kernel/a.ko:\n" {
		t.Errorf("%q", files)
	}
}

// A library may be needed under a path that is not that of its package.
func TestInterpreterBelowUsr(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	a.add(t, osRelease, "13", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "tool", "1", "", tarEntry{name: "./usr/bin/tool", content: elfFile(elf.ET_DYN, nil, "/lib64/ld.so.2"), mode: 0o755},
		tarEntry{name: "./usr/lib64/ld.so.2", content: elfFile(elf.ET_DYN, nil, ""), mode: 0o755})
	layout := t.TempDir()
	res, err := tryBuild(t, a, layout, "name: k\nversion: \"1\"\ndebian: {packages: [tool]}\ninclude: [usr/bin]\nlibraries: true\n")
	if err != nil {
		t.Fatal(err)
	}
	_, lines, _ := image(t, layout, res.Manifest)
	all := strings.Join(lines, "\n")
	if !strings.Contains(all, "2 0777 0:0 lib64/ld.so.2 /usr/lib64/ld.so.2") || !strings.Contains(all, "0 0755 0:0 usr/lib64/ld.so.2") {
		t.Errorf("%s", all)
	}
}

// TestLibraryFolder: a program finds its own libraries in a folder that it names, and
// no other program does.
func TestLibraryFolder(t *testing.T) {
	t.Parallel()
	const own = "./usr/lib/x86_64-linux-gnu/tool/"
	for runpath, want := range map[string]string{
		"/usr/lib/x86_64-linux-gnu/tool":                    "",
		"/nonexistent:$ORIGIN/../lib/x86_64-linux-gnu/tool": "",
		"/usr/lib/x86_64-linux-gnu:${ORIGIN}/../lib/tool":   "libown.so.1, which is in no package",
		"usr/lib/x86_64-linux-gnu/tool":                     "libown.so.1, which is in no package",
	} {
		a := newArchive(t)
		a.add(t, osRelease, "13", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
		a.add(t, "tool", "1", "",
			tarEntry{name: "./usr/bin/tool", content: elfFile(elf.ET_DYN, nil, "", "libown.so.1", "RUNPATH="+runpath), mode: 0o755},
			tarEntry{name: own + "libown.so.1", content: elfFile(elf.ET_DYN, nil, "")},
			tarEntry{name: own + "libspare.so.1", content: elfFile(elf.ET_DYN, nil, "")})
		layout := t.TempDir()
		res, err := tryBuild(t, a, layout, "name: k\nversion: \"1\"\ndebian: {packages: [tool]}\ninclude: [usr/bin]\nlibraries: true\n")
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %s", runpath, err, want)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_, lines, _ := image(t, layout, res.Manifest)
		all := strings.Join(lines, "\n")
		if !strings.Contains(all, "usr/lib/x86_64-linux-gnu/tool/libown.so.1") || strings.Contains(all, "libspare") {
			t.Errorf("%s: %s", runpath, all)
		}
	}
}

// TestLibraryOpened: a library of a program can need another one that the recipe includes,
// in a folder where only this program finds it. A program itself cannot.
func TestLibraryOpened(t *testing.T) {
	t.Parallel()
	const own = "./usr/lib/java/"
	for name, want := range map[string]string{"usr/lib/java/libzip.so": "", "usr/bin/tool": "tool needs libjvm.so, which is in no package"} {
		a := newArchive(t)
		a.add(t, osRelease, "13", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
		a.add(t, "tool", "1", "",
			tarEntry{name: "./" + name, content: elfFile(elf.ET_DYN, nil, "", "libjvm.so"), mode: 0o755},
			tarEntry{name: own + "server/libjvm.so", content: elfFile(elf.ET_DYN, nil, "")})
		for _, include := range []string{name, name + ", usr/lib/java/server/libjvm.so"} {
			_, err := tryBuild(t, a, t.TempDir(), "name: k\nversion: \"1\"\ndebian: {packages: [tool]}\ninclude: ["+include+"]\nlibraries: true\n")
			fails := want
			if fails == "" && include == name {
				fails = "libzip.so needs libjvm.so, which is in no package"
			}
			if (err == nil) != (fails == "") || err != nil && !strings.Contains(err.Error(), fails) {
				t.Errorf("%s: %v, want %q", include, err, fails)
			}
		}
	}
}

func FuzzModinfo(f *testing.F) {
	f.Add([]byte(ko("depends=a,b", "alias=x", "softdep=pre: y")))
	f.Add([]byte(elfFile(elf.ET_DYN, nil, "/lib/ld.so", "libc.so.6")))
	if self, err := os.ReadFile("/proc/self/exe"); err == nil && len(self) > 4096 {
		f.Add(self[:4096])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &module{}
		if readModinfo(bytes.NewReader(data), m) == nil {
			for _, d := range m.depends {
				if d == "" || strings.ContainsAny(d, ",\n\x00") {
					t.Fatalf("dependency %q", d)
				}
			}
		}
		_, _, _, _ = dynamic(bytes.NewReader(data))
	})
}
