package system

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// The kinds of error that a caller branches on: the exit code follows from
// them. errors.Is(err, ErrInput) holds for every Error of that kind, and for
// joined errors.
var (
	// ErrInput: os.yml, a flag or a configuration file is wrong (exit 2).
	ErrInput = errors.New("bad input")
	// ErrUnusable: something could not be read or must not be used: a missing
	// image, a hostile entry, an unreachable registry (exit 3).
	ErrUnusable = errors.New("could not evaluate")
	// ErrMismatch: bytes are not what their digest, signature or lock says
	// (exit 4).
	ErrMismatch = errors.New("mismatch")
)

// Error says what failed, where, and what to do next. BadInput, Unusable and
// Mismatch make one, and go vet checks their formats.
type Error struct {
	// Kind is ErrInput, ErrUnusable or ErrMismatch.
	Kind error
	// Pos is the place in an input file; the zero Position where there is none.
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

// BadInput is an error in os.yml, a flag or a configuration file (exit 2). The
// text is in lower case and names the value.
func BadInput(format string, args ...any) *Error {
	return &Error{Kind: ErrInput, What: fmt.Sprintf(format, args...)}
}

// Unusable is about something that cannot be read or must not be used (exit 3).
func Unusable(format string, args ...any) *Error {
	return &Error{Kind: ErrUnusable, What: fmt.Sprintf(format, args...)}
}

// Mismatch is about bytes that are not what their digest, signature or lock says
// (exit 4).
func Mismatch(format string, args ...any) *Error {
	return &Error{Kind: ErrMismatch, What: fmt.Sprintf(format, args...)}
}

// NotRead is about a file that the user named. A file that does not exist is bad
// input, like a wrong flag. A file that exists but cannot be read is not.
func NotRead(path string, err error) *Error {
	e := Unusable("cannot read %s", path)
	if errors.Is(err, fs.ErrNotExist) {
		e.Kind = ErrInput
	}
	if in := (*fs.PathError)(nil); errors.As(err, &in) {
		err = in.Err // without the path, which What already has
	}
	return e.Because(err).Suggest("give the path of a readable file")
}

// At adds the place in an input file.
func (e *Error) At(pos Position) *Error {
	e.Pos = pos
	return e
}

// Because adds the cause; nil is none.
func (e *Error) Because(err error) *Error {
	e.Err = err
	return e
}

// Suggest adds the next step for the user: one line, or "".
func (e *Error) Suggest(format string, args ...any) *Error {
	e.Next = fmt.Sprintf(format, args...)
	return e
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
