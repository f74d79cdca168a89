package recipe

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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
	if k, err := LockedKernel(dir, "amd64"); err != nil || k == nil || !k.Same(res.Kernel) {
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
	data := readLockFile(t, dir)
	for name, c := range map[string]struct{ old, new, want string }{
		"another kernel": {res.Kernel.Kernel, digests.Of(nil), "the same inputs gave another kernel"},
		"other inputs":   {res.Kernel.Inputs, digests.Of(nil), "but the lock has " + digests.Of(nil)},
		"no kernel":      {`"amd64": {`, `"arm64": {`, "has no kernel for architecture amd64"},
		"no digest":      {res.Kernel.Config, "sha256:1", "the digests of a kernel are not valid"},
	} {
		write(LockName, strings.ReplaceAll(string(data), c.old, c.new))
		if _, err := try(locked); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(LockName, string(data))
	write("base.config", "CONFIG_A=y\nCONFIG_C=y\n")
	var said []string
	if _, err := try(func(o *Options) { o.Locked, o.Progress = true, func(line string) { said = append(said, line) } }); err == nil || !strings.Contains(err.Error(), "but the lock has "+res.Kernel.Inputs) {
		t.Errorf("other options: %v", err)
	}
	if slices.ContainsFunc(said, func(line string) bool { return strings.Contains(line, "configuring") }) {
		t.Errorf("a kernel that the lock refuses was compiled: %q", said)
	}
}

// What is in the repository decides whether a lock is stale: the recipe and its options. No
// tool and no package is needed for that.
func TestCheckKernelLock(t *testing.T) {
	fakeTools(t)
	a := newArchive(t)
	a.add(t, osRelease, "12", "", tarEntry{name: "./usr/lib/os-release", content: "ID=debian\n"})
	a.add(t, "linux-source-6.12", "6.12.117-1", "", tarEntry{name: "./usr/src/linux-source-6.12.tar.xz", content: string(compress(t, ".xz", tarOf(t, fakeSource...)))})
	folder := t.TempDir()
	dir := filepath.Join(folder, "own")
	files := map[string]string{"own/" + FileName: strings.Replace(sourceRecipe, "base.config", "[base.config, ../shared.config]", 1), "own/base.config": "CONFIG_A=y\n",
		"own/policy.config": "# CONFIG_B is not set\n", "shared.config": "CONFIG_S=y\n"}
	write := func(files map[string]string) {
		t.Helper()
		for name, text := range files {
			name = filepath.Join(folder, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(files)
	if err := CheckKernelLock(dir, "amd64"); !errors.Is(err, system.ErrInput) {
		t.Errorf("no lock: %v", err)
	}
	if _, err := build(t.Context(), Options{Dir: dir, Output: t.TempDir(), Arch: "amd64", StateDir: t.TempDir(), WriteLock: true}, a.open); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", "")
	lock := string(readLockFile(t, dir))
	const stale = "the inputs of the kernel for amd64 are sha256:"
	for name, c := range map[string]struct{ file, text, want string }{
		"nothing":                {"shared.config", files["shared.config"], ""},
		"a comment":              {"own/policy.config", "# Why.\n\n# CONFIG_B is not set\n", ""},
		"a description":          {"own/" + FileName, files["own/"+FileName] + "description: a kernel\n", ""},
		"an option":              {"own/base.config", "# CONFIG_A is not set\n", stale},
		"an option of others":    {"shared.config", "CONFIG_S=y\nCONFIG_T=y\n", stale},
		"a rule":                 {"own/policy.config", "", stale},
		"another file":           {"own/" + FileName, sourceRecipe, stale},
		"another compiler":       {"own/" + FileName, strings.Replace(files["own/"+FileName], "gcc-12", "gcc-13", 1), stale},
		"a newer version":        {"own/" + FileName, strings.Replace(files["own/"+FileName], `version: "6.12"`, `version: "6.13"`, 1), "the lock is for component seaworthy/own:6.12"},
		"another source":         {"own/" + FileName, strings.Replace(files["own/"+FileName], "linux-source-6.12", "linux-source-6.13", 1), "no package with the source"},
		"no kernel":              {"own/" + FileName, "name: own\nversion: \"6.12\"\ndebian: {packages: [tool]}\n", "compiles no kernel"},
		"options that disagree":  {"own/base.config", "CONFIG_B=y\n", "contradicts the policy"},
		"another source package": {"own/" + LockName, strings.Replace(lock, a.packages["linux-source-6.12"].SHA256, strings.Repeat("0", 64), 1), stale},
		"other tools":            {"own/" + LockName, strings.Replace(lock, "/version 12", "/version 13", 1), stale},
		"no tools":               {"own/" + LockName, regexp.MustCompile(`(?s),\s*"tools": \[.*?\]`).ReplaceAllString(lock, ""), stale},
		"only packages":          {"own/" + LockName, lock[:strings.Index(lock, `,`+"\n"+`  "kernels"`)] + "\n}\n", "the lock has no kernel for architecture amd64"},
	} {
		write(map[string]string{c.file: c.text})
		err := CheckKernelLock(dir, "amd64")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		write(files)
		write(map[string]string{"own/" + LockName: lock})
	}
	if err := CheckKernelLock(dir, "arm64"); err == nil || !strings.Contains(err.Error(), "no packages for architecture arm64") {
		t.Errorf("another architecture: %v", err)
	}
}

func readLockFile(t *testing.T, dir string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, LockName))
	if err != nil {
		t.Fatal(err)
	}
	return data
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
