package report

import (
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// GitLab's Code Quality report: a list of what fails or is unknown. It has no
// word for a waived finding, so those are not in it. Fingerprints are the same
// in every run, so that a merge request shows what it adds and what it mends.

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
			at.file = d.System.Name // what has no path is not taken
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
	raw, err := encode(out)
	if err != nil {
		return err
	}
	_, err = w.Write(raw)
	return err
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
