// Package lazyre has regular expressions that are compiled when they are first
// used: most runs of a program need few of its expressions.
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

// New is regexp.MustCompile, which panics only when the expression is used.
func New(expr string) *Regexp {
	return &Regexp{expr: expr, get: sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })}
}

// String is the expression.
func (r *Regexp) String() string { return r.expr }

// Match tells whether b holds a match.
func (r *Regexp) Match(b []byte) bool { return r.get().Match(b) }

// MatchString tells whether s holds a match.
func (r *Regexp) MatchString(s string) bool { return r.get().MatchString(s) }

// Find gives the first match in b.
func (r *Regexp) Find(b []byte) []byte { return r.get().Find(b) }

// FindString gives the first match in s.
func (r *Regexp) FindString(s string) string { return r.get().FindString(s) }

// FindIndex gives where the first match in b is.
func (r *Regexp) FindIndex(b []byte) []int { return r.get().FindIndex(b) }

// FindStringIndex gives where the first match in s is.
func (r *Regexp) FindStringIndex(s string) []int { return r.get().FindStringIndex(s) }

// FindSubmatch gives the first match in b, and those of its groups.
func (r *Regexp) FindSubmatch(b []byte) [][]byte { return r.get().FindSubmatch(b) }

// FindStringSubmatch gives the first match in s, and those of its groups.
func (r *Regexp) FindStringSubmatch(s string) []string { return r.get().FindStringSubmatch(s) }

// FindAllString gives all matches in s, n at most unless that is below 0.
func (r *Regexp) FindAllString(s string, n int) []string { return r.get().FindAllString(s, n) }

// FindAllSubmatch is FindSubmatch for all matches, n at most unless that is below 0.
func (r *Regexp) FindAllSubmatch(b []byte, n int) [][][]byte { return r.get().FindAllSubmatch(b, n) }

// ReplaceAllString replaces all matches in s.
func (r *Regexp) ReplaceAllString(s, with string) string { return r.get().ReplaceAllString(s, with) }

// ReplaceAllStringFunc replaces all matches in s by what with makes of them.
func (r *Regexp) ReplaceAllStringFunc(s string, with func(string) string) string {
	return r.get().ReplaceAllStringFunc(s, with)
}

// FindSubmatchIndex gives where the first match in b is, and those of its groups.
func (r *Regexp) FindSubmatchIndex(b []byte) []int { return r.get().FindSubmatchIndex(b) }
