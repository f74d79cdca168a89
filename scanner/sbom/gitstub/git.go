// Package git stands in for go-git, with which syft would clone the repositories
// of Go modules to look for their licences, if it was asked to. It is not: a
// build asks no server that it was not given. Every clone is refused.
package git

import (
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
)

// ErrRemoved is what every clone returns.
var ErrRemoved = errors.New("go-git is not linked into this program: it clones no repositories")

// CloneOptions says what to clone.
type CloneOptions struct {
	URL           string
	ReferenceName plumbing.ReferenceName
	SingleBranch  bool
	Depth         int
	Progress      io.Writer
}

// Clone refuses.
func Clone(_, _ any, _ *CloneOptions) (*Repository, error) { return nil, ErrRemoved }

// Repository is what a clone would be.
type Repository struct{}

// ResolveRevision refuses.
func (*Repository) ResolveRevision(plumbing.Revision) (*plumbing.Hash, error) { return nil, ErrRemoved }

// Worktree refuses.
func (*Repository) Worktree() (*Worktree, error) { return nil, ErrRemoved }

// Worktree is what a repository's files would be.
type Worktree struct{}

// CheckoutOptions says what to check out.
type CheckoutOptions struct{ Hash plumbing.Hash }

// Checkout refuses.
func (*Worktree) Checkout(*CheckoutOptions) error { return ErrRemoved }
