package pipeline_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

var update = flag.Bool("update", false, "write docs/linuxkit-examples.md")

// kitEnv is the folder of the conformance kit, if it is not beside the repository.
const kitEnv = "SEAWORTHY_LINUXKIT_KIT"

const calibrationPage = "../docs/linuxkit-examples.md"

// conformanceKit is the folder with LinuxKit's own example files. It is not a part
// of the repository.
func conformanceKit(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(kitEnv)
	if dir == "" {
		dir = "../../shared/linuxkit-conformance"
		if _, err := os.Stat(dir); err != nil {
			t.Skipf("LinuxKit's examples are not here: set %s to the folder of the conformance kit", kitEnv)
		}
	}
	return dir
}

// TestLinuxKitExamples checks that `baseline` is useful for real systems: no rule
// fires on more than a third of the containers of LinuxKit's own examples unless
// it is critical. docs/linuxkit-examples.md has the results.
func TestLinuxKitExamples(t *testing.T) {
	c := calibrate(t, conformanceKit(t), "baseline")
	if n := len(c.examples); n != 32 {
		t.Errorf("%d examples, want 32", n)
	}
	for _, r := range c.rules {
		if r.unjudged != "" || r.Severity == decision.Critical {
			continue
		}
		if n := len(r.containers); 3*n > c.containers {
			t.Errorf("%s (%s) fires on %d of %d containers: narrow it, allow what components need (rules/data/components.json), or move it to hardened",
				r.ID, r.Severity, n, c.containers)
		}
		if n := len(r.components); 3*n > c.components {
			t.Errorf("%s (%s) fires on %d of %d components", r.ID, r.Severity, n, c.components)
		}
	}
	page := c.page()
	if *update {
		if err := os.WriteFile(calibrationPage, page, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(calibrationPage)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != string(page) {
		t.Errorf("%s is out of date: run `make calibrate` and check the difference", calibrationPage)
	}
}

// calibration has the results of a pack for the examples.
type calibration struct {
	pack       string
	examples   []example
	containers int // of all examples
	components int // with kernel and init images
	rules      []*calibrated
	// repositories are the images of the components, by section.
	repositories map[string]*repository
}

type example struct {
	name    string
	verdict decision.Verdict
	// containers among its components.
	containers, components int
	// failing findings by severity, only of the judged rules.
	failing map[decision.Severity]int
	rules   []string
	unknown int
}

// calibrated is one rule of the pack. components and containers are where it
// fires, as EXAMPLE SECTION/NAME.
type calibrated struct {
	policy.RuleInfo
	unjudged               string
	components, containers map[string]bool
	findings, unknown      int
}

// repository is one image that the examples use in one section.
type repository struct {
	uses int
	// fires and allowed are keys by rule.
	fires, allowed map[string]map[string]bool
	reasons        map[string]bool
}

// calibrate checks every example and counts.
func calibrate(t *testing.T, kit, pack string) *calibration {
	t.Helper()
	// Some examples read files of the home folder, if they exist.
	t.Setenv("HOME", t.TempDir())
	layout := filepath.Join(t.TempDir(), "layout")
	make := exec.Command("python3", filepath.Join(kit, "make-images.py"), filepath.Join(kit, "images.json"), layout)
	if out, err := make.CombinedOutput(); err != nil {
		t.Fatalf("the kit's images: %v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(kit, "yaml", "*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasPrefix(filepath.Base(f), "own-") })
	c := newCalibration(t, pack)
	checked := checkAll(t, files, layout, pack)
	for i, f := range files {
		c.add(strings.TrimSuffix(filepath.Base(f), ".yml"), checked[i])
	}
	return c
}

// checkAll checks the files, two at a time.
func checkAll(t *testing.T, files []string, layout, pack string) []*pipeline.Checked {
	t.Helper()
	out, errs := make([]*pipeline.Checked, len(files)), make([]error, len(files))
	var wg sync.WaitGroup
	for worker := range 2 {
		wg.Go(func() {
			for i := worker; i < len(files); i += 2 {
				out[i], errs[i] = pipeline.Check(t.Context(), pipeline.CheckOptions{
					Resolve: builder.Options{Files: files[i : i+1], Arch: "amd64", Components: []string{layout}, Offline: true},
					Policy:  policy.Options{Policy: pack, FailOn: "none", Now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)},
				})
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if err != nil {
			t.Fatalf("%s: %v", filepath.Base(files[i]), err)
		}
	}
	return out
}

// contents are the inputs that come from the contents of images. The kit's images
// have only placeholders.
var contents = map[string]string{
	"kernel config": "kernel configuration",
	"sysctls":       "sysctl settings",
	"files":         "files",
	"file tree":     "files",
	"sbom":          "packages",
}

func newCalibration(t *testing.T, pack string) *calibration {
	t.Helper()
	infos, err := policy.Rules(t.Context(), policy.Options{Policy: pack})
	if err != nil {
		t.Fatal(err)
	}
	c := &calibration{pack: pack, repositories: map[string]*repository{}}
	for _, info := range infos {
		r := &calibrated{RuleInfo: info, components: map[string]bool{}, containers: map[string]bool{}}
		var reads []string
		for _, in := range info.Inputs {
			if what := contents[in]; what != "" {
				reads = append(reads, what)
			}
		}
		r.unjudged = strings.Join(reads, ", ")
		c.rules = append(c.rules, r)
	}
	return c
}

func runs(section string) bool {
	return section == "onboot" || section == "onshutdown" || section == "services"
}

// add counts one example.
func (c *calibration) add(name string, checked *pipeline.Checked) {
	e := example{name: name, verdict: checked.Decision.Verdict, failing: map[decision.Severity]int{}}
	byID := map[string]*facts.Component{}
	for i := range checked.Facts.Components {
		component := &checked.Facts.Components[i]
		byID["component:"+component.ID] = component
		e.components++
		if runs(component.Section) {
			e.containers++
			c.repository(component).uses++
		}
	}
	c.components += e.components
	c.containers += e.containers
	for _, f := range checked.Decision.Findings {
		i := slices.IndexFunc(c.rules, func(r *calibrated) bool { return r.ID == f.ID })
		c.rules[i].count(&e, f, byID[f.Resource])
		if component := byID[f.Resource]; component != nil && runs(component.Section) && c.rules[i].unjudged == "" {
			c.repository(component).add(f)
		}
	}
	slices.Sort(e.rules)
	c.examples = append(c.examples, e)
}

// repository returns the repository of a component in its section.
func (c *calibration) repository(component *facts.Component) *repository {
	place := strings.TrimPrefix(component.Image.Registry+"/"+component.Image.Repository, "docker.io/")
	key := component.Section + " " + strings.TrimPrefix(place, "library/")
	if c.repositories[key] == nil {
		c.repositories[key] = &repository{
			fires: map[string]map[string]bool{}, allowed: map[string]map[string]bool{}, reasons: map[string]bool{},
		}
	}
	return c.repositories[key]
}

func (r *repository) add(f decision.Finding) {
	reason, isAllowed := strings.CutPrefix(f.Message, "allowed: ")
	switch {
	case f.State == decision.StateFail:
		put(r.fires, f.ID, f.Key)
	case f.State == decision.StateNotApplicable && isAllowed:
		put(r.allowed, f.ID, "")
		r.reasons[reason] = true
	}
}

func put(to map[string]map[string]bool, id, key string) {
	if to[id] == nil {
		to[id] = map[string]bool{}
	}
	to[id][key] = true
}

// count counts a finding of the rule in an example; component is nil if the
// finding is about something else.
func (r *calibrated) count(e *example, f decision.Finding, component *facts.Component) {
	switch f.State {
	case decision.StateUnknown:
		r.unknown++
		e.unknown++
		return
	case decision.StateFail:
		r.findings++
	default:
		return
	}
	if component != nil {
		r.components[e.name+" "+component.ID] = true
		if runs(component.Section) {
			r.containers[e.name+" "+component.ID] = true
		}
	}
	if r.unjudged == "" {
		e.failing[f.Severity]++
		if !slices.Contains(e.rules, f.ID) {
			e.rules = append(e.rules, f.ID)
		}
	}
}

// page is docs/linuxkit-examples.md.
func (c *calibration) page() []byte {
	var b strings.Builder
	consoles := 0
	if i := slices.IndexFunc(c.rules, func(r *calibrated) bool { return r.ID == "USR-009" }); i >= 0 {
		consoles = len(c.rules[i].containers)
	}
	fmt.Fprintf(&b, pageHead, len(c.examples), c.components, c.containers, c.pack, consoles)

	b.WriteString("\n## By example\n\n| example | containers | verdict | critical | high | medium | low | rules that fire |\n|---|---:|---|---:|---:|---:|---:|---|\n")
	for _, e := range c.examples {
		fmt.Fprintf(&b, "| %s | %d | %s | %d | %d | %d | %d | %s |\n", e.name, e.containers, e.verdict,
			e.failing[decision.Critical], e.failing[decision.High], e.failing[decision.Medium], e.failing[decision.Low], strings.Join(e.rules, " "))
	}

	judged, unjudged := c.sorted()
	fmt.Fprintf(&b, "\n## By rule\n\nOf %d containers, and of %d components (with the kernel and init images).\n\n", c.containers, c.components)
	b.WriteString("| rule | severity | containers | share | components | title |\n|---|---|---:|---:|---:|---|\n")
	var silent []string
	for _, r := range judged {
		if r.findings == 0 {
			silent = append(silent, r.ID)
			continue
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %d %% | %d | %s |\n", r.ID, r.Severity,
			len(r.containers), (200*len(r.containers)+c.containers)/(2*c.containers), len(r.components), r.Title)
	}
	fmt.Fprintf(&b, "\nNo example fails these rules: %s.\n", strings.Join(silent, ", "))

	b.WriteString(pageComponents)
	for _, key := range slices.Sorted(maps.Keys(c.repositories)) {
		r := c.repositories[key]
		section, name, _ := strings.Cut(key, " ")
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", section, name, r.uses, r.firing(), r.needs())
	}

	b.WriteString(pageUnjudged)
	for _, r := range unjudged {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s |\n", r.ID, r.Severity, r.findings, r.unknown, r.unjudged)
	}
	return []byte(b.String())
}

// sorted returns the judged rules, the most frequent first, and the other rules.
func (c *calibration) sorted() (judged, unjudged []*calibrated) {
	for _, r := range c.rules {
		if r.unjudged == "" {
			judged = append(judged, r)
		} else {
			unjudged = append(unjudged, r)
		}
	}
	slices.SortStableFunc(judged, func(a, b *calibrated) int { return len(b.containers) - len(a.containers) })
	return judged, unjudged
}

// firing lists the rules that fire, with the keys of their findings.
func (r *repository) firing() string {
	var out []string
	for _, id := range slices.Sorted(maps.Keys(r.fires)) {
		keys := slices.Sorted(maps.Keys(r.fires[id]))
		out = append(out, fmt.Sprintf("%s (%s)", id, strings.Join(keys, ", ")))
	}
	return strings.Join(out, "; ")
}

func (r *repository) needs() string {
	if len(r.allowed) == 0 {
		return ""
	}
	return strings.Join(slices.Sorted(maps.Keys(r.allowed)), ", ") + ": " + strings.Join(slices.Sorted(maps.Keys(r.reasons)), "; ")
}

const pageHead = "" +
	"<!-- Written by `make calibrate`; a test compares it with the results of the rules. -->\n" +
	"# LinuxKit's examples under `baseline`\n\n" +
	"This page shows the results of `seaworthy check` for the %d example systems of LinuxKit (commit 3bf33c3a, v1.8.2-57). They have %d components,\n" +
	"%d of them containers. The pack is `%s`.\n\n" +
	"Many people start from these examples. So the pack is adjusted to them: **no rule fires on more\n" +
	"than a third of the containers unless it is critical**. Permissions that a known component needs for its work are allowed, with the reason, in\n" +
	"`rules/data/components.json`. Every example is denied. The owner of a system can fix the remaining findings: a root shell without a password\n" +
	"on %d consoles, services with every capability of the kernel, writable binds of host folders that the service only reads, images\n" +
	"with a tag that can be moved.\n\n" +
	"An image named by the hash of its source (`linuxkit/getty:a86d74c8…`), such as LinuxKit's packages, passes IMG-001 in `baseline`.\n" +
	"`hardened` requires the digest. To pin all images, run `seaworthy lock` and check with `--locked`.\n\n" +
	"The images are placeholders from a test kit. Names, labels (each package's own `org.mobyproject.config`) and configurations are those of LinuxKit,\n" +
	"but the contents are placeholders. The kit invents the labels of third-party images (docker, kapacitor, nginx, redis, telegraf). So rules that read the\n" +
	"contents of an image are not counted; the last section lists them.\n"

const pageComponents = "" +
	"\n" +
	"## By component\n\n" +
	"For each container image: the rules that fire, with the keys of the findings, and the allowances.\n\n" +
	"| section | image | uses | fires | allowed |\n" +
	"|---|---|---:|---|---|\n"

const pageUnjudged = "" +
	"\n" +
	"## Rules that are not judged here\n\n" +
	"These rules of the pack also read inputs that the kit's images do not have: a kernel configuration, sysctl settings, packages, files. If such a rule fires or is\n" +
	"`unknown` here, the cause is the placeholder, not LinuxKit. A rule without its input never passes, so each example would end\n" +
	"with exit code 3 even without other findings.\n\n" +
	"| rule | severity | findings | unknown | reads from the image |\n" +
	"|---|---|---:|---:|---|\n"
