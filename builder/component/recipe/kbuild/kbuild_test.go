package kbuild

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// fakeMakefile does what the kernel's Makefile does, as far as this package uses it: it
// makes a kernel from the configuration, the seed, the folder and the environment.
const fakeMakefile = `
allnoconfig:
	grep -v DROPPED $(KCONFIG_ALLCONFIG) > .config
$(if $(filter x86_64,$(ARCH)),bzImage,Image):
	@test ! -e broken.c || { cat broken.c >&2; exit 1; }
	mkdir -p arch/x86/boot
	sh scripts/gen-randstruct-seed.sh seed seed.h
	{ cat main.c .config seed seed.h; env | grep ^KBUILD_ | sort; echo $(KCFLAGS) | sed "s#$$PWD##"; } > arch/x86/boot/bzImage
	echo kernel/fs/ext4/ext4.ko > modules.builtin
	echo ext4.license=GPL > modules.builtin.modinfo
	printf 'savedcmd_main.o := clang-16 -c main.c\n\nsource_main.o := main.c\n\ndeps_main.o := \\\n    $$(wildcard include/config/X) \\\n  include/used.h \\\n  include/link.h \\\n  include/generated/autoconf.h \\\n  /usr/lib/llvm/stddef.h \\\n\nmain.o: $$(deps_main.o)\n' > .main.o.cmd
	printf 'source_scripts/host := scripts/host.c\n' > scripts/.host.o.cmd
kernelrelease:
	@echo 6.12.117-test
`

type entry struct{ name, content, link string }

var source = []entry{
	{"Makefile", fakeMakefile, ""}, {"main.c", "int main;\n", ""}, {"include/used.h", "used", ""}, {"include/unused.h", "unused", ""},
	{"scripts/gen-randstruct-seed.sh", "#!/bin/sh\nexit 1\n", ""}, {"scripts/host.c", "host", ""}, {"link.c", "", "main.c"}, {"include/link.h", "", "behind.h"}, {"include/behind.h", "", ""},
	{"arch/x86/Kconfig", "", ""}, {"arch/x86/entry.S", "", ""}, {"arch/mips/Kconfig", "", ""}, {"arch/mips/entry.S", "", ""}, {"arch/Kconfig", "", ""},
	{"arch/um/scripts/Makefile.rules", "", ""}, {"arch/um/main.c", "", ""},
	{"Documentation/Kconfig", "", ""}, {"Documentation/index.rst", "", ""}, {"Documentation/kbuild/Kconfig.text", "", ""},
}

func archive(t testing.TB, entries ...entry) io.Reader {
	t.Helper()
	var b bytes.Buffer
	x, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	tw := tar.NewWriter(x)
	dirs := map[string]bool{}
	for _, e := range entries {
		for dir := filepath.Dir("linux/" + e.name); dir != "." && !dirs[dir]; dir = filepath.Dir(dir) {
			dirs[dir] = true
		}
	}
	for dir := range dirs {
		if err := tw.WriteHeader(&tar.Header{Name: dir + "/", Typeflag: tar.TypeDir, Mode: 0o755}); err != nil {
			t.Fatal(err)
		}
	}
	for _, e := range entries {
		h := &tar.Header{Name: "linux/" + e.name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(e.content))}
		if e.link != "" {
			h.Typeflag, h.Linkname = tar.TypeSymlink, e.link
		}
		if err := errors.Join(tw.WriteHeader(h), write(tw, e.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(tw.Close(), x.Close()); err != nil {
		t.Fatal(err)
	}
	return &b
}

func write(w io.Writer, text string) error {
	_, err := io.WriteString(w, text)
	return err
}

var (
	base   = Config{"base.config", []byte("# What the machine needs.\nCONFIG_A=y\nCONFIG_TEXT=\"x\"\n")}
	policy = Config{"policy.config", []byte("CONFIG_B=y\n# CONFIG_C is not set\nCONFIG_DROPPED=y\n")}
)

// project needs no compiler: the fake Makefile calls none.
func project(t testing.TB, base, policy Config) *Project {
	t.Helper()
	for _, tool := range []string{"make", "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	p, err := join([]Config{base}, policy)
	if err != nil {
		t.Fatal(err)
	}
	return &Project{Inputs{"amd64", []Config{base}, policy, "clang-16"}, p, &toolchain{[]string{"CC=none"}, []string{"clang 16.0.6"}}}
}

func ignore(string) {}

func TestBuild(t *testing.T) {
	p := project(t, base, policy)
	var kernels []*Kernel
	for range 2 { // two folders, and another environment
		t.Setenv("KBUILD_BUILD_USER", t.TempDir())
		t.Setenv("TMPDIR", t.TempDir())
		k, err := p.Build(context.Background(), archive(t, source...), "sha256:1", t.TempDir(), ignore)
		if err != nil {
			t.Fatal(err)
		}
		kernels = append(kernels, k)
		left, err := os.ReadDir(os.Getenv("TMPDIR"))
		if err != nil || len(left) > 0 {
			t.Errorf("left in the temporary folder: %v %v", left, err)
		}
	}
	k := kernels[0]
	if !bytes.Equal(k.Image, kernels[1].Image) {
		t.Errorf("two builds differ:\n%s\n%s", k.Image, kernels[1].Image)
	}
	key := p.Key("sha256:1")
	for _, want := range []string{"int main;", "CONFIG_A=y", p.seed("sha256:1"), "KBUILD_BUILD_USER=seaworthy", "RANDSTRUCT_HASHED_SEED", "-ffile-prefix-map=/="} {
		if !strings.Contains(string(k.Image), want) {
			t.Errorf("the kernel was made without %q:\n%s", want, k.Image)
		}
	}
	if k.Inputs != key || k.Release != "6.12.117-test" || string(k.Builtin) != "kernel/fs/ext4/ext4.ko\n" || strings.Join(k.Dropped, " ") != "CONFIG_DROPPED" {
		t.Errorf("%+v", k)
	}
	if string(k.Sources) != "include/behind.h\ninclude/used.h\nmain.c\n" {
		t.Errorf("compiled files:\n%s", k.Sources)
	}
	const code = "arch/mips/entry.S\narch/um/main.c\narch/x86/entry.S\ninclude/behind.h\ninclude/unused.h\ninclude/used.h\nmain.c\nscripts/host.c\n"
	if string(k.Code) != code {
		t.Errorf("files of the source:\n%s", k.Code)
	}
}

func TestCache(t *testing.T) {
	p, cache := project(t, base, policy), t.TempDir()
	first, err := p.Build(context.Background(), archive(t, source...), "sha256:1", cache, ignore)
	if err != nil {
		t.Fatal(err)
	}
	again, err := p.Build(context.Background(), strings.NewReader("not read"), "sha256:1", cache, ignore)
	if err != nil || !bytes.Equal(again.Image, first.Image) || !bytes.Equal(again.Config, first.Config) || !bytes.Equal(again.Sources, first.Sources) || !bytes.Equal(again.Code, first.Code) ||
		again.Release != first.Release || strings.Join(again.Dropped, " ") != "CONFIG_DROPPED" {
		t.Errorf("the cache gave %+v, %v", again, err)
	}
	if _, err := p.Build(context.Background(), strings.NewReader("no archive"), "sha256:2", cache, ignore); err == nil {
		t.Error("another source got the kernel of the cache")
	}
	// A damaged entry is made again.
	entries, err := filepath.Glob(filepath.Join(cache, "*", "image"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v %v", entries, err)
	}
	if err := os.Remove(entries[0]); err != nil {
		t.Fatal(err)
	}
	if again, err = p.Build(context.Background(), archive(t, source...), "sha256:1", cache, ignore); err != nil || !bytes.Equal(again.Image, first.Image) {
		t.Errorf("a damaged entry: %v", err)
	}
}

// Every input changes the key.
func TestKey(t *testing.T) {
	t.Parallel()
	change := map[string]func(*Project){
		"nothing": func(*Project) {}, "base": func(p *Project) { p.parts.base[0].value = "n" }, "policy": func(p *Project) { p.parts.policy = nil },
		"arch": func(p *Project) { p.in.Arch = "arm64" }, "compiler": func(p *Project) { p.in.Compiler = "clang-19" },
		"version": func(p *Project) { p.tools = &toolchain{versions: []string{"clang 16.0.7"}} },
	}
	seen := map[string]string{}
	for name, f := range change {
		p := project(t, base, policy)
		f(p)
		if other, twice := seen[p.Key("sha256:1")]; twice {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[p.Key("sha256:1")] = name
	}
	if p := project(t, base, policy); p.Key("sha256:1") == p.Key("sha256:2") {
		t.Error("the source is not in the key")
	}
	commented := Config{base.Name, append([]byte("# a comment\n\n"), base.Data...)}
	if project(t, base, policy).Key("sha256:1") != project(t, commented, policy).Key("sha256:1") {
		t.Error("a comment changes the key")
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		add  []entry
		want string
	}{
		"compiler":     {[]entry{{"broken.c", "main.c:1: error: no", ""}}, "main.c:1: error: no"},
		"link outside": {[]entry{{"evil", "", "../../etc"}}, "would leave the folder"},
		"absolute":     {[]entry{{"evil", "", "/etc"}}, "would leave the folder"},
		"twice":        {[]entry{{"main.c", "x", ""}}, "exists"},
		"dots":         {[]entry{{"a/../../../evil", "x", ""}}, "would leave the folder"},
	} {
		cache := t.TempDir()
		_, err := project(t, base, policy).Build(context.Background(), archive(t, append(append([]entry{}, source...), c.add...)...), "sha256:1", cache, ignore)
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, system.ErrUnusable) {
			t.Errorf("%s: %v", name, err)
		}
		if left, _ := os.ReadDir(cache); len(left) > 0 {
			t.Errorf("%s: the cache has %v", name, left)
		}
	}
}

func TestUnread(t *testing.T) {
	t.Parallel()
	project(t, base, policy) // skips without xz
	dir := t.TempDir()
	files, err := unpack(context.Background(), archive(t, source...), dir, "x86")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"arch/x86/entry.S": true, "arch/mips/entry.S": false, "arch/mips/Kconfig": true, "arch/Kconfig": true,
		"arch/um/scripts/Makefile.rules": true, "arch/um/main.c": false,
		"Documentation/Kconfig": true, "Documentation/index.rst": false, "main.c": true} {
		if _, err := os.Stat(filepath.Join(dir, name)); (err == nil) != want || files[name] != want {
			t.Errorf("%s: %v, listed %v", name, err, files[name])
		}
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ base, policy, want string }{
		"contradiction": {"\nCONFIG_C=y\n", string(policy.Data), "base.config:2:1: CONFIG_C=y contradicts the policy: policy.config:2 has n"},
		"twice":         {"CONFIG_A=y\nCONFIG_A=n\n", "", "base.config:2:1: CONFIG_A is also in line 1"},
		"module":        {"CONFIG_A=m\n", "", `base.config:1:1: "CONFIG_A=m" is not an option`},
		"other text":    {"CONFIG_A=\"$(shell x)\\\"\n", "", "base.config:1:1"},
		"no option":     {"a line\n", "", "base.config:1:1"},
	} {
		_, err := join([]Config{{"base.config", []byte(c.base)}}, Config{"policy.config", []byte(c.policy)})
		if err == nil || !strings.Contains(err.Error(), c.want) || !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What Kconfig changes is an error, but it may drop an option of the policy.
func TestKept(t *testing.T) {
	t.Parallel()
	p, err := join([]Config{{"base.config", []byte("CONFIG_A=y\nCONFIG_N=n\nCONFIG_TEXT=\"x\"\n")}}, policy)
	if err != nil {
		t.Fatal(err)
	}
	for result, want := range map[string]string{
		"CONFIG_A=y\nCONFIG_TEXT=\"x\"\nCONFIG_B=y\nCONFIG_DROPPED=y\n": "",
		"CONFIG_A=y\nCONFIG_TEXT=\"x\"\n# CONFIG_C is not set\n":        "",
		"CONFIG_TEXT=\"x\"\n":                                                              "base.config:1:1: Kconfig does not keep CONFIG_A=y: the result is not set",
		"CONFIG_A=y\nCONFIG_TEXT=\"y\"\n":                                                  `CONFIG_TEXT="x": the result is "y"`,
		"CONFIG_A=y\nCONFIG_N=y\nCONFIG_TEXT=\"x\"\n":                                      "CONFIG_N=n: the result is y",
		"CONFIG_A=y\nCONFIG_TEXT=\"x\"\nCONFIG_C=y\n":                                      "policy.config:2:1: Kconfig does not keep CONFIG_C=n of the policy: the result is y",
		"CONFIG_A=y\nCONFIG_TEXT=\"x\"\n# CONFIG_B is not set\n":                           "policy.config:1:1: Kconfig does not keep CONFIG_B=y of the policy",
		"CONFIG_A=y\nCONFIG_TEXT=\"x\"\n# CONFIG_A is not set\nCONFIG_DROPPED=y\nCONFIG_B": "CONFIG_A=y: the result is n",
	} {
		_, err := p.check([]byte(result))
		if got := errText(err); want == "" && err != nil || !strings.Contains(got, want) {
			t.Errorf("%q: %v, want %q", result, err, want)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Everything that is missing is reported at once, with the packages that have it.
func TestMissingTools(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	// A compiler that finds no header but stdio.h.
	script := "#!/bin/sh\ncase \"$*\" in *stdio.h*) exit 0;; -print*) echo plugin/include/gcc-plugin.h; exit 0;; esac\nexit 1\n"
	for _, name := range []string{"clang-16", "gcc-12", "aarch64-linux-gnu-gcc-12", "x86_64-linux-gnu-gcc-12", "make", "flex"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	if other == "" {
		t.Skip("for this architecture, all kernels are foreign")
	}
	triplet := strings.ReplaceAll(triplets[other], "_", "-")
	const noHeaders = "gelf.h, openssl/evp.h"
	for _, c := range []struct{ compiler, arch, missing, headers, packages string }{
		{"clang-16", runtime.GOARCH, "ld.lld-16, llvm-ar-16", noHeaders, "lld-16 llvm-16 bison bc perl binutils xz-utils zstd libelf-dev libssl-dev"},
		{"gcc-12", runtime.GOARCH, triplets[runtime.GOARCH] + "-ld, g++-12, bison", noHeaders, "binutils g++-12 bison bc perl xz-utils zstd libelf-dev libssl-dev gcc-12-plugin-dev"},
		{"gcc-12", other, triplets[other] + "-ld, g++-12, bison", noHeaders, "binutils-" + triplet + " g++-12 bison bc perl binutils xz-utils zstd libelf-dev libssl-dev gcc-12-plugin-dev-" + triplet},
		{"gcc-13", runtime.GOARCH, triplets[runtime.GOARCH] + "-gcc-13", "zstd", "gcc-13 binutils g++-13 bison bc perl xz-utils zstd libc6-dev libelf-dev libssl-dev gcc-13-plugin-dev"},
	} {
		_, err := Prepare(context.Background(), Inputs{c.arch, []Config{base}, policy, c.compiler})
		var s *system.Error
		if !errors.As(err, &s) || !strings.Contains(err.Error(), c.missing) || !strings.HasSuffix(strings.TrimSuffix(err.Error(), ", plugin/include/gcc-plugin.h"), c.headers) || s.Next != "apt-get install "+c.packages {
			t.Errorf("%s for %s: %v", c.compiler, c.arch, err)
			if s != nil {
				t.Log(s.Next)
			}
		}
	}
}

// A line of a later file replaces that of an earlier one.
func TestMerge(t *testing.T) {
	t.Parallel()
	p, err := join([]Config{{"base.config", []byte("CONFIG_A=y\nCONFIG_B=y\n")}, {"other.config", []byte("CONFIG_Z=1\nCONFIG_A=n\n")}}, policy)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(text(p.base)), "CONFIG_A=n\nCONFIG_B=y\nCONFIG_Z=1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
