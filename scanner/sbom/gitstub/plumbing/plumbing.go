// Package plumbing has the names in go-git's package that syft uses.
package plumbing

import "encoding/hex"

// ReferenceName is a reference, such as refs/tags/v1.
type ReferenceName string

// NewTagReferenceName returns the reference of a tag.
func NewTagReferenceName(tag string) ReferenceName { return ReferenceName("refs/tags/" + tag) }

// Revision is an argument of git rev-parse.
type Revision string

// Hash identifies an object.
type Hash [20]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }
