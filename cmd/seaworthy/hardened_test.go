package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// hardenedKernel is the folder of our own kernel.
const hardenedKernel = "../../components/kernel-hardened"

// The options of our kernel are those that the rules ask for. If a rule changes, so must
// the kernel.
func TestKernelFollowsRules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(hardenedKernel, "policy.*.config"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no policy files: %v", err)
	}
	header := regexp.MustCompile(`^# Linux (\S+) for (\S+): what the policy (\S+) needs\.\n`)
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := header.FindSubmatch(data)
		if m == nil || string(m[3]) != "strict" || filepath.Base(file) != "policy."+string(m[2])+".config" {
			t.Errorf("%s does not begin like a fragment of strict for its architecture", file)
			continue
		}
		args := []string{"kernel", "fragment", "--policy", string(m[3]), "--version", string(m[1]), "--arch", string(m[2])}
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != cli.ExitPass {
			t.Fatalf("seaworthy %v: exit code %d\n%s", args, code, errs.String())
		}
		if !bytes.Equal(out.Bytes(), data) {
			t.Errorf("%s differs from what the rules ask for; run: seaworthy %s > components/kernel-hardened/%s", file, strings.Join(args, " "), filepath.Base(file))
		}
	}
}

// The parts of each configuration pass strict, with the command line for this kernel.
// Options that no part names are off.
func TestKernelPassesStrict(t *testing.T) {
	const server = "../kernel-hardened-server/"
	for _, k := range []struct {
		arch  string
		files []string
	}{
		{"amd64", []string{"virt.config", "policy.amd64.config"}},
		{"arm64", []string{"virt.config", "arm64.config", "policy.arm64.config"}},
		{"amd64", []string{"virt.config", server + "server.config", "policy.amd64.config"}},
		{"arm64", []string{"virt.config", "arm64.config", server + "server.config", server + "arm64.config", "policy.arm64.config"}},
	} {
		arch := k.arch
		options := map[string]string{}
		for _, file := range k.files {
			data, err := os.ReadFile(filepath.Join(hardenedKernel, file))
			if err != nil {
				t.Fatal(err)
			}
			for text := range strings.SplitSeq(string(data), "\n") {
				if name, _, ok := strings.Cut(text, "="); ok && strings.HasPrefix(name, "CONFIG_") {
					options[name] = text // as in kbuild, a later file replaces an earlier one
				}
			}
		}
		config := filepath.Join(t.TempDir(), arch+".config")
		text := fixedOptions(arch, "6.12") + strings.Join(slices.Sorted(maps.Values(options)), "\n") + "\n"
		if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		passesStrict(t, arch, config)
	}
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

// TestKernelHardened compiles our kernel, compares it with the lock, checks it, and boots
// a system with it. SEAWORTHY_KERNEL is "all", or "changed": then nothing happens if the
// lock has a kernel with these inputs.
func TestKernelHardened(t *testing.T) {
	wanted := os.Getenv("SEAWORTHY_KERNEL")
	if wanted == "" {
		t.Skip("skipped: compiles a kernel; run `make test-kernel`")
	}
	s := newSystem(t)
	o := recipe.Options{Dir: hardenedKernel, Output: realComponents, Arch: "amd64", StateDir: "../../dist/state", Progress: func(line string) { t.Log(line) }}
	locked, err := recipe.LockedKernel(hardenedKernel, "amd64")
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
	o.StateDir = t.TempDir() // without kernels that were compiled before
	var built *recipe.Result
	if err := recipe.BuildAll(t.Context(), o, []string{hardenedKernel}, 1, func(r *recipe.Result) { built = r }); err != nil {
		t.Fatal(err)
	}
	switch k := built.Kernel; {
	case locked == nil || locked.Inputs != k.Inputs:
		t.Logf("the lock has no kernel of these inputs; to record this one: make kernel-lock\n%+v", *k)
	case *locked != *k:
		t.Errorf("the same inputs gave another kernel: %+v, want %+v", *k, *locked)
	}
	kernels, err := filepath.Glob(filepath.Join(o.StateDir, "kernels", "*"))
	if err != nil || len(kernels) != 1 {
		t.Fatalf("%v %v", kernels, err)
	}
	image := filepath.Join(kernels[0], "image")
	if info, err := os.Stat(image); err != nil || info.Size() > 8<<20 {
		t.Errorf("the kernel has %d bytes, want at most 8 MiB; %v", info.Size(), err)
	}
	passesStrict(t, "amd64", image)
	decidesLikeConfig(t)
	s.usesHardened()
	s.locked()
	d := s.decide(cli.ExitDenied, "--locked", "--policy", "strict", s.path("minimal.yml"))
	for _, f := range d.Findings {
		bad := f.State == decision.StateUnknown || f.State == decision.StateFail
		if bad && (strings.HasPrefix(f.ID, "KCF-") || strings.HasPrefix(f.ID, "CMD-")) {
			t.Errorf("%s %s: %s", f.ID, f.Resource, f.Message)
		}
	}
	formats := []string{"kernel+initrd", "iso-efi"}
	s.boots(s.build("out", formats), formats)
}

// usesHardened changes the example: our kernel, with its command line, and runc. crun 1.8
// needs user namespaces, which this kernel does not have.
func (s *realSystem) usesHardened() {
	s.t.Helper()
	cmdline, err1 := os.ReadFile(filepath.Join(hardenedKernel, "cmdline.amd64"))
	yml, err2 := os.ReadFile(s.path("minimal.yml"))
	if err := errors.Join(err1, err2); err != nil {
		s.t.Fatal(err)
	}
	text := regexp.MustCompile(`(?s)kernel:\n  image: \S+\n  cmdline: >-\n.*?\n\n`).ReplaceAllLiteralString(string(yml),
		"kernel:\n  image: seaworthy/kernel-hardened:6.12\n  cmdline: "+strings.TrimSpace(string(cmdline))+"\n\n")
	text = strings.Replace(text, "seaworthy/crun:1.8", "seaworthy/runc:1.1", 1)
	if !strings.Contains(text, "kernel-hardened") || !strings.Contains(text, "runc") {
		s.t.Fatal("examples/minimal.yml has another section kernel or init")
	}
	if err := os.WriteFile(s.path("minimal.yml"), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}
