package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// The github format writes workflow commands of GitHub Actions. Notes come first as
// plain log lines, as in other reports. Then comes an annotation for each finding
// that fails or is unknown and for each waiver that needs attention, worst first. The
// last line is the verdict as plain text. GitHub shows only the first ten annotations
// of a level and step; the log has all of them.

const shownByGitHub = 10

func writeGitHub(w io.Writer, d *decision.Decision, o Options) error {
	b := bufio.NewWriter(w)
	counted := map[string]int{}
	annotate := func(level string, at spot, title, text string) {
		counted[level]++
		_, _ = b.WriteString("::" + level + " ")
		if at.file != "" {
			_, _ = b.WriteString("file=" + property(at.file) + ",")
		}
		if at.line > 0 {
			_, _ = fmt.Fprintf(b, "line=%d,col=%d,", at.line, max(at.column, 1))
		}
		_, _ = b.WriteString("title=" + property(title) + "::" + data(text) + "\n")
	}
	line := func(s string) { _, _ = b.WriteString(inert(s) + "\n") }
	for _, note := range d.Notes {
		line("note: " + clean(note))
	}
	for _, f := range worstFirst(d, decision.StateFail, decision.StateUnknown) {
		at, _ := spotOf(d, f, o)
		title := fmt.Sprintf("%s (%s): %s", f.ID, f.Severity, f.Title)
		if f.State == decision.StateUnknown {
			title = fmt.Sprintf("%s (unknown): %s", f.ID, f.Title)
		}
		annotate(annotation(f.Severity), at, title, message(d, f))
	}
	for i := range d.Waivers {
		wv := &d.Waivers[i]
		if trouble := attention(wv); trouble != "" {
			at := spot{o.named(wv.Origin.File), wv.Origin.Line, wv.Origin.Column}
			annotate("warning", at, "waiver of "+wv.Rule, fmt.Sprintf("%s%s: %s", clean(wv.Resource), clean(wv.Digest), clean(trouble)))
		}
	}
	for _, level := range []string{"error", "warning", "notice"} {
		if counted[level] > shownByGitHub {
			line(fmt.Sprintf("GitHub shows the first %d of %d %ss as annotations; the log above has all of them.", shownByGitHub, counted[level], level))
		}
	}
	line(fmt.Sprintf("%s (%s): %s", clean(d.System.Name), clean(d.System.Arch), tally(d)))
	line(verdictWord(d) + ": " + why(d))
	return b.Flush()
}

func annotation(s decision.Severity) string {
	if l := level(s); l != "note" {
		return l
	}
	return "notice"
}

// data and property escape a text for its place in a command. Only this program makes
// line breaks: each line of a text is already clean, or is cleaned here.
func data(s string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(s)
}

func property(s string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(clean(s)))
}
