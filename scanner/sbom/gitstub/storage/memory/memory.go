// Package memory has the one name in go-git's package that syft uses.
package memory

// NewStorage gives a place for a clone; nothing comes to be there.
func NewStorage() any { return nil }
