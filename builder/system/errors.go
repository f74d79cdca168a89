package system

import (
	"errors"
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

// Error says what failed, where, and what to do next.
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

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}
