// Package failure makes errors that say what failed, where, and what to do next.
// builder/system gives its names to all other packages.
package failure

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// The kinds of errors. The exit code depends on the kind. errors.Is(err,
// ErrInput) is true for every Error of that kind, also inside joined errors.
var (
	// ErrInput: os.yml, a flag or a configuration file is wrong (exit 2).
	ErrInput = errors.New("bad input")
	// ErrUnusable: something cannot be read or must not be used, such as a
	// missing image, a hostile entry or an unreachable registry (exit 3).
	ErrUnusable = errors.New("could not evaluate")
	// ErrMismatch: bytes differ from their digest, signature or lock (exit 4).
	ErrMismatch = errors.New("mismatch")
)

// Error says what failed, where, and what to do next. BadInput, Unusable and
// Mismatch create one. go vet checks their formats.
type Error struct {
	// Kind is ErrInput, ErrUnusable or ErrMismatch.
	Kind error
	// Pos is the place in an input file, or the zero Position.
	Pos Position
	// What failed, with the value, in lower case: `service "web": no such
	// volume "data"`.
	What string
	// Next is the next step for the user, one line, or "".
	Next string
	// Err is the cause, or nil.
	Err error
}

func (e *Error) Error() string {
	var b strings.Builder
	if e.Pos.File != "" {
		b.WriteString(e.Pos.String() + ": ")
	}
	b.WriteString(e.What)
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// BadInput creates an error for os.yml, a flag or a configuration file (exit
// 2). The text is in lower case and names the value.
func BadInput(format string, args ...any) *Error {
	return &Error{Kind: ErrInput, What: fmt.Sprintf(format, args...)}
}

// Unusable creates an error for something that cannot be read or must not be
// used (exit 3).
func Unusable(format string, args ...any) *Error {
	return &Error{Kind: ErrUnusable, What: fmt.Sprintf(format, args...)}
}

// Mismatch creates an error for bytes that differ from their digest, signature
// or lock (exit 4).
func Mismatch(format string, args ...any) *Error {
	return &Error{Kind: ErrMismatch, What: fmt.Sprintf(format, args...)}
}

// NotRead creates an error for a file that the user named. A file that does not
// exist is bad input, like a wrong flag. A file that exists but cannot be read
// is ErrUnusable.
func NotRead(path string, err error) *Error {
	e := Unusable("cannot read %s", path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) { // not a file
		e.Kind = ErrInput
	}
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		err = in.Err // What already has the path
	}
	return e.Because(err).Suggest("give the path of a readable file")
}

// At adds the place in an input file.
func (e *Error) At(pos Position) *Error {
	e.Pos = pos
	return e
}

// Because adds the cause, which may be nil.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Suggest adds the next step for the user: one line, or "".
func (e *Error) Suggest(format string, args ...any) *Error {
	e.Next = fmt.Sprintf(format, args...)
	return e
}

// Report is Suggest for an error that only a defect of this program can cause.
func (e *Error) Report() *Error {
	return e.Suggest("this is a defect of seaworthy: report it with this message at https://github.com/seaworthy-os/seaworthy/issues")
}

// Within adds to an Error where it happened. Other errors stay as they are.
func Within(where string, err error) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	within := *e
	within.What = where + ": " + e.What
	return &within
}

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
