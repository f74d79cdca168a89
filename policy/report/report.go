// Package report writes a decision for people and machines, one file per format. A
// report contains only what the decision contains, so the same decision gives the
// same bytes.
//
// Texts of a decision come from images and are hostile. Every format encodes them, so
// that no text can imitate another part of a report.
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

// Options holds what a report needs in addition to the decision.
type Options struct {
	// Color is true where the text goes to a terminal with colours.
	Color bool
	// Width is the number of columns of the terminal; 0 means 100.
	Width int
	// Signer is the name or digest of the key that signs the image. It is "" if the
	// image is not signed or the decision is not part of a build.
	Signer string
	// Exit is the exit code of the program.
	Exit int
	// All lists passing and not applicable findings in the text too.
	All bool
	// Time is the time for formats that require one: SOURCE_DATE_EPOCH, never the
	// clock. The zero value means 1970.
	Time time.Time
	// Root is an absolute path of a folder. Files below Root are named relative to it
	// in formats whose reader knows only the repository (sarif, github,
	// gitlab-codequality).
	Root string
	// Dir is the absolute path of the folder to which relative names in a decision
	// refer; "" means Root.
	Dir string
	// Diff returns the edits of a finding as a unified diff of os.yml, "" if it has
	// none. Diff may be nil.
	Diff func(*decision.Finding) string
}

type writer func(io.Writer, *decision.Decision, Options) error

// formats returns the formats by name. A new format is a new file and a line here.
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

// Formats returns the names that Write accepts, sorted.
func Formats() []string {
	return slices.Sorted(maps.Keys(formats()))
}

// Check returns an ErrInput if Write does not accept the format.
func Check(format string) error {
	if formats()[format] != nil {
		return nil
	}
	return system.BadInput("unknown report format %q", format).Suggest("use one of %s", strings.Join(Formats(), ", "))
}

// Write writes a decision in a format of Formats. An unknown format is an ErrInput;
// other errors come from w.
func Write(w io.Writer, format string, d *decision.Decision, o Options) error {
	if err := Check(format); err != nil {
		return err
	}
	return formats()[format](w, d, o)
}
