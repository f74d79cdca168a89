package recipe

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

const sourceRecipe = `
name: own
version: "6.12"
debian: {packages: [linux-source-6.12]}
include: ["usr/src/*.tar.xz"]
kernel:
  source: {base: base.config, policy: policy.config, compiler: gcc-12}
`

// fakeSource has a Makefile that makes a kernel without a compiler. Package kbuild has
// tests of what it does.
var fakeSource = []tarEntry{
	{name: "linux/", typ: '5', mode: 0o755}, {name: "linux/scripts/", typ: '5', mode: 0o755},
	{name: "linux/scripts/gen-randstruct-seed.sh", content: "exit 1\n"}, {name: "linux/main.c", content: "int x;\n"}, {name: "linux/other.c"},
	{name: "linux/Makefile", content: `
allnoconfig:
	cp $(KCONFIG_ALLCONFIG) .config
bzImage:
	mkdir -p arch/x86/boot
	cat main.c .config > arch/x86/boot/bzImage
	echo kernel/fs/ext4/ext4.ko > modules.builtin
	touch modules.builtin.modinfo
	printf 'source_main.o := main.c\n' > .main.o.cmd
kernelrelease:
	@echo 6.12.117-own
`},
}

// fakeTools are programs that a build needs, and that the fake Makefile does not call.
func fakeTools(t *testing.T) {
	t.Helper()
	for _, tool := range []string{"make", "xz"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip(tool + " is not installed")
		}
	}
	dir := t.TempDir()
	for _, name := range []string{"x86_64-linux-gnu-gcc-12", "gcc-12", "g++-12", "x86_64-linux-gnu-ld", "ld", "flex", "bison", "bc", "perl", "zstd"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\necho /version 12\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

func TestKernelFromSource(t *testing.T) {
	fakeTools(t)
	a := newArchive(t)
	a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "linux-source-6.12", "6.12.117-1", "", tarEntry{name: "./usr/src/linux-source-6.12.tar.xz", content: string(compress(t, ".xz", tarOf(t, fakeSource...)))},
		tarEntry{name: "./usr/src/other", content: "x"}, tarEntry{name: "./usr/share/doc/linux-source-6.12/copyright", content: "GPL"})
	layout, state, base := t.TempDir(), t.TempDir(), "CONFIG_A=y\n"
	try := func() (*Result, error) {
		return tryBuild(t, a, layout, sourceRecipe, func(o *Options) {
			o.StateDir = state
			for name, text := range map[string]string{"base.config": base, "policy.config": "# CONFIG_B is not set\n"} {
				if err := os.WriteFile(filepath.Join(o.Dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
	res, err := try()
	if err != nil {
		t.Fatal(err)
	}
	_, lines, contents := image(t, layout, res.Manifest)
	if contents["kernel"] != "int x;\nCONFIG_A=y\nCONFIG_B=n\n" || contents["config"] != "CONFIG_A=y\nCONFIG_B=n\n" || contents["kernel.sources"] != "main.c\n" || contents["kernel.code"] != "main.c\nother.c\n" {
		t.Errorf("%q %q %q %q", contents["kernel"], contents["config"], contents["kernel.sources"], contents["kernel.code"])
	}
	if all := strings.Join(lines, "\n"); strings.Contains(all, "usr/src") || !strings.Contains(all, "usr/share/doc/linux-source-6.12/copyright") {
		t.Error(all)
	}
	if _, files := untar(t, []byte(contents["kernel.tar"])); files["lib/modules/6.12.117-own/modules.builtin"] == "" || files["lib/modules/6.12.117-own/modules.dep"] != "" {
		t.Errorf("kernel.tar: %v", files)
	}
	var about struct {
		Release string
		Inputs  string
		Tools   []string
		Source  Package
	}
	if err := json.Unmarshal([]byte(contents["kernel.build.json"]), &about); err != nil || about.Release != "6.12.117-own" || len(about.Tools) != 4 ||
		about.Source.Name != "linux-source-6.12" || about.Source.Version != "6.12.117-1" {
		t.Errorf("%+v %v", about, err)
	}
	if len(res.Packages) != 2 || res.Packages[1].Name != "linux-source-6.12" {
		t.Errorf("packages %+v", res.Packages)
	}
	if again, err := try(); err != nil || !again.Unchanged || again.Manifest != res.Manifest {
		t.Errorf("the same inputs: %+v, %v", again, err)
	}
	if res.Kernel == nil || res.Kernel.Inputs != about.Inputs || res.Kernel.Kernel != digests.Of([]byte(contents["kernel"])) || res.Kernel.Config != digests.Of([]byte(contents["config"])) {
		t.Errorf("%+v", res.Kernel)
	}
	base = "CONFIG_A=y\nCONFIG_C=y\n"
	if other, err := try(); err != nil || other.Unchanged || other.Manifest == res.Manifest {
		t.Errorf("another base: %+v, %v", other, err)
	}
	base = "CONFIG_B=y\n"
	if _, err := try(); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "contradicts the policy") {
		t.Errorf("%v", err)
	}
}

// The lock has the inputs and the kernel. The same inputs must give the same kernel.
func TestKernelLock(t *testing.T) {
	fakeTools(t)
	a := newArchive(t)
	a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "linux-source-6.12", "6.12.117-1", "", tarEntry{name: "./usr/src/linux-source-6.12.tar.xz", content: string(compress(t, ".xz", tarOf(t, fakeSource...)))})
	dir, layout, state := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(FileName, sourceRecipe)
	write("base.config", "CONFIG_A=y\n")
	write("policy.config", "")
	try := func(change func(*Options)) (*Result, error) {
		o := Options{Dir: dir, Output: layout, Arch: "amd64", StateDir: state}
		change(&o)
		return build(t.Context(), o, a.open)
	}
	lock := func(o *Options) { o.WriteLock = true }
	locked := func(o *Options) { o.Locked = true }
	res, err := try(lock)
	if err != nil {
		t.Fatal(err)
	}
	if k, err := LockedKernel(dir, "amd64"); err != nil || k == nil || *k != *res.Kernel {
		t.Errorf("%+v %v, want %+v", k, err, res.Kernel)
	}
	rec, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	project, err := kernelProject(t.Context(), rec, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	src, done, err := a.open(t.Context(), rec, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	inputs, err := kernelInputs(t.Context(), src, rec, "amd64", project)
	done()
	if err != nil || inputs != res.Kernel.Inputs {
		t.Errorf("the inputs without a build are %s %v, want %s", inputs, err, res.Kernel.Inputs)
	}
	if _, err := try(locked); err != nil {
		t.Error(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, LockName))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"another kernel": {res.Kernel.Kernel, digests.Of(nil), "the same inputs gave another kernel"},
		"other inputs":   {res.Kernel.Inputs, digests.Of(nil), "from other inputs"},
		"no kernel":      {`"amd64": {`, `"arm64": {`, "has no kernel for architecture amd64"},
		"no digest":      {res.Kernel.Config, "sha256:1", "the digests of a kernel are not valid"},
	} {
		write(LockName, strings.ReplaceAll(string(data), c.old, c.new))
		if _, err := try(locked); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKernelWithoutSource(t *testing.T) {
	fakeTools(t)
	for name, c := range map[string]struct {
		files []string
		want  string
	}{
		"none": {[]string{"./usr/src/linux.tar.gz"}, "do not contain usr/src/linux-source-VERSION.tar.xz"},
		"two":  {[]string{"./usr/src/linux-source-1.tar.xz", "./usr/src/linux-source-2.tar.xz"}, "the source of two kernels"},
	} {
		a := newArchive(t)
		a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
		var entries []tarEntry
		for _, f := range c.files {
			entries = append(entries, tarEntry{name: f, content: "x"})
		}
		a.add(t, "linux-source-6.12", "6.12.117-1", "", entries...)
		_, err := tryBuild(t, a, t.TempDir(), strings.Replace(sourceRecipe, "*.tar.xz", "*", 1), func(o *Options) {
			for _, name := range []string{"base.config", "policy.config"} {
				if err := os.WriteFile(filepath.Join(o.Dir, name), nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKernelSourceErrors(t *testing.T) {
	t.Parallel()
	for recipe, want := range map[string]string{
		strings.Replace(sourceRecipe, "gcc-12", "gcc-11", 1):                   `compiler "gcc-11" must match`,
		strings.Replace(sourceRecipe, "base: base.config, ", "", 1):            "source needs base, policy",
		strings.Replace(sourceRecipe, "base.config", "../../base.config", 1):   "must be in the folder of the recipe",
		strings.Replace(sourceRecipe, "policy.config", "/policy.config", 1):    "must be in the folder of the recipe",
		strings.Replace(sourceRecipe, "kernel:", "kernel:\n  modules: [x]", 1): "has no modules",
	} {
		if _, err := parse("component.yml", []byte(recipe)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v lacks %s", err, want)
		}
	}
}
