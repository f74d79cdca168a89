// Package lazyre has regular expressions that are compiled at their first use:
// most runs of a program use few of its expressions.
package lazyre

import (
	"regexp"
	"sync"
)

// Regexp is a regular expression; see package regexp for its methods.
type Regexp struct {
	expr string
	get  func() *regexp.Regexp
}

// New is regexp.MustCompile, but panics at the first use of the expression.
func New(expr string) *Regexp {
	return &Regexp{expr: expr, get: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

// String is the expression.
func (r *Regexp) String() string { return r.expr }

// Match reports whether b contains a match.
func (r *Regexp) Match(b []byte) bool { return r.get().Match(b) }

// MatchString reports whether s contains a match.
func (r *Regexp) MatchString(s string) bool { return r.get().MatchString(s) }

// Find returns the first match in b.
func (r *Regexp) Find(b []byte) []byte { return r.get().Find(b) }

// FindString returns the first match in s.
func (r *Regexp) FindString(s string) string { return r.get().FindString(s) }

// FindIndex returns the place of the first match in b.
func (r *Regexp) FindIndex(b []byte) []int { return r.get().FindIndex(b) }

// FindStringIndex returns the place of the first match in s.
func (r *Regexp) FindStringIndex(s string) []int { return r.get().FindStringIndex(s) }

// FindSubmatch returns the first match in b, and the matches of its groups.
func (r *Regexp) FindSubmatch(b []byte) [][]byte { return r.get().FindSubmatch(b) }

// FindStringSubmatch returns the first match in s, and the matches of its
// groups.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.get().FindStringSubmatch(s) }

// FindAllString returns all matches in s; at most n if n is not negative.
func (r *Regexp) FindAllString(s string, n int) []string { return r.get().FindAllString(s, n) }

// FindAllSubmatch is FindSubmatch for all matches; at most n if n is not
// negative.
func (r *Regexp) FindAllSubmatch(b []byte, n int) [][][]byte { return r.get().FindAllSubmatch(b, n) }

// ReplaceAllString replaces all matches in s.
func (r *Regexp) ReplaceAllString(s, with string) string { return r.get().ReplaceAllString(s, with) }

// ReplaceAllStringFunc replaces each match in s with the result of the
// function.
func (r *Regexp) ReplaceAllStringFunc(s string, with func(string) string) string {
	return r.get().ReplaceAllStringFunc(s, with)
}

// FindSubmatchIndex returns the places of the first match in b and of its
// groups.
func (r *Regexp) FindSubmatchIndex(b []byte) []int { return r.get().FindSubmatchIndex(b) }

// FindAllStringSubmatch returns the first n matches in s with their groups, or all
// if n is negative.
func (r *Regexp) FindAllStringSubmatch(s string, n int) [][]string {
	return r.get().FindAllStringSubmatch(s, n)
}
