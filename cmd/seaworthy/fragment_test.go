package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// The rules pass a kernel that is built with the printed fragment: if the conditions
// that nothing settles do not hold, and also if they hold. Kconfig always sets the
// options of the header.
func TestFragmentPasses(t *testing.T) {
	t.Parallel()
	scope := &facts.Scope{Given: []string{"kernel config"}, Missing: []string{"command line", "sysctls"}}
	for _, pack := range decision.Packs() {
		rules, err := policy.PrepareFragment(pack)
		if err != nil {
			t.Fatal(err)
		}
		judge, err := policy.Prepare(t.Context(), policy.Options{Policy: pack, FailOn: "none", Scope: scope, Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		for _, version := range []string{"5.15", "5.15.193", "6.1", "6.6.106", "6.12", "6.18"} {
			for _, arch := range []string{"amd64", "arm64"} {
				f, err := rules.Fragment(t.Context(), &facts.Facts{Arch: arch, Kernel: facts.Kernel{Present: true, Version: version}})
				if err != nil {
					t.Fatal(err)
				}
				var text strings.Builder
				f.WriteText(&text)
				for kind, more := range map[string]string{"conditions fail": "", "conditions hold": assumed(f)} {
					passesFragment(t, judge, strings.Join([]string{pack, version, arch, kind}, " "), fixedOptions(arch, version)+text.String()+more)
				}
			}
		}
	}
}

// A fragment has the options, and the names, that a stable series got after its first
// release, and has them from that release on. This holds for all rows of the tables.
func TestFragmentOfStableSeries(t *testing.T) {
	t.Parallel()
	var tables struct {
		Kconfig []struct {
			Option                                        string
			Arches, OldNames, Backports, RenamedBackports []string
			When                                          any
		}
	}
	if err := json.Unmarshal(readFile(t, "../../rules/data/kconfig.json"), &tables); err != nil {
		t.Fatal(err)
	}
	rules, err := policy.PrepareFragment("strict")
	if err != nil {
		t.Fatal(err)
	}
	// A fragment is made only for the releases that changed something, and for the first
	// one of each series: between two of them, nothing changes.
	changes := map[string][]int{}
	for _, row := range tables.Kconfig {
		for _, version := range append(slices.Clone(row.Backports), row.RenamedBackports...) {
			series, patch := splitRelease(t, version)
			changes[series] = append(changes[series], patch)
		}
	}
	before := func(version string) string {
		series, patch := splitRelease(t, version)
		last := 0
		for _, p := range changes[series] {
			if p < patch {
				last = max(last, p)
			}
		}
		return fmt.Sprintf("%s.%d", series, last)
	}
	fragments := map[string]map[string]bool{}
	has := func(version, arch string, names ...string) bool {
		key := version + " " + arch
		if fragments[key] == nil {
			f, err := rules.Fragment(t.Context(), &facts.Facts{Arch: arch, Kernel: facts.Kernel{Present: true, Version: version}})
			if err != nil {
				t.Fatal(err)
			}
			fragments[key] = map[string]bool{}
			for _, line := range f.Lines {
				fragments[key][line.Option] = true
			}
		}
		return slices.ContainsFunc(names, func(name string) bool { return fragments[key][name] })
	}
	checked := 0
	for _, row := range tables.Kconfig {
		if row.Arches == nil {
			row.Arches = []string{"amd64"}
		}
		names := append([]string{row.Option}, row.OldNames...)
		for _, version := range row.Backports {
			checked++
			// A row with conditions has no line if other rows contradict them.
			after, earlier := has(version, row.Arches[0], names...) || row.When != nil, has(before(version), row.Arches[0], names...)
			if !after || earlier {
				t.Errorf("%s: %s has it: %t, and %s has it: %t", row.Option, version, after, before(version), earlier)
			}
		}
		for _, version := range row.RenamedBackports {
			checked++
			if earlier := before(version); !has(version, row.Arches[0], row.Option) || has(version, row.Arches[0], row.OldNames...) ||
				has(earlier, row.Arches[0], row.Option) || !has(earlier, row.Arches[0], row.OldNames...) {
				t.Errorf("%s has another name than expected in %s or %s", row.Option, version, earlier)
			}
		}
	}
	if checked < 40 {
		t.Errorf("only %d versions were compared", checked)
	}
}

// splitRelease splits MAJOR.MINOR.PATCH before PATCH.
func splitRelease(t *testing.T, version string) (string, int) {
	t.Helper()
	at := max(strings.LastIndex(version, "."), 0)
	patch, err := strconv.Atoi(version[at+1:])
	if err != nil {
		t.Fatalf("%s: %v", version, err)
	}
	return version[:at], patch
}

// fixedOptions are the header of a configuration, and options that Kconfig always sets.
func fixedOptions(arch, version string) string {
	header := map[string]string{"amd64": "x86", "arm64": "arm64"}[arch]
	own := map[string]string{"amd64": "CONFIG_X86_64", "arm64": "CONFIG_ARM64"}[arch]
	if strings.Count(version, ".") == 1 {
		version += ".1"
	}
	return fmt.Sprintf("# Linux/%s %s Kernel Configuration\nCONFIG_INIT_ENV_ARG_LIMIT=32\nCONFIG_HZ=250\nCONFIG_PGTABLE_LEVELS=4\n%s=y\n", header, version, own)
}

// passesFragment checks a configuration.
func passesFragment(t *testing.T, judge *policy.Prepared, name, config string) {
	t.Helper()
	f, err := scanner.KernelFacts(scanner.KernelInput{File: strings.NewReader(config), Name: "config"})
	if err != nil {
		t.Fatal(err)
	}
	d, err := judge.Decide(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	passed := 0
	for _, f := range d.Findings {
		switch f.State {
		case decision.StatePass:
			passed++
		case decision.StateFail, decision.StateUnknown:
			t.Errorf("%s: %s %s is %s: %s", name, f.ID, f.Resource, f.State, f.Message)
		}
	}
	if passed < 50 {
		t.Errorf("%s: only %d options pass", name, passed)
	}
}

// assumed are lines that make one alternative of each condition hold, unless the
// fragment itself has the option.
func assumed(f *policy.Fragment) string {
	own := map[string]bool{}
	for i := range f.Lines {
		own[f.Lines[i].Option] = true
	}
	more := "CONFIG_ARCH_MMAP_RND_BITS_MAX=32\n"
	for i := range f.Lines {
		if f.Lines[i].Option == "CONFIG_ARCH_MMAP_RND_BITS" {
			more = "CONFIG_ARCH_MMAP_RND_BITS_MAX=" + f.Lines[i].Value + "\n"
		}
		for _, text := range f.Lines[i].Conditions {
			first, _, _ := strings.Cut(text, ", or ")
			for _, one := range strings.Split(first, " and ") {
				option, value, _ := strings.Cut(one, "=")
				value, _, _ = strings.Cut(value, " or ")
				value = strings.TrimPrefix(strings.TrimPrefix(value, "at least "), "at most ")
				if !own[option] {
					own[option] = true
					more += policy.KconfigLine(option, value) + "\n"
				}
			}
		}
	}
	return more
}
