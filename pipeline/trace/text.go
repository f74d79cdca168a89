package trace

import (
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/words"
)

// WriteText writes a report for people. patch -p1 reads the diff at its end.
func (r *Report) WriteText(w io.Writer) {
	fmt.Fprintf(w, "%s: %s, %s seen, %s changed, %s opened\n\n", r.Component, words.Count(len(r.Runs), "run", "runs"),
		words.Count(len(r.Calls), "system call", "system calls"), words.Count(len(r.Files), "file", "files"), words.Count(len(r.Devices), "device", "devices"))
	for _, c := range r.Capabilities {
		verdict := "not needed"
		if c.Needed {
			verdict = "needed: without it, " + c.Without
		}
		if len(c.Calls) > 0 {
			verdict += " (seen: " + strings.Join(c.Calls, ", ") + ")"
		}
		if c.Needed || len(c.Calls) > 0 {
			fmt.Fprintf(w, "capability %s: %s\n", c.Name, verdict)
		}
	}
	for i := range r.Files {
		f := &r.Files[i]
		verdict := ""
		if f.ReadOnly {
			verdict = ", refused: the file system is read-only"
		}
		fmt.Fprintf(w, "changed %s%s\n", f.seen(), verdict)
	}
	for i := range r.Devices {
		fmt.Fprintf(w, "device %s\n", r.Devices[i].seen())
	}
	fmt.Fprintln(w)
	for _, c := range r.Changes {
		fmt.Fprintf(w, "%s %s: %s\n", c.Op, strings.TrimPrefix(c.Path, "/"), c.Reason)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(w, "note: %s\n", n)
	}
	fmt.Fprintf(w, "\nThe system was built and booted with these changes, and %s works.\n\n%s", r.Component, r.Diff)
}
