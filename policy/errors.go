package policy

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// input is an error of whoever wrote an option, a waiver or a rule (exit 2).
func input(what, next string, args ...any) error {
	return &system.Error{Kind: system.ErrInput, What: fmt.Sprintf(what, args...), Next: next}
}

// inputAt is input with a place.
func inputAt(pos system.Position, next, what string, args ...any) error {
	return &system.Error{Kind: system.ErrInput, Pos: pos, What: fmt.Sprintf(what, args...), Next: next}
}

// unusable is an evaluation that could not be completed (exit 3).
func unusable(cause error, what, next string, args ...any) error {
	return &system.Error{Kind: system.ErrUnusable, What: fmt.Sprintf(what, args...), Next: next, Err: cause}
}
