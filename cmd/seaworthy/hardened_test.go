package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// componentFolders has the recipes of our kernels, and hardenedKernel is the one that others
// take files from.
const (
	componentFolders = "../../components"
	hardenedKernel   = componentFolders + "/kernel-hardened"
)

// ourKernels are the recipes of all kernels that we compile, by their folders.
func ourKernels(t *testing.T) map[string]*recipe.Recipe {
	t.Helper()
	found := map[string]*recipe.Recipe{}
	files, err := filepath.Glob(filepath.Join(componentFolders, "*", recipe.FileName))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		rec, err := recipe.Load(filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if rec.Kernel != nil && rec.Kernel.Source != nil {
			found[filepath.Base(rec.Dir)] = rec
		}
	}
	if len(found) < 4 {
		t.Fatalf("found only %d kernels", len(found))
	}
	return found
}

// The options of our kernels are those that the rules ask for. If a rule changes, so must
// the kernels.
func TestKernelFollowsRules(t *testing.T) {
	header := regexp.MustCompile(`^# Linux (\S+) for (\S+): what the policy (\S+) needs\.\n`)
	seen := map[string]bool{}
	for _, rec := range ourKernels(t) {
		for _, arch := range []string{"amd64", "arm64"} {
			file := filepath.Join(rec.Dir, rec.On(arch).Kernel.Source.Policy)
			if seen[file] {
				continue
			}
			seen[file] = true
			data := readFile(t, file)
			m := header.FindSubmatch(data)
			if m == nil || string(m[2]) != arch || string(m[3]) != "strict" || !strings.HasPrefix(string(m[1]), rec.Version+".") {
				t.Errorf("%s does not begin like a fragment of strict for Linux %s on %s", file, rec.Version, arch)
				continue
			}
			args := []string{"kernel", "fragment", "--policy", "strict", "--version", string(m[1]), "--arch", arch}
			var out, errs bytes.Buffer
			if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != cli.ExitPass {
				t.Fatalf("seaworthy %v: exit code %d\n%s", args, code, errs.String())
			}
			if !bytes.Equal(out.Bytes(), data) {
				t.Errorf("%s differs from what the rules ask for; run: seaworthy %s > %s", file, strings.Join(args, " "), strings.TrimPrefix(file, "../../"))
			}
		}
	}
}

// The parts of each configuration pass strict, with the command line for this kernel, and do
// not contradict each other. Options that no part names are off.
func TestKernelPassesStrict(t *testing.T) {
	option := regexp.MustCompile(`(?m)^(?:# )?(CONFIG_\w+)(?:=(.*)| is not set)$`)
	for folder, rec := range ourKernels(t) {
		for _, arch := range []string{"amd64", "arm64"} {
			source, values := rec.On(arch).Kernel.Source, map[string]string{}
			for _, name := range append(slices.Clone(source.Base), source.Policy) {
				for _, m := range option.FindAllStringSubmatch(string(readFile(t, filepath.Join(rec.Dir, name))), -1) {
					value := cmp.Or(m[2], "n")
					if old, ok := values[m[1]]; ok && old != value && name == source.Policy {
						t.Errorf("%s for %s: the base has %s=%s, and the policy %s", folder, arch, m[1], old, value)
					}
					values[m[1]] = value // as in kbuild, a later file replaces an earlier one
				}
			}
			text := fixedOptions(arch, rec.Version)
			for _, name := range slices.Sorted(maps.Keys(values)) {
				if values[name] != "n" {
					text += name + "=" + values[name] + "\n"
				}
			}
			if len(values) < 200 {
				t.Errorf("%s for %s: only %d options", folder, arch, len(values))
			}
			config := filepath.Join(t.TempDir(), folder+"."+arch+".config")
			if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			passesStrict(t, arch, config)
		}
	}
}

// The lock of each kernel follows from what the repository has: if an option or a rule
// changes, the kernel must be compiled again. docs/kernel.md names the kernels with a lock.
// Nothing is compiled or fetched: newer packages of Debian do not matter here.
func TestKernelLocks(t *testing.T) {
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(kernel-hardened[^`]*)` \\| (amd64|arm64)[^|]*\\| yes \\|").FindAllSubmatch(readFile(t, "../../docs/kernel.md"), -1) {
		listed["seaworthy/"+string(m[1])+" "+string(m[2])] = true
	}
	release := regexp.MustCompile(`^# Linux (\S+) for `)
	locked := 0
	for folder, rec := range ourKernels(t) {
		for _, arch := range []string{"amd64", "arm64"} {
			renew := fmt.Sprintf("to compile it again, and renew the lock: make kernel-lock KERNELS=%s ARCH=%s", folder, arch)
			k, err := recipe.LockedKernel(rec.Dir, arch)
			if err != nil {
				t.Fatal(err)
			}
			if key := rec.Reference() + " " + arch; listed[key] != (k != nil) {
				t.Errorf("docs/kernel.md says that %s has a lock: %t, but the lock has a kernel: %t; %s", key, listed[key], k != nil, renew)
			}
			if k == nil {
				continue
			}
			locked++
			if err := recipe.CheckKernelLock(rec.Dir, arch); err != nil {
				t.Errorf("%s for %s: %v\n%s", folder, arch, err, renew)
			}
			source := lockedSource(t, rec.Dir, arch)
			m := release.FindSubmatch(readFile(t, filepath.Join(rec.Dir, rec.On(arch).Kernel.Source.Policy)))
			if m == nil || !strings.HasPrefix(source, string(m[1])+"-") {
				t.Errorf("%s for %s: the lock has the source %s, and %s is for Linux %s; write the policy again for the version of the source", folder, arch, source, rec.On(arch).Kernel.Source.Policy, m)
			}
		}
	}
	if locked < 4 || len(listed) != locked {
		t.Errorf("%d kernels have a lock, and docs/kernel.md names %d", locked, len(listed))
	}
}

// lockedSource is the version of the package with the source in a lock.
func lockedSource(t *testing.T, dir, arch string) string {
	t.Helper()
	var lock struct {
		Architectures map[string][]recipe.Package
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, recipe.LockName)), &lock); err != nil {
		t.Fatal(err)
	}
	for _, p := range lock.Architectures[arch] {
		if strings.HasPrefix(p.Name, "linux-source-") {
			return p.Version
		}
	}
	t.Fatalf("%s: the lock has no source for %s", dir, arch)
	return ""
}

// passesStrict checks a configuration or a kernel: nothing fails, and there is no waiver.
func passesStrict(t *testing.T, arch, file string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"kernel", "check", "--policy", "strict", "--arch", arch, "--cmdline-file", filepath.Join(hardenedKernel, "cmdline."+arch), "--report", "json", file},
		strings.NewReader(""), &out, &errs)
	var d decision.Decision
	if err := json.Unmarshal(out.Bytes(), &d); err != nil {
		t.Fatalf("exit code %d: %v\n%s", code, err, errs.String())
	}
	passed := 0
	for _, f := range d.Findings {
		switch f.State {
		case decision.StateFail, decision.StateUnknown:
			t.Errorf("%s %s: %s", f.ID, f.Resource, f.Message)
		case decision.StatePass:
			passed++
		}
	}
	if code != cli.ExitPass || len(d.Waivers) > 0 || passed < 400 {
		t.Errorf("exit code %d, %d waivers, %d passed\n%s", code, len(d.Waivers), passed, errs.String())
	}
}

// TestKernelHardened compiles kernels of ours, compares each with its lock, checks it, and
// boots a system with it. SEAWORTHY_KERNEL is "all", or "changed": then a kernel is skipped if
// the lock has one with the same inputs; or "built": then a kernel that `make kernel` or
// `make kernel-lock` has compiled is not compiled again. SEAWORTHY_KERNELS has the folders of the kernels, and
// SEAWORTHY_ARCH is their architecture.
func TestKernelHardened(t *testing.T) {
	wanted := os.Getenv("SEAWORTHY_KERNEL")
	if wanted == "" {
		t.Skip("skipped: compiles a kernel; run `make test-kernel`")
	}
	all, arch := ourKernels(t), cmp.Or(os.Getenv("SEAWORTHY_ARCH"), "amd64")
	for _, folder := range strings.Fields(cmp.Or(os.Getenv("SEAWORTHY_KERNELS"), "kernel-hardened")) {
		t.Run(folder+"/"+arch, func(t *testing.T) {
			if all[folder] == nil {
				t.Fatalf("%s is not a kernel of ours: %v", folder, slices.Sorted(maps.Keys(all)))
			}
			compiledKernel(t, all[folder], arch, wanted)
		})
	}
}

// kernelSizes are the largest sizes that we accept, in MiB.
var kernelSizes = map[string]int64{"kernel-hardened/amd64": 8, "kernel-hardened/arm64": 20, "kernel-hardened-server/amd64": 16, "kernel-hardened-server/arm64": 40}

func compiledKernel(t *testing.T, rec *recipe.Recipe, arch, wanted string) {
	s := newSystemFor(t, arch)
	o := recipe.Options{Dir: rec.Dir, Output: realComponents, Arch: arch, StateDir: "../../dist/state", Progress: func(line string) { t.Log(line) }}
	locked, err := recipe.LockedKernel(rec.Dir, arch)
	if err != nil {
		t.Fatal(err)
	}
	if wanted == "changed" {
		inputs, err := recipe.KernelInputs(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if locked != nil && locked.Inputs == inputs {
			t.Skipf("skipped: the lock has the kernel %s of the same inputs; `make test-kernel` compiles it again", locked.Kernel)
		}
	}
	if wanted == "built" {
		o.Locked = true // a kernel that differs from the lock is refused, and not compiled
	} else {
		o.StateDir = t.TempDir() // without kernels that were compiled before
	}
	var built *recipe.Result
	if err := recipe.BuildAll(t.Context(), o, []string{rec.Dir}, 1, func(r *recipe.Result) { built = r }); err != nil {
		t.Fatal(err)
	}
	switch k := built.Kernel; {
	case locked == nil || locked.Inputs != k.Inputs:
		t.Logf("the lock has no kernel of these inputs; to record this one: make kernel-lock\n%+v", *k)
	case !locked.Same(k):
		t.Errorf("the same inputs gave another kernel: %+v, want %+v", *k, *locked)
	}
	image, most := filepath.Join(o.StateDir, "kernels", digests.Hex(built.Kernel.Inputs), "image"), kernelSizes[rec.Name+"/"+arch]
	if info, err := os.Stat(image); err != nil || info.Size() > most<<20 {
		t.Errorf("the kernel has %d bytes, want at most %d MiB; %v", info.Size(), most, err)
	}
	passesStrict(t, arch, image)
	if rec.Dir == hardenedKernel && arch == "amd64" {
		decidesLikeConfig(t)
	}
	s.bootsKernel(rec)
}

// bootsKernel boots the example with a kernel of ours: directly and from a CD-ROM, or, with a
// kernel for servers, on a machine with the hardware of a server.
func (s *realSystem) bootsKernel(rec *recipe.Recipe) {
	s.t.Helper()
	s.usesKernel(rec)
	s.locked()
	d := s.decide(cli.ExitDenied, "--locked", "--policy", "strict", s.path("minimal.yml"))
	for _, f := range d.Findings {
		bad := f.State == decision.StateUnknown || f.State == decision.StateFail
		if bad && (strings.HasPrefix(f.ID, "KCF-") || strings.HasPrefix(f.ID, "CMD-")) {
			s.t.Errorf("%s %s: %s", f.ID, f.Resource, f.Message)
		}
	}
	formats := []string{"kernel+initrd", "iso-efi"}
	if strings.HasPrefix(rec.Name, "kernel-hardened-server") {
		s.onServer()
		formats = []string{"raw-efi-verity"}
	}
	var flags []string
	if s.arch != runtime.GOARCH {
		flags = []string{"--tools", "../../dist/tools/" + s.arch}
	}
	s.boots(s.build("out", formats, flags...), formats)
}

// onServer gives all machines of the test the hardware of a server instead of that of a
// virtual machine: an Intel network card, and disks on USB.
func (s *realSystem) onServer() {
	s.t.Helper()
	s.needs(emulators[s.arch])
	program, err := exec.LookPath(emulators[s.arch])
	if err != nil {
		s.t.Fatal(err)
	}
	dir := s.t.TempDir()
	script := "#!/bin/bash\nargs=(\"${@/#virtio-net-pci,/e1000e,}\")\nexec " + program + " -device qemu-xhci \"${args[@]/#virtio-blk-pci,/usb-storage,}\"\n"
	if err := os.WriteFile(filepath.Join(dir, emulators[s.arch]), []byte(script), 0o755); err != nil {
		s.t.Fatal(err)
	}
	s.t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// usesKernel changes the example: a kernel of ours, with its command line, and runc. crun 1.8
// needs user namespaces, which these kernels do not have.
func (s *realSystem) usesKernel(rec *recipe.Recipe) {
	s.t.Helper()
	cmdline := readFile(s.t, filepath.Join(hardenedKernel, "cmdline."+s.arch))
	text := regexp.MustCompile(`(?s)kernel:\n  image: \S+\n  cmdline: >-\n.*?\n\n`).ReplaceAllLiteralString(string(readFile(s.t, s.path("minimal.yml"))),
		"kernel:\n  image: "+rec.Reference()+"\n  cmdline: "+strings.TrimSpace(string(cmdline))+"\n\n")
	text = strings.Replace(text, "seaworthy/crun:1.8", "seaworthy/runc:1.1", 1)
	if !strings.Contains(text, rec.Reference()) || !strings.Contains(text, "runc") {
		s.t.Fatal("examples/minimal.yml has another section kernel or init")
	}
	s.write("minimal.yml", text)
}
