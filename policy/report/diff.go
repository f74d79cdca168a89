package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/diff"
)

// Limits for the formats that people read. The JSON format is complete.
const (
	diffShown    = 40  // listed changes of one area that are neither weaker nor stronger
	diffValue    = 120 // runes of a shown value
	diffMarkdown = 50000
)

// DiffFormats returns the names of the formats that WriteDiff accepts, sorted.
func DiffFormats() []string { return []string{"json", "markdown", "text"} }

// WriteDiff writes the differences between two systems in a format of DiffFormats. An
// unknown format is an ErrInput; other errors come from w.
func WriteDiff(w io.Writer, format string, r *diff.Result, o Options) error {
	switch format {
	case "text":
		return diffText(w, r, o)
	case "json":
		raw, err := encode(r)
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return err
	case "markdown":
		return diffAsMarkdown(w, r)
	}
	return CheckDiff(format)
}

// CheckDiff returns an ErrInput if WriteDiff does not accept the format.
func CheckDiff(format string) error {
	if slices.Contains(DiffFormats(), format) {
		return nil
	}
	return system.BadInput("unknown report format %q of diff", format).Suggest("use one of %s", strings.Join(DiffFormats(), ", "))
}

// diffTally returns the counts of changes as text.
func diffTally(r *diff.Result) string {
	return fmt.Sprintf("%d weaker, %d stronger, %d changed", r.Count(diff.Weaker), r.Count(diff.Stronger), r.Count(diff.Changed))
}

var directions = []struct {
	direction    diff.Direction
	title, color string
}{{diff.Weaker, "Weaker", red}, {diff.Stronger, "Stronger", green}, {diff.Changed, "Changed", bold}}

// area holds the changes of one direction and area. left counts the changes that are
// not listed.
type area struct {
	name    string
	changes []*diff.Change
	left    int
}

// areas groups the changes of one direction by area. All weaker and stronger changes
// are listed. Other changes can be thousands of kernel options, so only the first
// diffShown of an area are listed.
func areas(r *diff.Result, d diff.Direction) []*area {
	var out []*area
	byName := map[string]*area{}
	for i := range r.Changes {
		ch := &r.Changes[i]
		if ch.Direction != d {
			continue
		}
		a := byName[ch.Area]
		if a == nil {
			a = &area{name: ch.Area}
			byName[ch.Area] = a
			out = append(out, a)
		}
		if d == diff.Changed && len(a.changes) >= diffShown {
			a.left++
			continue
		}
		a.changes = append(a.changes, ch)
	}
	return out
}

func diffText(w io.Writer, r *diff.Result, o Options) error {
	t := &textReport{w: bufio.NewWriter(w), o: o, width: o.Width}
	if t.width <= 0 {
		t.width = defaultWidth
	}
	t.width = max(t.width, minWidth)
	t.line(t.paint(bold, clean(r.Old)+" -> "+clean(r.New)), ": ", diffTally(r))
	for _, d := range directions {
		list := areas(r, d.direction)
		if len(list) == 0 {
			continue
		}
		t.line()
		t.line(t.paint(d.color, d.title))
		for _, a := range list {
			t.line("  ", t.paint(underline, clean(a.name)))
			for _, ch := range a.changes {
				t.change(ch)
			}
			if a.left > 0 {
				t.line(fmt.Sprintf("    and %d more: see the JSON report", a.left))
			}
		}
	}
	return t.w.Flush()
}

func (t *textReport) change(ch *diff.Change) {
	head := resourceName(ch) + " " + ch.Message
	for i, l := range wrap(clean(head), t.width-4) {
		if i > 0 {
			l = "  " + l
		}
		t.line("    ", l)
	}
	if v := diffValues(ch); v != "" {
		t.line("      ", clean(v))
	}
	var tail []string
	if len(ch.Rules) > 0 {
		tail = append(tail, strings.TrimSpace(strings.Join(ch.Rules, ", ")+" "+string(ch.Severity)))
	}
	if p := place(ch.Origin); p != "" {
		at := p
		if ch.Origin.Layer != "os.yml" && ch.Origin.Layer != "waivers" {
			at += " (" + ch.Origin.Layer + ")"
		}
		tail = append(tail, at)
	}
	if len(tail) > 0 {
		t.line("      ", t.paint(dim, clean(strings.Join(tail, "  "))))
	}
}

// resourceName returns the resource as the subject of a message.
func resourceName(ch *diff.Change) string {
	if _, name, ok := strings.Cut(ch.Resource, ":"); ok {
		return name
	}
	return ch.Resource
}

// diffValues returns "OLD -> NEW", or "" if the change has no values.
func diffValues(ch *diff.Change) string {
	if ch.Old == nil && ch.New == nil {
		return ""
	}
	one := func(v any) string {
		if v == nil {
			return "(none)"
		}
		if s, ok := v.(string); ok {
			return cut(s, diffValue)
		}
		return compact(v, diffValue)
	}
	return one(ch.Old) + " -> " + one(ch.New)
}

func diffAsMarkdown(w io.Writer, r *diff.Result) error {
	m := &markdownReport{}
	mark := "✅"
	if r.Count(diff.Weaker) > 0 {
		mark = "⚠️"
	}
	m.line("## ", mark, " ", mdCode(r.Old), " → ", mdCode(r.New))
	m.line()
	m.line(diffTally(r), ".")
	for _, d := range directions {
		var rows []string
		left := 0
		for _, a := range areas(r, d.direction) {
			left += a.left
			for _, ch := range a.changes {
				rows = append(rows, fmt.Sprintf("| %s | %s %s | %s | %s | %s |", mdCell(a.name), mdCode(resourceName(ch)), mdCell(ch.Message),
					mdCell(diffValues(ch)), mdCell(strings.Join(ch.Rules, ", ")), mdCell(place(ch.Origin))))
			}
		}
		if len(rows) == 0 {
			continue
		}
		m.line()
		m.line("### ", d.title)
		m.line()
		m.line("| Area | What | From → to | Rules | Where |")
		m.line("| --- | --- | --- | --- | --- |")
		m.table(diffMarkdown/len(directions), rows)
		if left > 0 {
			m.line()
			m.line(fmt.Sprintf("%d more are in the JSON report.", left))
		}
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}
