package report

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// clean removes terminal escapes and other deceptive characters from hostile text.
func clean(s string) string { return safetext.Clean(s) }

// inert changes a log line so that a CI service finds no command in it. A CI service
// reads commands from the log, and a text of an image must not become one.
func inert(line string) string { return safetext.Inert(line) }

// lines splits a text with several lines and cleans each line.
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
