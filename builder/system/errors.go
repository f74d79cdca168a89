package system

import "github.com/seaworthy-os/seaworthy/internal/failure"

// The kinds of errors. The exit code follows from the kind. errors.Is(err,
// ErrInput) holds for every Error of that kind, and for joined errors.
var (
	// ErrInput: os.yml, a flag or a configuration file is wrong (exit 2).
	ErrInput = failure.ErrInput
	// ErrUnusable: something could not be read or must not be used (exit 3).
	ErrUnusable = failure.ErrUnusable
	// ErrMismatch: bytes are not what their digest, signature or lock says
	// (exit 4).
	ErrMismatch = failure.ErrMismatch
)

type (
	// Error says what failed, where, and what to do next.
	Error = failure.Error
	// Position is a place in an input file.
	Position = failure.Position
)

// BadInput is an error in os.yml, a flag or a configuration file (exit 2). The
// text is in lower case and names the value.
func BadInput(format string, args ...any) *Error { return failure.BadInput(format, args...) }

// Unusable is about something that cannot be read or must not be used (exit 3).
func Unusable(format string, args ...any) *Error { return failure.Unusable(format, args...) }

// Mismatch is about bytes that are not what their digest, signature or lock says
// (exit 4).
func Mismatch(format string, args ...any) *Error { return failure.Mismatch(format, args...) }

// NotRead is about a file that the user named and that cannot be read.
func NotRead(path string, err error) *Error { return failure.NotRead(path, err) }

// Within adds to an Error where it happened. Other errors stay as they are.
func Within(where string, err error) error { return failure.Within(where, err) }

// PositionOf converts a byte offset to a Position. Columns count bytes.
func PositionOf(file string, data []byte, offset int64) Position {
	return failure.PositionOf(file, data, offset)
}
