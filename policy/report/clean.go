package report

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// clean makes hostile text harmless on a terminal.
func clean(s string) string { return safetext.Clean(s) }

// inert makes a line of a log one that commands nothing: a CI service reads its
// commands out of the log, and an image must not give any.
func inert(line string) string { return safetext.Inert(line) }

// lines are the lines of a text of ours that may hold several, each clean.
func lines(s string) []string {
	var out []string
	for l := range strings.SplitSeq(strings.TrimSpace(s), "\n") {
		out = append(out, clean(strings.TrimRight(l, " \t\r")))
	}
	return out
}

func cleanAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, clean(s))
	}
	return out
}
