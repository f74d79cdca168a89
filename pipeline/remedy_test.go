package pipeline_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// noEdit are the rules that no edit of os.yml mends on their own system, and
// why. Those over the kernel's configuration are among them, but for the
// families with an option that lockdown makes harmless.
var noEdit = map[string]string{
	"BOO-003": "which microcode the kernel image brings cannot be read from os.yml",
	"BOO-004": "another kernel is needed",
	"CMD-012": "the diff would repeat the secret",
	"CMD-018": "which words can go is a choice, or another kernel is needed",
	"FIL-002": "the diff would repeat the secret",
	"FIL-003": "the file has to be copied first",
	"FIL-004": "what reads the file has to look elsewhere too",
	"IMG-003": "another image is needed",
	"IMG-004": "the image has to be made anew",
	"IMG-005": "the image has to be made anew",
	"IMG-006": "the image has to be made anew",
	"IMG-008": "the image has to be made anew",
	"IMG-009": "the diff would repeat the secret, and the image holds it too",
	"IMG-010": "the image has to be made anew",
	"IMG-012": "the image has to be made anew",
	"IMG-015": "another image is needed",
	"IMG-019": "the image has to be made anew",
	"INI-001": "nobody knows whether the image can run as a container",
	"JNT-009": "another kernel is needed: without the words on the command line nothing would be verified",
	"JNT-012": "another kernel is needed: a component without a profile is no better",
	"JNT-013": "another kernel is needed",
	"KCF-001": "the kernel has to be built so",
	"KCF-002": "the kernel has to be built so",
	"KCF-003": "the kernel has to be built so",
	"KCF-004": "the kernel has to be built so",
	"KCF-005": "the kernel has to be built so",
	"KCF-006": "the kernel has to be built so",
	"KCF-007": "the kernel has to be built so",
	"KCF-008": "the kernel has to be built so",
	"KCF-009": "the kernel has to be built so",
	"KCF-010": "the kernel has to be built so",
	"KCF-011": "the kernel has to be built so",
	"KCF-013": "the kernel has to be built so",
	"KCF-014": "the kernel has to be built so",
	"KCF-015": "the kernel has to be built so",
	"KCF-017": "the kernel has to be built so",
	"KCF-018": "the kernel has to be built so",
	"KCF-019": "the kernel has to be built so",
	"KCF-020": "the kernel has to be built so",
	"KCF-021": "the kernel has to be built so",
	"KCF-022": "the kernel has to be built so",
	"KCF-023": "another kernel is needed",
	"KCF-024": "the kernel image has to bring its own configuration",
	"KCF-025": "the kernel has to be built so",
	"KCF-026": "the kernel image has to bring its own configuration",
	"LOG-001": "which component keeps the logs is a choice",
	"RUN-001": "which program is meant is not known",
	"RUN-002": "the image has to be made anew",
	"RUN-004": "whether the format or the component changes is a choice",
	"SEC-006": "which profile fits, and what loads it, is a choice",
	"SEC-008": "another kernel is needed",
	"SUP-001": "the image has to be signed, or another used",
	"SUP-002": "the image has to be signed by somebody else, or another used",
	"SUP-003": "the image needs other provenance, or another image is used",
	"SUP-004": "the image needs other provenance, or another image is used",
	"SUP-005": "the image needs other provenance, or another image is used",
	"SUP-006": "the image needs other provenance, or another image is used",
	"SUP-007": "the image needs other provenance, or another image is used",
	"SUP-008": "another image is needed, or another SBOM",
	"SUP-009": "another image is needed, or another SBOM",
	"SUP-010": "another image is needed, or another SBOM",
	"SUP-011": "another image is needed, or another SBOM",
	"SUP-012": "the output is at fault, not os.yml",
	"SUP-014": "another image is needed, or another SBOM",
	"SUP-015": "the image has to be made anew, with the mended package",
	"SUP-016": "another image is needed, or another SBOM",
	"SUP-017": "another image is needed, or another SBOM",
	"SUP-018": "the output is at fault, not os.yml",
	"SUP-019": "the output is at fault, not os.yml",
	"SUP-020": "seaworthy lock pins the builder, os.yml does not",
	"SUP-021": "seaworthy lock pins the policy, os.yml does not",
	"SYS-016": "which component applies sysctls is a choice",
	"TIM-001": "which component sets the clock is a choice",
	"USR-006": "the image has to be made anew",
	"USR-007": "the image has to be made anew",
	"USR-010": "whether there is a login is a choice: a waiver, or none",
	"USR-011": "whether there is a login is a choice: a waiver, or none",
	"USR-012": "the image has to be made anew",
	"USR-013": "the image has to be made anew",
}

// TestRemedies makes every edit: the finding is gone after it, and nothing as
// bad has come instead.
func TestRemedies(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: checks some 200 systems")
	}
	infos, err := policy.Rules(t.Context(), policy.Options{})
	if err != nil {
		t.Fatal(err)
	}
	bench := newRuleBench(t)
	whole := prepared(t, "strict", bench.only(t, "CAP-001"))
	known := map[string]bool{}
	for _, info := range infos {
		known[info.ID] = true
		if !strings.Contains(info.Source, "\nfail contains") {
			continue
		}
		t.Run(info.ID, func(t *testing.T) {
			t.Parallel()
			judge := whole
			if exists(filepath.Join(ruleSystems, info.ID, "params.json")) {
				own := bench.only(t, info.ID)
				judge = prepared(t, own.Policy, own)
			}
			made := bench.remedies(t, judge, info.ID)
			reason := noEdit[info.ID]
			switch {
			case made == 0 && reason == "":
				t.Error("no finding has an edit: write one, or say in noEdit why there is none")
			case made > 0 && reason != "":
				t.Errorf("noEdit says %q, and there is an edit", reason)
			}
		})
	}
	for id := range noEdit {
		if !known[id] {
			t.Errorf("noEdit names %s, which is no rule", id)
		}
	}
}

func prepared(t *testing.T, name string, o policy.Options) *policy.Prepared {
	t.Helper()
	o.Policy = name
	p, err := policy.Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// remedies makes the edits of each finding on a rule's own system, and tells how
// many findings had some.
func (b *ruleBench) remedies(t *testing.T, judge *policy.Prepared, id string) (made int) {
	t.Helper()
	system := b.system(t, id)
	was, before := system.decide(t, judge, system.files)
	old := failing(was)
	if noEdit[id] == "" && !slices.ContainsFunc(old, func(f decision.Finding) bool { return f.ID == id }) {
		t.Errorf("the system does not fire the rule: write rules/examples/%s/mend.yml", id)
	}
	for _, f := range old {
		if f.ID != id || len(f.Edits) == 0 {
			continue
		}
		made++
		after, err := edit.Apply(system.files, f.Edits)
		if err != nil {
			t.Errorf("%s %s: %v", f.Resource, f.Key, err)
			continue
		}
		diff := edit.Diff(system.files, after)
		now, left := system.decide(t, judge, after)
		for _, loss := range losses(t, before, left) {
			if !loss.told(f.Fix) {
				t.Errorf("%s %s: %s loses %s, and the fix does not say so, or no way to keep it: %s\n%s", f.Resource, f.Key, loss.component, loss.what, f.Fix, diff)
			}
		}
		for _, g := range failing(now) {
			had := slices.ContainsFunc(old, func(o decision.Finding) bool { return o.ID == g.ID && o.Resource == g.Resource && o.Key == g.Key })
			switch {
			case g.ID == f.ID && g.Resource == f.Resource && g.Key == f.Key:
				t.Errorf("%s %s: still there after %+v\n%s", f.Resource, f.Key, f.Edits, diff)
			case !had && g.Severity.Rank() >= f.Severity.Rank():
				t.Errorf("%s %s: %s (%s) on %s came instead: %s\n%s", f.Resource, f.Key, g.ID, g.Severity, g.Resource, g.Message, diff)
			}
		}
	}
	if made > 1 {
		system.together(t, judge, old)
	}
	return made
}

// together makes all edits one after another, as explain shows them: whatever is
// shown, or said to be mended with the others, is gone.
func (s *editable) together(t *testing.T, judge *policy.Prepared, old []decision.Finding) {
	t.Helper()
	now := s.files
	var mended []decision.Finding
	for _, f := range old {
		_, next, err := remedy.Next(s.files, now, &f)
		if err == nil && len(f.Edits) > 0 {
			now, mended = next, append(mended, f)
		}
	}
	d, _ := s.decide(t, judge, now)
	for _, g := range failing(d) {
		if slices.ContainsFunc(mended, func(f decision.Finding) bool { return f.ID == g.ID && f.Resource == g.Resource && f.Key == g.Key }) {
			t.Errorf("%s %s on %s: still there after all edits\n%s", g.ID, g.Key, g.Resource, edit.Diff(s.files, now))
		}
	}
}

// editable is a rule's system as files that can be edited, and the change of
// facts that stands for what no os.yml can say.
type editable struct {
	bench *ruleBench
	files []edit.File
	patch map[string]any
	// profile is a seccomp profile that os.yml names, nil for none.
	profile []byte
}

// system reads what fires a rule: mend.yml where there is one, with the kernel
// of mend.json, else the system that the rule's own test has.
func (b *ruleBench) system(t *testing.T, id string) *editable {
	t.Helper()
	s := &editable{bench: b}
	paths := []string{b.base}
	dir := filepath.Join(ruleSystems, id)
	for _, name := range []string{"mend", "fires"} {
		yml, patch := filepath.Join(dir, name+".yml"), filepath.Join(dir, name+".json")
		if exists(yml) {
			paths = append(paths, b.write(t, yml))
		}
		if exists(patch) {
			raw, err := os.ReadFile(patch)
			if err != nil {
				t.Fatal(err)
			}
			var p patched
			strict(t, raw, &p)
			s.patch = p.Facts
		}
		if exists(yml) || exists(patch) {
			break
		}
	}
	s.profile, _ = os.ReadFile(filepath.Join(dir, "profile.json"))
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		s.files = append(s.files, edit.File{Name: filepath.Base(p), Data: data})
	}
	// A system with a kernel of its own stands alone.
	if last := s.files[len(s.files)-1]; len(s.files) > 1 && strings.Contains("\n"+string(last.Data), "\nkernel:\n  image:") {
		s.files = []edit.File{last}
	}
	return s
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// decide runs the pipeline over the files as they are now.
func (s *editable) decide(t *testing.T, judge *policy.Prepared, files []edit.File) (*decision.Decision, *facts.Facts) {
	t.Helper()
	dir := t.TempDir()
	if s.profile != nil {
		writeFile(t, filepath.Join(dir, "profile.json"), s.profile)
	}
	var paths []string
	for _, f := range files {
		to := filepath.Join(dir, f.Name)
		writeFile(t, to, f.Data)
		paths = append(paths, to)
	}
	f, err := pipeline.Facts(t.Context(), pipeline.CheckOptions{
		Resolve: s.bench.resolve(paths...), Inventories: s.bench.inventories, FormatsMeant: ruleFormats,
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.patch != nil {
		raw, err := json.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		var plain map[string]any
		if err := json.Unmarshal(raw, &plain); err != nil {
			t.Fatal(err)
		}
		merged, err := json.Marshal(mergeByID(plain, s.patch))
		if err != nil {
			t.Fatal(err)
		}
		f = &facts.Facts{}
		strict(t, merged, f)
	}
	d, err := judge.Decide(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return d, f
}

func failing(d *decision.Decision) []decision.Finding {
	return slices.DeleteFunc(slices.Clone(d.Findings), func(f decision.Finding) bool { return f.State != decision.StateFail })
}

// Files that were changed since are not edited.
func TestSources(t *testing.T) {
	t.Parallel()
	bench := newRuleBench(t)
	d := bench.check(t, bench.only(t, "CAP-001"), bench.base).Decision
	files, err := remedy.Sources(d, []string{bench.base})
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if _, err := remedy.Sources(d, []string{bench.base, bench.base}); err == nil {
		t.Error("two files for one are accepted")
	}
	writeFile(t, bench.base, append(files[0].Data, "# changed\n"...))
	if _, err := remedy.Sources(d, []string{bench.base}); err == nil || !strings.Contains(err.Error(), "changed after the decision") {
		t.Errorf("a changed file: %v", err)
	}
}
