// Package git replaces go-git. Syft could clone the repositories of Go modules
// with it, to find their licences. This program never asks for that: a build
// contacts only servers that the user configured. Every clone fails.
package git

import (
	"errors"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
)

// ErrRemoved is the error of every clone.
var ErrRemoved = errors.New("go-git is not part of this program, so repositories cannot be cloned")

// CloneOptions describes a clone.
type CloneOptions struct {
	URL           string
	ReferenceName plumbing.ReferenceName
	SingleBranch  bool
	Depth         int
	Progress      io.Writer
}

// Clone fails.
func Clone(_, _ any, _ *CloneOptions) (*Repository, error) { return nil, ErrRemoved }

// Repository would be a cloned repository.
type Repository struct{}

// ResolveRevision fails.
func (*Repository) ResolveRevision(plumbing.Revision) (*plumbing.Hash, error) { return nil, ErrRemoved }

// Worktree fails.
func (*Repository) Worktree() (*Worktree, error) { return nil, ErrRemoved }

// Worktree would be the files of a repository.
type Worktree struct{}

// CheckoutOptions describes a checkout.
type CheckoutOptions struct{ Hash plumbing.Hash }

// Checkout fails.
func (*Worktree) Checkout(*CheckoutOptions) error { return ErrRemoved }
