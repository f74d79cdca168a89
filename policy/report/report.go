// Package report shows a decision to people and machines, one file per format.
// A report holds nothing that the decision does not say, so the same decision
// gives the same bytes.
//
// Texts in a decision come from images and are hostile: every format encodes
// them, and none lets one look like anything but itself.
package report

import (
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Options are what a report may need beside the decision.
type Options struct {
	// Color: the text goes to a terminal that shows colours.
	Color bool
	// Width of the terminal in columns; 0 is 100.
	Width int
	// Signer says who signs the image: a key's name or digest, "" where nobody
	// does or the decision is not part of a build.
	Signer string
	// Exit is the exit code that the program ends with.
	Exit int
	// All lists passing and not applicable findings in the text too.
	All bool
	// Time is what formats that demand one carry: SOURCE_DATE_EPOCH, never the
	// clock. The zero value is 1970.
	Time time.Time
	// Root is a folder, absolute: what lies in it is named relative to it where
	// the reader knows a repository alone (sarif, github, gitlab-codequality).
	Root string
	// Dir is the folder, absolute, in which the names of a decision begin that
	// are not absolute themselves; "" is Root.
	Dir string
	// Diff is the edits of a finding as a unified diff of os.yml, "" where it
	// has none. It may be nil.
	Diff func(*decision.Finding) string
}

type writer func(io.Writer, *decision.Decision, Options) error

// formats by name. A new format is a new file, and a line here.
func formats() map[string]writer {
	return map[string]writer{
		"text":               writeText,
		"json":               writeJSON,
		"sarif":              writeSARIF,
		"junit":              writeJUnit,
		"github":             writeGitHub,
		"gitlab-codequality": writeGitLab,
		"markdown":           writeMarkdown,
		"html":               writeHTML,
		"oscal":              writeOSCAL,
	}
}

// Formats are the names that Write takes, sorted.
func Formats() []string {
	return slices.Sorted(maps.Keys(formats()))
}

// Check tells whether Write knows a format; the error is an ErrInput.
func Check(format string) error {
	if formats()[format] != nil {
		return nil
	}
	return system.BadInput("unknown report format %q", format).Suggest("use one of %s", strings.Join(Formats(), ", "))
}

// Write writes a decision in a format, one of Formats.
func Write(w io.Writer, format string, d *decision.Decision, o Options) error {
	if err := Check(format); err != nil {
		return err
	}
	return formats()[format](w, d, o)
}
