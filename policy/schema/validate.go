package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	maxDepth    = 200 // of schemas and values
	maxProblems = 10  // reported for one value
	maxDigits   = 400 // digits of a number, and the limit of its exponent
)

// Problem is a mistake in a value. Path leads to it from the root of the value.
type Problem struct {
	Path []string
	Text string
}

// Validate checks a value with the schema and returns at most maxProblems problems,
// or nil if the value is valid. Numbers must be json.Number.
func (s *Schema) Validate(v any) []Problem {
	c := &check{}
	c.value(s, v, nil, 0)
	return c.problems
}

// check collects problems.
type check struct{ problems []Problem }

func (c *check) bad(path []string, what string, args ...any) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, Problem{slices.Clone(path), fmt.Sprintf(what, args...)})
	}
}

// fits reports whether the value is valid.
func fits(s *Schema, v any, depth int) bool {
	c := &check{}
	c.value(s, v, nil, depth)
	return len(c.problems) == 0
}

func (c *check) value(s *Schema, v any, path []string, depth int) {
	if s == nil {
		return
	}
	if depth > maxDepth {
		c.bad(path, "the schema refers to itself without end, or the value is nested too deeply")
		return
	}
	depth++
	if s.fixed != nil {
		if !*s.fixed {
			c.bad(path, "no value is allowed")
		}
		return
	}
	if s.Types != nil && !slices.ContainsFunc(s.Types, func(t string) bool { return isType(t, v) }) {
		c.bad(path, "got %s, want %s", typeOf(v), strings.Join(s.Types, " or "))
		return
	}
	if s.enum != nil && !slices.ContainsFunc(s.enum, func(e any) bool { return equal(e, v) }) {
		raw, _ := json.Marshal(s.enum)
		c.bad(path, "must be one of %s", raw)
	}
	switch v := v.(type) {
	case json.Number:
		c.number(s, v, path)
	case string:
		c.text(s, v, path)
	case []any:
		c.list(s, v, path, depth)
	case map[string]any:
		c.object(s, v, path, depth)
	}
	c.value(s.ref, v, path, depth)
	c.combined(s, v, path, depth)
}

func (c *check) number(s *Schema, v json.Number, path []string) {
	n, ok := numberOf(v)
	if !ok {
		c.bad(path, "the number is too large")
		return
	}
	for _, b := range []struct {
		bound *number
		ok    func(int) bool
		name  string
	}{
		{s.least, func(i int) bool { return i >= 0 }, "minimum"},
		{s.most, func(i int) bool { return i <= 0 }, "maximum"},
		{s.above, func(i int) bool { return i > 0 }, "exclusiveMinimum"},
		{s.below, func(i int) bool { return i < 0 }, "exclusiveMaximum"},
	} {
		if b.bound != nil && !b.ok(n.Cmp(&b.bound.Rat)) {
			c.bad(path, "%s: got %s, want %s", b.name, v, b.bound.text)
		}
	}
	if s.step != nil && !new(big.Rat).Quo(&n.Rat, &s.step.Rat).IsInt() {
		c.bad(path, "must be a multiple of %s", s.step.text)
	}
}

func (c *check) size(path []string, what string, n int, least, most *int) {
	switch {
	case least != nil && n < *least:
		c.bad(path, "%d %s, want at least %d", n, what, *least)
	case most != nil && n > *most:
		c.bad(path, "%d %s, want at most %d", n, what, *most)
	}
}

func (c *check) text(s *Schema, v string, path []string) {
	c.size(path, "characters", utf8.RuneCountInString(v), s.shortest, s.longest)
	if s.pattern != nil && !s.pattern.MatchString(v) {
		c.bad(path, "%q does not match the pattern %q", v, s.pattern)
	}
	if is := formats[s.format]; is != nil && !is(v) {
		c.bad(path, "%q is not a valid %s", v, s.format)
	}
}

func (c *check) list(s *Schema, list []any, path []string, depth int) {
	c.size(path, "items", len(list), s.fewest, s.greatest)
	found := s.contains == nil
	for i, v := range list {
		at := append(path, strconv.Itoa(i)) //nolint:gocritic // the next element overwrites the same index
		if i < len(s.first) {
			c.value(s.first[i], v, at, depth)
		} else {
			c.value(s.items, v, at, depth)
		}
		found = found || fits(s.contains, v, depth)
		if s.unique && slices.ContainsFunc(list[:i], func(w any) bool { return equal(w, v) }) {
			c.bad(at, "duplicate item")
		}
		if len(c.problems) >= maxProblems {
			return
		}
	}
	if !found {
		c.bad(path, "no item matches the schema of contains")
	}
}

func (c *check) object(s *Schema, m map[string]any, path []string, depth int) {
	c.size(path, "properties", len(m), s.fewestKeys, s.greatestKeys)
	for _, name := range s.required {
		if _, there := m[name]; !there {
			c.bad(path, "missing property %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		v, at := m[name], append(path, name) //nolint:gocritic // the next name overwrites the same index
		known := false
		if p := s.Properties[name]; p != nil {
			known = true
			c.value(p, v, at, depth)
		}
		for _, expr := range slices.Sorted(maps.Keys(s.patterns)) {
			p := s.patterns[expr]
			if re := s.expressions[expr]; re != nil && re.MatchString(name) {
				known = true
				c.value(p, v, at, depth)
			}
		}
		if !known && s.rest != nil {
			if f := s.rest.fixed; f != nil && !*f {
				c.bad(path, "additional property %q is not allowed", name)
			} else {
				c.value(s.rest, v, at, depth)
			}
		}
		c.value(s.keys, name, at, depth)
		for _, other := range s.needs[name] {
			if _, there := m[other]; !there {
				c.bad(path, "property %q needs %q", name, other)
			}
		}
	}
}

// combined checks a value with the schemas of allOf, anyOf, oneOf, not and if.
func (c *check) combined(s *Schema, v any, path []string, depth int) {
	for _, one := range s.all {
		c.value(one, v, path, depth)
	}
	count := func(list []*Schema) (n int) {
		for _, one := range list {
			if fits(one, v, depth) {
				n++
			}
		}
		return n
	}
	if s.anyOf != nil && count(s.anyOf) == 0 {
		c.bad(path, "matches no schema of anyOf")
	}
	if n := count(s.oneOf); s.oneOf != nil && n != 1 {
		c.bad(path, "matches %d schemas of oneOf, want 1", n)
	}
	if s.not != nil && fits(s.not, v, depth) {
		c.bad(path, "matches the schema of not")
	}
	if s.condition != nil {
		if fits(s.condition, v, depth) {
			c.value(s.consequence, v, path, depth)
		} else {
			c.value(s.alternative, v, path, depth)
		}
	}
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case []any:
		return "array"
	case map[string]any:
		return "object"
	case json.Number:
		if n, ok := numberOf(v); ok && n.IsInt() {
			return "integer"
		}
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

func isType(t string, v any) bool {
	is := typeOf(v)
	return is == t || t == "number" && is == "integer"
}

// number is a parsed number with its text.
type number struct {
	big.Rat
	text string
}

// numberOf parses a number. It is nil if v is not a number or has too many digits to
// compute with.
func numberOf(v any) (*number, bool) {
	text, ok := v.(json.Number)
	if !ok || len(text) > maxDigits {
		return nil, false
	}
	if _, e, found := strings.Cut(strings.ToLower(string(text)), "e"); found {
		if n, err := strconv.Atoi(e); err != nil || n > maxDigits || n < -maxDigits {
			return nil, false
		}
	}
	n := &number{text: string(text)}
	_, ok = n.SetString(string(text))
	return n, ok
}

// equal compares values as JSON does: 1 equals 1.0.
func equal(a, b any) bool {
	switch a := a.(type) {
	case json.Number:
		x, ok := numberOf(a)
		y, ok2 := numberOf(b)
		return ok && ok2 && x.Cmp(&y.Rat) == 0
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case nil, bool, string:
		switch b.(type) {
		case nil, bool, string:
			return a == b
		}
	}
	return false
}

// formats are the supported formats.
var formats = map[string]func(string) bool{
	"regex":     func(s string) bool { _, err := regexp.Compile(s); return err == nil },
	"date":      func(s string) bool { _, err := time.Parse(time.DateOnly, s); return err == nil },
	"date-time": func(s string) bool { _, err := time.Parse(time.RFC3339, s); return err == nil },
	"uri":       func(s string) bool { u, err := url.Parse(s); return err == nil && u.IsAbs() },
	"ipv4":      func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is4() },
	"ipv6":      func(s string) bool { a, err := netip.ParseAddr(s); return err == nil && a.Is6() && a.Zone() == "" },
}
