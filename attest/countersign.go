package attest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Countersign writes the sealed folder from to the new folder to, with one more
// signature of its provenance. payload is the provenance that was verified; all
// other statements of the image depend on it. The caller must verify the new
// folder. A signature by the same signer that exists already is an ErrInput.
func Countersign(ctx context.Context, from, to string, payload []byte, signer Signer) error {
	old, err := os.OpenRoot(from)
	if err != nil {
		return system.Unusable("image folder").Because(err)
	}
	defer old.Close()
	sealed, _, err := layout.Parse(func(path string) ([]byte, error) {
		file, err := bounded.OpenIn(old, layout.Dir+"/"+path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		return bounded.Read(file, layout.MaxManifest)
	})
	if err != nil {
		return system.Unusable("image layout of %s", from).Because(err)
	}
	id, err := signer.Identify(ctx)
	if err != nil {
		return notSigned("the provenance", err)
	}
	stem := CountersignatureStem(id)
	path := statement.BundlePath(stem)
	if _, err := old.Lstat(path); err == nil {
		return system.BadInput("%s exists already: this signer has countersigned the image", path)
	}
	raw, err := signer.Bundle(ctx, payload)
	if err != nil {
		return notSigned("the provenance", err)
	}
	if err := copyFolder(ctx, old, from, to); err != nil {
		return system.Unusable("image folder").Because(err)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return system.Unusable("image folder").Because(err)
	}
	defer root.Close()
	added, err := writeBundle(root, stem, statement.Provenance, raw)
	if err != nil {
		return err
	}
	l, err := layout.Describe(sealed.Name, sealed.Files, append(sealed.Bundles, added))
	if err != nil {
		return system.Unusable("image layout").Because(err)
	}
	return WriteLayout(ctx, root, l)
}

// CountersignatureStem is the stem of a signer's countersignature. Each signer has
// its own.
func CountersignatureStem(id string) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%s%x", statement.CountersignaturePrefix, sum[:8])
}

// copyFolder links or copies all files, except those of the layout, which is
// written again.
func copyFolder(ctx context.Context, old *os.Root, from, to string) error {
	return fs.WalkDir(old.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case path == layout.Dir:
			return fs.SkipDir
		case path == ".":
			return nil
		case d.IsDir():
			return errors.Join(os.Mkdir(filepath.Join(to, path), 0o755), os.Chmod(filepath.Join(to, path), 0o755))
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file", path)
		}
		if os.Link(filepath.Join(from, path), filepath.Join(to, path)) == nil {
			return nil
		}
		return copyInto(old, path, filepath.Join(to, path))
	})
}

// copyInto copies a file of root to a new path.
func copyInto(root *os.Root, path, target string) error {
	r, err := bounded.OpenIn(root, path)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Chmod(0o644), w.Close())
}
