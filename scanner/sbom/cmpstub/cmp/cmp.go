// Package cmp replaces google/go-cmp, which is made for tests. Syft calls it to
// check whether a structure of strings is empty. Its initialisation took a
// fiftieth of each start.
package cmp

import (
	"fmt"
	"reflect"
)

// Option changes how values are compared; there is none.
type Option interface{ option() }

// Equal is reflect.DeepEqual. For the values that syft compares, the result is
// the same: they have no options, Equal methods, unexported fields or
// functions.
func Equal(x, y any, _ ...Option) bool { return reflect.DeepEqual(x, y) }

// Diff shows both values if they differ. Only tests call it, through
// go-containerregistry's validate.
func Diff(x, y any, _ ...Option) string {
	if Equal(x, y) {
		return ""
	}
	return fmt.Sprintf("- %+v\n+ %+v\n", x, y)
}
