// Package memory has the one function of go-git's package that syft calls.
package memory

// NewStorage returns nil, because nothing is cloned.
func NewStorage() any { return nil }
