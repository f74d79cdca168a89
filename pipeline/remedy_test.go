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

// noEdit lists the rules whose finding on their own system no edit of os.yml can fix,
// with the reason. Most rules about the kernel's configuration are here, except those
// with an option that lockdown makes harmless.
var noEdit = map[string]string{
	"BOO-001": "a key is needed",
	"BOO-002": "the format of the image is a choice",
	"BOO-003": "os.yml does not say which microcode the kernel image contains",
	"BOO-004": "a different kernel is needed",
	"BOO-005": "the output is wrong, not os.yml",
	"BOO-006": "the output is wrong, not os.yml",
	"BOO-008": "a different stub or boot loader is needed",
	"CMD-012": "the diff would show the secret",
	"CMD-018": "which words to remove is a choice, or a different kernel is needed",
	"CTD-001": "the setting is in a file, not in os.yml",
	"CTD-002": "the setting is in a file, not in os.yml",
	"CTD-003": "the setting is in a file, not in os.yml",
	"CTD-004": "the setting is in a file, not in os.yml",
	"FIL-002": "the diff would show the secret",
	"FIL-003": "the file must be copied first",
	"FIL-004": "the program that reads the file needs the new path too",
	"IMG-003": "a different image is needed",
	"IMG-004": "the image must be rebuilt",
	"IMG-005": "the image must be rebuilt",
	"IMG-006": "the image must be rebuilt",
	"IMG-008": "the image must be rebuilt",
	"IMG-009": "the diff would show the secret, and the image contains it too",
	"IMG-010": "the image must be rebuilt",
	"IMG-012": "the image must be rebuilt",
	"IMG-015": "a different image is needed",
	"IMG-019": "the image must be rebuilt",
	"INI-001": "it is unknown whether the image can run as a container",
	"JNT-009": "a different kernel is needed: without the words on the command line, nothing would be verified",
	"JNT-012": "a different kernel is needed: a component without a profile is not better",
	"JNT-013": "a different kernel is needed",
	"JNT-016": "which image has runc is a choice, or a different kernel is needed",
	"KCF-001": "the kernel must be built with other options",
	"KCF-002": "the kernel must be built with other options",
	"KCF-003": "the kernel must be built with other options",
	"KCF-004": "the kernel must be built with other options",
	"KCF-005": "the kernel must be built with other options",
	"KCF-006": "the kernel must be built with other options",
	"KCF-007": "the kernel must be built with other options",
	"KCF-008": "the kernel must be built with other options",
	"KCF-009": "the kernel must be built with other options",
	"KCF-010": "the kernel must be built with other options",
	"KCF-011": "the kernel must be built with other options",
	"KCF-013": "the kernel must be built with other options",
	"KCF-014": "the kernel must be built with other options",
	"KCF-015": "the kernel must be built with other options",
	"KCF-017": "the kernel must be built with other options",
	"KCF-018": "the kernel must be built with other options",
	"KCF-019": "the kernel must be built with other options",
	"KCF-020": "the kernel must be built with other options",
	"KCF-021": "the kernel must be built with other options",
	"KCF-022": "the kernel must be built with other options",
	"KCF-023": "a different kernel is needed",
	"KCF-024": "the kernel image must contain its own configuration",
	"KCF-025": "the kernel must be built with other options",
	"KCF-026": "the kernel image must contain its own configuration",
	"LOG-001": "which component keeps the logs is a choice",
	"RUN-001": "the intended program is unknown",
	"RUN-002": "the image must be rebuilt",
	"RUN-004": "whether the format or the component changes is a choice",
	"SEC-006": "the profile and the component that loads it are a choice",
	"SEC-008": "a different kernel is needed",
	"SUP-001": "the image must be signed or replaced",
	"SUP-002": "the image must be signed by another key or replaced",
	"SUP-003": "the image needs other provenance or must be replaced",
	"SUP-004": "the image needs other provenance or must be replaced",
	"SUP-005": "the image needs other provenance or must be replaced",
	"SUP-006": "the image needs other provenance or must be replaced",
	"SUP-007": "the image needs other provenance or must be replaced",
	"SUP-008": "a different image or SBOM is needed",
	"SUP-009": "a different image or SBOM is needed",
	"SUP-010": "a different image or SBOM is needed",
	"SUP-011": "a different image or SBOM is needed",
	"SUP-012": "the output is wrong, not os.yml",
	"SUP-014": "a different image or SBOM is needed",
	"SUP-015": "the image must be rebuilt, with the fixed package",
	"SUP-016": "a different image or SBOM is needed",
	"SUP-017": "a different image or SBOM is needed",
	"SUP-018": "the output is wrong, not os.yml",
	"SUP-019": "the output is wrong, not os.yml",
	"SUP-020": "seaworthy lock pins the builder, os.yml does not",
	"SUP-021": "seaworthy lock pins the policy, os.yml does not",
	"SYS-016": "which component applies sysctls is a choice",
	"TIM-001": "which component sets the clock is a choice",
	"USR-006": "the image must be rebuilt",
	"USR-007": "the image must be rebuilt",
	"USR-010": "whether the system has a login is a choice",
	"USR-011": "whether the system has a login is a choice",
	"USR-012": "the image must be rebuilt",
	"USR-013": "the image must be rebuilt",
}

// TestRemedies applies every edit. The finding must be gone, and no other finding of
// the same severity may appear.
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
		if !canFail(info) {
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
				t.Error("no finding has an edit: add edits to the finding of the rule, or the reason to noEdit in pipeline/remedy_test.go")
			case made > 0 && reason != "":
				t.Errorf("noEdit says %q, but there is an edit", reason)
			}
		})
	}
	for id := range noEdit {
		if !known[id] {
			t.Errorf("noEdit names %s, which is not a rule", id)
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

// remedies applies the edits of each finding on a rule's own system, and returns the
// number of findings with edits.
func (b *ruleBench) remedies(t *testing.T, judge *policy.Prepared, id string) (made int) {
	t.Helper()
	system := b.system(t, id)
	was, before := system.decide(t, judge, system.files)
	old := failing(was)
	if noEdit[id] == "" && !slices.ContainsFunc(old, func(f decision.Finding) bool { return f.ID == id }) {
		t.Errorf("the system does not fire the rule: write rules/examples/%s/edit.yml", id)
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
			if !loss.explained(f.Fix) {
				t.Errorf("%s %s: %s loses %s, but the fix does not name the loss and a way to keep it: %s\n%s", f.Resource, f.Key, loss.component, loss.what, f.Fix, diff)
			}
		}
		for _, g := range failing(now) {
			had := slices.ContainsFunc(old, func(o decision.Finding) bool { return o.ID == g.ID && o.Resource == g.Resource && o.Key == g.Key })
			switch {
			case g.ID == f.ID && g.Resource == f.Resource && g.Key == f.Key:
				t.Errorf("%s %s: the finding remains after %+v\n%s", f.Resource, f.Key, f.Edits, diff)
			case !had && g.Severity.Rank() >= f.Severity.Rank():
				t.Errorf("%s %s: %s (%s) on %s appeared: %s\n%s", f.Resource, f.Key, g.ID, g.Severity, g.Resource, g.Message, diff)
			}
		}
	}
	if made > 1 {
		system.together(t, judge, old)
	}
	return made
}

// together applies all edits one after another, as explain shows them. No finding
// whose edit was shown, or which other edits fix, may remain.
func (s *editable) together(t *testing.T, judge *policy.Prepared, old []decision.Finding) {
	t.Helper()
	now := s.files
	var fixed []decision.Finding
	for _, f := range old {
		_, next, err := remedy.Next(s.files, now, &f)
		if err == nil && len(f.Edits) > 0 {
			now, fixed = next, append(fixed, f)
		}
	}
	d, _ := s.decide(t, judge, now)
	for _, g := range failing(d) {
		if slices.ContainsFunc(fixed, func(f decision.Finding) bool { return f.ID == g.ID && f.Resource == g.Resource && f.Key == g.Key }) {
			t.Errorf("%s %s on %s: the finding remains after all edits\n%s", g.ID, g.Key, g.Resource, edit.Diff(s.files, now))
		}
	}
}

// editable is a rule's system as files that can be edited, and a patch of facts that
// os.yml cannot set.
type editable struct {
	bench *ruleBench
	files []edit.File
	patch map[string]any
	// profile is a seccomp profile that os.yml names, nil for no profile.
	profile []byte
}

// system reads the system that fires a rule: edit.yml and edit.json if they exist,
// else the system of the rule's own test.
func (b *ruleBench) system(t *testing.T, id string) *editable {
	t.Helper()
	s := &editable{bench: b}
	paths := []string{b.base}
	dir := filepath.Join(ruleSystems, id)
	for _, name := range []string{"edit", "fires"} {
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
	// A system with its own kernel is not merged with the base.
	if last := s.files[len(s.files)-1]; len(s.files) > 1 && strings.Contains("\n"+string(last.Data), "\nkernel:\n  image:") {
		s.files = []edit.File{last}
	}
	return s
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// decide runs the pipeline with the given files.
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

// Files that changed after the decision are rejected.
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
