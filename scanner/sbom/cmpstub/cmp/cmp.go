// Package cmp stands in for google/go-cmp, which its authors intend for tests.
// Syft calls it to see whether a structure of strings is empty. Initialising it
// took a fiftieth of each start.
package cmp

import (
	"fmt"
	"reflect"
)

// Option changes how values are compared; none is left.
type Option interface{ option() }

// Equal is reflect.DeepEqual. That is the same for values without options, Equal
// methods, unexported fields and functions, as those that syft compares are.
func Equal(x, y any, _ ...Option) bool { return reflect.DeepEqual(x, y) }

// Diff shows both values where they differ. Tests alone call it, through
// go-containerregistry's validate.
func Diff(x, y any, _ ...Option) string {
	if Equal(x, y) {
		return ""
	}
	return fmt.Sprintf("- %+v\n+ %+v\n", x, y)
}
