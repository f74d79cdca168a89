package publish

import (
	"context"
	"errors"
	"os"

	"github.com/seaworthy-os/seaworthy/attest/layout"
)

// Fetched is a part of an image, in a temporary folder.
type Fetched struct {
	// Dir is the folder, and Digest that of the image's manifest.
	Dir, Digest string
}

// Close removes the folder.
func (f *Fetched) Close() error { return os.RemoveAll(f.Dir) }

// Selection selects files of a folder from their paths.
type Selection func(paths []string) ([]string, error)

// Fetch fetches an image into a temporary folder, and verifies it. If only is not
// nil, it fetches the attestations and those other files of the folder that only
// selects from their paths, but no file of the image; the check of the whole folder
// is then left out. The folder is removed if the image is refused.
func Fetch(ctx context.Context, reference string, o Options, only Selection, c Checks) (*Fetched, error) {
	s, err := from(reference, o)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	dir, err := os.MkdirTemp("", "seaworthy-")
	if err != nil {
		return nil, s.failed(err)
	}
	f := &Fetched{Dir: dir}
	if f.Digest, err = (&fetch{store: s, o: o, checks: c, only: only}).into(ctx, dir); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// IsFolder reports whether a reference names a folder of image files that push wrote,
// and not a container image. The manifest is read, and nothing is verified.
func IsFolder(ctx context.Context, reference string, o Options) (bool, error) {
	s, err := from(reference, o)
	if err != nil {
		return false, err
	}
	defer s.Close()
	_, raw, err := s.image(ctx)
	if err != nil {
		return false, s.failed(err)
	}
	_, err = layout.ParseArtifact(raw)
	return err == nil, nil
}
