package verify

import (
	"strconv"
	"strings"
)

// olderVersion reports whether version a is older than b. Both are [v]X.Y.Z, and
// text after - or + is ignored, except that X.Y.Z-text is older than X.Y.Z. It is
// not ok if one of them is not a version.
func olderVersion(a, b string) (older, ok bool) {
	x, preX, okX := version(a)
	y, preY, okY := version(b)
	if !okX || !okY {
		return false, false
	}
	for i := range x {
		if x[i] != y[i] {
			return x[i] < y[i], true
		}
	}
	return preX && !preY, true
}

// version parses [v]X.Y.Z with an optional suffix. pre reports a suffix after -.
func version(s string) (parts [3]uint64, pre, ok bool) {
	s = strings.TrimPrefix(s, "v")
	s, _, _ = strings.Cut(s, "+")
	s, _, pre = strings.Cut(s, "-")
	fields := strings.Split(s, ".")
	if len(fields) != len(parts) {
		return parts, pre, false
	}
	for i, f := range fields {
		n, err := strconv.ParseUint(f, 10, 32)
		if err != nil || f != strconv.FormatUint(n, 10) {
			return parts, pre, false
		}
		parts[i] = n
	}
	return parts, pre, true
}

// ValidVersion reports whether s can be Rule.Builder.
func ValidVersion(s string) bool {
	_, _, ok := version(s)
	return ok
}
