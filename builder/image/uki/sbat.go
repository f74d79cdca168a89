package uki

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Generation is a line of a section .sbat: a component of the program, and its
// generation. shim and the boot loader refuse generations below those that they know.
type Generation struct {
	Component  string
	Generation int
	// Who made the component, its package, the version of the package, and an address.
	Vendor, Package, Version, URL string
}

// ParseSBAT reads the lines of a section .sbat, without zeros at its end. Each line has
// six fields, and the second is a number. Generation n is that of line n+1.
func ParseSBAT(text string) ([]Generation, error) {
	if len(text) > maxText {
		return nil, bad(".sbat has %d bytes: the limit is %d", len(text), maxText)
	}
	var out []Generation
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		f := strings.Split(line, ",")
		if len(f) != 6 || f[0] == "" || f[1] == "" || strings.Trim(f[1], "0123456789") != "" ||
			strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == utf8.RuneError }) {
			return nil, bad("line %d of .sbat is not COMPONENT,GENERATION,VENDOR,NAME,VERSION,URL: %q", i+1, line)
		}
		n, err := strconv.ParseUint(f[1], 10, 31)
		if err != nil {
			return nil, bad("line %d of .sbat: generation %s is too large", i+1, f[1])
		}
		out = append(out, Generation{f[0], int(n), f[2], f[3], f[4], f[5]})
	}
	if !strings.HasSuffix(text, "\n") {
		return nil, bad("the last line of .sbat does not end with a newline")
	}
	return out, nil
}
