// Package plumbing has the names in go-git's package that syft uses.
package plumbing

import "encoding/hex"

// ReferenceName is a reference, as refs/tags/v1.
type ReferenceName string

// NewTagReferenceName gives the reference of a tag.
func NewTagReferenceName(tag string) ReferenceName { return ReferenceName("refs/tags/" + tag) }

// Revision is what git rev-parse takes.
type Revision string

// Hash names an object.
type Hash [20]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }
