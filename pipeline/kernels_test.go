package pipeline_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// Baseline must pass the kernels of current distributions, or it would deny every
// user. The findings of hardened for them are listed here. The files hold the real
// values of the options that the tables name.
func TestDistributionKernels(t *testing.T) {
	t.Parallel()
	debian := []string{"DEBUG_FS", "DEVPORT", "HIBERNATION", "KEXEC", "MODULE_FORCE_LOAD", "PROC_KCORE", "SLAB_MERGE_DEFAULT", "ZERO_CALL_USED_REGS"}
	fedora := []string{"DEBUG_FS", "DEVPORT", "KEXEC", "KGDB", "LATENCYTOP", "PAGE_OWNER", "PROC_KCORE", "ZERO_CALL_USED_REGS"}
	ubuntu := []string{"BUG_ON_DATA_CORRUPTION", "IO_STRICT_DEVMEM", "KGDB", "LIST_HARDENED", "LSM_MMAP_MIN_ADDR", "UEVENT_HELPER"}
	for name, want := range map[string]struct{ fail, pass []string }{
		"debian-12-amd64":      {append([]string{"X86_MSR", "X86_IOPL_IOPERM"}, debian...), []string{"DEFAULT_MMAP_MIN_ADDR", "MITIGATION_RETPOLINE", "KCF-023"}},
		"debian-12-arm64":      {append([]string{"DEFAULT_MMAP_MIN_ADDR"}, debian...), []string{"ARM64_PAN", "RODATA_FULL_DEFAULT_ENABLED"}},
		"debian-13-amd64":      {append([]string{"X86_MSR", "KMALLOC_PARTITION_CACHES"}, debian...), []string{"DEFAULT_MMAP_MIN_ADDR", "MITIGATION_GDS", "LIST_HARDENED"}},
		"debian-13-arm64":      {append([]string{"DEFAULT_MMAP_MIN_ADDR"}, debian...), []string{"ARM64_PAN", "LIST_HARDENED"}},
		"debian-testing-amd64": {append([]string{"X86_INTEL_TSX_MODE_OFF"}, debian...), []string{"DEFAULT_MMAP_MIN_ADDR", "LIST_HARDENED"}},
		// This kernel has removed these options and always behaves as if they were
		// set.
		"debian-testing-arm64": {append([]string{"DEFAULT_MMAP_MIN_ADDR"}, debian...), []string{"ARM64_PAN", "RODATA_FULL_DEFAULT_ENABLED"}},
		"fedora-42-amd64":      {append([]string{"PROVIDE_OHCI1394_DMA_INIT"}, fedora...), []string{"LSM_MMAP_MIN_ADDR", "SLAB_MERGE_DEFAULT", "LIST_HARDENED"}},
		"fedora-42-arm64":      {fedora, []string{"DEFAULT_MMAP_MIN_ADDR", "ARM64_PAN"}},
		"ubuntu-25.04-amd64":   {append([]string{"MITIGATION_GDS"}, ubuntu...), []string{"DEFAULT_MMAP_MIN_ADDR", "ZERO_CALL_USED_REGS"}},
		"ubuntu-25.04-arm64":   {append([]string{"ARM_SMMU_DISABLE_BYPASS_BY_DEFAULT"}, ubuntu...), []string{"DEFAULT_MMAP_MIN_ADDR", "ARM64_PAN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			passed := 0
			for option, state := range kernelStates(t, name, "baseline") {
				switch state {
				case decision.StateFail, decision.StateUnknown:
					t.Errorf("baseline: %s is %s: the row belongs in hardened", option, state)
				case decision.StatePass:
					passed++
				}
			}
			if passed < 60 {
				t.Errorf("baseline: only %d options pass", passed)
			}
			hardened := kernelStates(t, name, "hardened")
			for state, options := range map[decision.State][]string{decision.StateFail: want.fail, decision.StatePass: want.pass} {
				for _, option := range options {
					if got := hardened[option]; got != state {
						t.Errorf("hardened: %s is %q, want %s", option, got, state)
					}
				}
			}
		})
	}
}

// kernelStates returns the state of each option of a configuration for a pack, and
// the state of rules about the whole kernel by their ids.
func kernelStates(t *testing.T, name, pack string) map[string]decision.State {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "testdata", "kernel", name+".config"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	d, err := pipeline.CheckKernel(context.Background(), scanner.KernelInput{File: file, Name: name}, pipeline.CheckOptions{
		Policy: policy.Options{Policy: pack, FailOn: "none", Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)},
	})
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]decision.State{}
	for _, f := range d.Findings {
		about, ok := strings.CutPrefix(f.Resource, "kernel:CONFIG_")
		if !ok {
			about = f.ID // the rule is about the whole kernel
		}
		if states[about] != decision.StateFail {
			states[about] = f.State
		}
	}
	return states
}
