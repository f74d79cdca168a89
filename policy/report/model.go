package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// group holds what one heading contains: the findings of a component or of a kind of
// resource.
type group struct {
	name      string
	component *decision.Component // nil for a kind of resource
	findings  []*decision.Finding
}

// groups groups the findings in the given states: components in the order of the
// system, then kernel, command line, sysctl, files, image. Within a group the worst
// come first.
func groups(d *decision.Decision, states ...decision.State) []group {
	byName := map[string]*group{}
	var order []string
	get := func(name string) *group {
		if byName[name] == nil {
			byName[name] = &group{name: name}
			order = append(order, name)
		}
		return byName[name]
	}
	for i := range d.System.Components {
		c := &d.System.Components[i]
		get("component:" + c.ID).component = c
	}
	for _, kind := range []string{"kernel:", "cmdline:", "sysctl:", "file:", "image:"} {
		get(kind)
	}
	for i := range d.Findings {
		f := &d.Findings[i]
		if !slices.Contains(states, f.State) {
			continue
		}
		name := f.Resource
		if kind, _, ok := strings.Cut(f.Resource, ":"); ok && kind != "component" {
			name = kind + ":"
		}
		g := get(name)
		g.findings = append(g.findings, f)
	}
	var out []group
	for _, name := range order {
		g := byName[name]
		if len(g.findings) == 0 {
			continue
		}
		g.name = groupTitle(name)
		slices.SortStableFunc(g.findings, worse)
		out = append(out, *g)
	}
	return out
}

func groupTitle(name string) string {
	switch name {
	case "kernel:":
		return "kernel configuration"
	case "cmdline:":
		return "kernel command line"
	case "sysctl:":
		return "sysctl"
	case "file:":
		return "files"
	case "image:":
		return "the image as a whole"
	}
	return strings.TrimPrefix(name, "component:")
}

// place returns FILE:LINE:COLUMN of an origin, or "" if no file is known.
func place(o *decision.Origin) string {
	if o == nil || o.File == "" {
		return ""
	}
	if o.Line == 0 {
		return o.File
	}
	return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column)
}

// where returns where a finding's value was set: its place in os.yml, or the layer
// and the line of os.yml that names the image with this layer.
func where(d *decision.Decision, f *decision.Finding) (at, layer string) {
	if f.Origin != nil {
		at, layer = place(f.Origin), layerWords(f)
	}
	if at == "" {
		at = place(imageOrigin(d, f))
	}
	return at, layer
}

func layerWords(f *decision.Finding) string {
	switch f.Origin.Layer {
	case "default":
		if strings.HasPrefix(f.Resource, "sysctl:") {
			return "the kernel's default"
		}
		return "set by the builder's default"
	case "image":
		return "set by the image"
	case "label":
		return "set by the image's label"
	case "os.yml":
		return "set in os.yml"
	case "config":
		return "set by the kernel's configuration"
	case "cmdline":
		return "set on the command line"
	case "sysctl":
		return "set by the sysctl file"
	case "":
		return ""
	}
	return "set by " + clean(f.Origin.Layer)
}

// imageOrigin returns the place of the image line of the finding's component. Kernel
// findings belong to the component "kernel".
func imageOrigin(d *decision.Decision, f *decision.Finding) *decision.Origin {
	id, ok := strings.CutPrefix(f.Resource, "component:")
	if !ok {
		if !strings.HasPrefix(f.Resource, "kernel:") && !strings.HasPrefix(f.Resource, "cmdline:") {
			return nil
		}
		id = "kernel"
	}
	for i := range d.System.Components {
		if d.System.Components[i].ID == id {
			return d.System.Components[i].Origin
		}
	}
	return nil
}

// verdictWord returns the verdict as a headline.
func verdictWord(d *decision.Decision) string {
	switch d.Verdict {
	case decision.Pass:
		return "PASS"
	case decision.Deny:
		return "DENIED"
	}
	return "UNKNOWN"
}

// tally returns the number of findings of each state as text.
func tally(d *decision.Decision) string { return d.Summary.Text() }

// why returns the reason for the verdict as text.
func why(d *decision.Decision) string {
	failing, expired := 0, 0
	least := decision.Severity(d.FailOn).Rank()
	for i := range d.Findings {
		f := &d.Findings[i]
		switch {
		case f.State != decision.StateFail || f.Severity.Rank() < least:
		case f.Waiver != nil && f.Waiver.Expired:
			expired++
		default:
			failing++
		}
	}
	var out string
	switch {
	case failing > 0:
		out = count(failing, "finding fails", "findings fail")
		if expired > 0 {
			out += ", and " + count(expired, "more whose waiver has expired", "more whose waivers have expired")
		}
	case d.Summary.Unknown > 0:
		out = count(d.Summary.Unknown, "finding is unknown", "findings are unknown") + ", and unknown findings deny the system"
	case expired > 0:
		out = "only because " + count(expired, "waiver has", "waivers have") + " expired"
	case d.Summary.Fail > 0:
		out = count(d.Summary.Fail, "failing finding is", "failing findings are") + " below " + d.FailOn
	default:
		out = "nothing fails and nothing is unknown"
	}
	if d.FailOn == "none" && d.Verdict != decision.Pass {
		out += "; reported only (fail-on none)"
	}
	return out
}

func count(n int, one, many string) string { return words.Count(n, one, many) }

// spot is a place in a file, for formats that require one for every finding.
type spot struct {
	file         string // with slashes, relative to Options.Root if it is below it
	line, column int    // 0 where only the file is known
}

func (s spot) String() string {
	return place(&decision.Origin{File: s.file, Line: s.line, Column: s.column})
}

// spotOf returns the place in os.yml: where the value was set, else the line that
// names the image, else the start of the first os.yml, because some programs drop a
// result without a place. The second result is false if the decision names no file.
func spotOf(d *decision.Decision, f *decision.Finding, o Options) (spot, bool) {
	at := f.Origin
	if at == nil || at.File == "" {
		at = imageOrigin(d, f)
	}
	switch {
	case at != nil && at.File != "":
		return spot{o.named(at.File), at.Line, at.Column}, true
	case len(d.System.Sources) > 0:
		return spot{o.named(d.System.Sources[0].Path), 1, 1}, true
	}
	return spot{}, false
}

// named returns a file's name for a reader who has only the repository: relative to
// Root if the file is below it.
func (o Options) named(file string) string {
	if strings.Contains(file, "://") {
		return file // an os.yml from a URL
	}
	at := file
	if !filepath.IsAbs(at) && o.Dir != "" {
		at = filepath.Join(o.Dir, at)
	}
	if o.Root != "" && filepath.IsAbs(at) {
		if rel, err := filepath.Rel(o.Root, at); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
	}
	return strings.TrimPrefix(filepath.ToSlash(file), "./")
}

// worstFirst returns the findings in the given states: failing first, then by
// severity, rule and resource.
func worstFirst(d *decision.Decision, states ...decision.State) []*decision.Finding {
	var out []*decision.Finding
	for i := range d.Findings {
		if f := &d.Findings[i]; slices.Contains(states, f.State) {
			out = append(out, f)
		}
	}
	sortByState(out, states...)
	return out
}

// sortByState sorts by state in the given order, then worst first.
func sortByState(list []*decision.Finding, states ...decision.State) {
	slices.SortStableFunc(list, func(a, b *decision.Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(states, a.State), slices.Index(states, b.State)), worse(a, b))
	})
}

func worse(a, b *decision.Finding) int {
	return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.ID, b.ID),
		cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Key, b.Key))
}

// maxMessage limits the text of a finding in formats that other programs display, in
// runes. The decision has the whole text.
const maxMessage = 4000

// message describes a finding in several clean lines: the fact, the value, its
// origin, the expected value and the fix.
func message(d *decision.Decision, f *decision.Finding) string {
	var b strings.Builder
	b.WriteString(clean(f.Resource) + ": ")
	if f.State == decision.StateUnknown {
		b.WriteString("not decided: ")
	}
	b.WriteString(clean(f.Message))
	for _, fact := range f.Because {
		b.WriteString("\nBecause: " + clean(fact))
	}
	if f.Actual != nil {
		b.WriteString("\nValue: " + clean(value(f.Actual)))
	}
	if _, layer := where(d, f); layer != "" {
		b.WriteString("\nLayer: " + layer)
	}
	if f.Expected != nil {
		b.WriteString("\nExpected: " + clean(value(f.Expected)))
	}
	if f.Fix != "" {
		b.WriteString("\nFix: " + strings.Join(lines(f.Fix), "\n"))
	}
	if f.Waiver != nil && f.Waiver.Expired {
		b.WriteString("\nWaiver, expired: " + waiverWords(f.Waiver))
	}
	return cut(b.String(), maxMessage)
}

// waiverWords says who waived the finding until when, and why, on one clean line.
func waiverWords(w *decision.Waiver) string {
	return clean(fmt.Sprintf("%s (waived by %s until %s)", w.Reason, w.Owner, w.Expires))
}

// attention says what is wrong with a waiver, or "". The answer can depend on the
// date.
func attention(w *decision.Waiver) string {
	if w.Soon {
		return strings.TrimSuffix("expires "+w.Expires+"; "+w.Warning, "; ")
	}
	return w.Warning
}

// Fingerprint returns a digest of a finding's rule, resource and key. It identifies
// the finding in other runs, so other changes of os.yml do not change it.
func Fingerprint(f *decision.Finding) string {
	h := sha256.New()
	for _, s := range []string{f.ID, f.Resource, f.Key} {
		fmt.Fprintf(h, "%d:%s,", len(s), s)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
