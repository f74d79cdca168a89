// Package cli has what the verbs of seaworthy share: their streams, exit codes, common
// flags, settings and reports.
package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// The exit codes, the same for every verb and report format.
const (
	ExitPass    = 0
	ExitDenied  = 1
	exitUsage   = 2
	ExitNoEval  = 3
	ExitVerify  = 4
	exitExpired = 5
)

// ExitHelp is for verbs with a verdict.
const ExitHelp = `Exit status:
  0  pass
  1  denied by policy
  2  usage error or malformed input
  3  could not evaluate: ` + BadComponent + `
  4  verification failed: a digest, signature or lock does not match
  5  denied only because waivers expired`

// BadComponent says why a verb that reads components ends with exit code 3.
const BadComponent = "missing image, unreachable registry, malformed or hostile component"

// ExitHelpPlain is for verbs without a verdict. why says when they end with exit
// code 3.
func ExitHelpPlain(why string) string {
	return `Exit status:
  0  done
  2  usage error or malformed input
  3  failed: ` + why + `
  4  verification failed: a digest, signature or lock does not match`
}

// ExitError ends the program with a code. All messages were printed before.
type ExitError int

func (e ExitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Streams are the input and the outputs of a verb.
type Streams struct {
	In io.Reader
	// Programs read out; people read text; err gets progress and errors. Output to
	// text and err is made safe for terminals and for the logs of CI services.
	Out, Text, Err io.Writer
	buffered       *bufio.Reader
}

// Input is the standard input, for a verb that reads a file from it. An interrupt ends a
// wait for its data (bounded.Interrupt).
func (c *Streams) Input() io.Reader {
	if c.In != os.Stdin {
		return c.In
	}
	f, err := bounded.Open("/dev/stdin")
	if err != nil {
		return c.In
	}
	if info, err := f.Stat(); err != nil || info.Mode().IsRegular() {
		f.Close()
		return c.In // a part of the file may have been read
	}
	return f
}

// Report prints an error, with one paragraph for each joined error, and returns
// the exit code.
func (c *Streams) Report(err error) int {
	if err == nil {
		return ExitPass
	}
	var code ExitError
	if errors.As(err, &code) {
		return int(code)
	}
	for _, e := range flatten(err) {
		// Text from elsewhere must not start a line that looks like ours.
		fmt.Fprintln(c.Err, "seaworthy: "+strings.ReplaceAll(PrintableText(e.Error()), "\n", "\n    "))
		var se *system.Error
		if errors.As(e, &se) && se.Next != "" {
			fmt.Fprintln(c.Err, "  next: "+Printable(se.Next))
		}
	}
	switch {
	case errors.Is(err, system.ErrMismatch):
		return ExitVerify
	case errors.Is(err, system.ErrInput):
		return exitUsage
	}
	return ExitNoEval
}

// flatten splits joined errors. It does not split a *system.Error.
func flatten(err error) []error {
	if _, ok := err.(*system.Error); ok { //nolint:errorlint // only joined errors are taken apart
		return []error{err}
	}
	j, ok := err.(interface{ Unwrap() []error })
	if !ok || reflect.TypeOf(err) != joinType {
		return []error{err}
	}
	var out []error
	for _, e := range j.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// joinType is the type of errors.Join's result. Other errors with several causes
// have another type.
var joinType = reflect.TypeOf(errors.Join(io.EOF))

// JSON prints a value for programs.
func (c *Streams) JSON(v any) error { return EncodeJSON(c.Out, v) }

// EncodeJSON writes a value for programs.
func EncodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(safetext.JSON(b.Bytes()))
	return err
}

// Printable returns text from elsewhere as one safe line: text from an image must
// not control the terminal.
func Printable(s string) string { return safetext.Clean(s) }

// PrintableText returns text from elsewhere as safe lines.
func PrintableText(s string) string { return safetext.Text(s) }
