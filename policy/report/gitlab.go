package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// GitLab's Code Quality report: the notes, then the findings that fail or are
// unknown. The format cannot express a waived finding, so waived findings are left
// out. Fingerprints are the same in every run, so a merge request shows what it adds
// and what it fixes.

type codeQuality struct {
	Description string              `json:"description"`
	CheckName   string              `json:"check_name"`
	Fingerprint string              `json:"fingerprint"`
	Severity    string              `json:"severity"`
	Location    codeQualityLocation `json:"location"`
}

type codeQualityLocation struct {
	Path  string           `json:"path"`
	Lines codeQualityLines `json:"lines"`
}

type codeQualityLines struct {
	Begin int `json:"begin"`
}

func writeGitLab(w io.Writer, d *decision.Decision, o Options) error {
	out := []codeQuality{}
	seen := map[string]int{}
	for _, f := range worstFirst(d, decision.StateFail, decision.StateUnknown) {
		at, ok := spotOf(d, f, o)
		if !ok {
			at.file = d.System.Name // GitLab ignores an issue without a path
		}
		id := Fingerprint(f)
		if seen[id]++; seen[id] > 1 {
			id = fmt.Sprintf("%s-%d", id, seen[id])
		}
		out = append(out, codeQuality{
			Description: clean(f.ID+": "+f.Title) + "\n" + message(d, f),
			CheckName:   clean(f.ID), Fingerprint: id, Severity: gitlabSeverity(f.Severity),
			Location: codeQualityLocation{clean(at.file), codeQualityLines{max(at.line, 1)}},
		})
	}
	out = append(notesGitLab(d, o), out...)
	raw, err := encode(out)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
}

// noteCheck is the check name of a note, which is not a finding.
const noteCheck = "note"

// notesGitLab returns the notes. The format has no header, so each note is an issue
// of the lowest severity. Numbers in a note change between days (such as the number
// of database records), so they are not part of its fingerprint.
func notesGitLab(d *decision.Decision, o Options) []codeQuality {
	out := []codeQuality{}
	seen := map[string]int{}
	at, ok := spotOf(d, &decision.Finding{}, o)
	if !ok {
		at.file = d.System.Name
	}
	for _, note := range d.Notes {
		id := Fingerprint(&decision.Finding{ID: noteCheck, Key: strings.Join(strings.FieldsFunc(note, unicode.IsDigit), "#")})
		if seen[id]++; seen[id] > 1 {
			id = fmt.Sprintf("%s-%d", id, seen[id])
		}
		out = append(out, codeQuality{Description: clean(note), CheckName: noteCheck, Fingerprint: id, Severity: "info",
			Location: codeQualityLocation{clean(at.file), codeQualityLines{max(at.line, 1)}}})
	}
	return out
}

func gitlabSeverity(s decision.Severity) string {
	switch s {
	case decision.Critical:
		return "blocker"
	case decision.High:
		return "critical"
	case decision.Medium:
		return "major"
	case decision.Low:
		return "minor"
	}
	return "info"
}
