package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/registry"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// Pull fetches an image into dir. All bytes are hashed while they are written to a
// temporary folder, which check verifies. Only then does dir appear. An existing
// dir is replaced only if a build or a pull wrote it.
//
// Everyone who can write to the repository can add a sealed folder to an image. So
// Pull tries the folders in turn, until check accepts one.
func Pull(ctx context.Context, reference, dir string, o Options, check func(dir string) error) error {
	r, err := open(reference, o)
	if err != nil {
		return err
	}
	defer r.Close()
	return pipeline.Place(dir, func(tmp string) error {
		digest, files, err := r.artifact(ctx)
		if err != nil {
			return r.failed(err)
		}
		seals, err := r.seals(ctx, digest, files, o.note)
		if err != nil {
			return r.failed(err)
		}
		root, err := os.OpenRoot(tmp)
		if err != nil {
			return r.failed(err)
		}
		defer root.Close()
		if err := r.files(ctx, root, files); err != nil {
			return r.failed(err)
		}
		var errs []error
		for i, s := range seals {
			if i > 0 {
				if err := clear(root, seals[i-1]); err != nil {
					return r.failed(err)
				}
			}
			if err := r.seal(ctx, root, s); err != nil {
				errs = append(errs, r.failed(err))
			} else if err := check(tmp); err != nil {
				errs = append(errs, err)
			} else {
				return nil
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if left := len(seals) - i - 1; left > 0 {
				o.note(fmt.Sprintf("a sealed folder of the image was refused; others left: %d", left))
			}
		}
		return best(errs)
	})
}

// best is the error that says most about the image: folders of strangers are not
// signed by a trusted key.
func best(errs []error) error {
	for _, err := range errs {
		var refused *verify.Refusal
		if !errors.As(err, &refused) || refused.Check != verify.CheckSignature {
			return err
		}
	}
	return errs[0]
}

func (o Options) note(text string) {
	if o.Note != nil {
		o.Note(text)
	}
}

// artifact reads the manifest that the reference names.
func (r *remote) artifact(ctx context.Context) (string, []layout.File, error) {
	d, raw, err := r.Manifest(ctx, r.q)
	if err != nil {
		return "", nil, err
	}
	files, err := layout.ParseArtifact(raw)
	if err != nil {
		return "", nil, system.Unusable("not an image of seaworthy push").Because(err).Suggest("check the reference")
	}
	return d.Digest, files, nil
}

// seal writes everything but the files of the image.
func (r *remote) seal(ctx context.Context, root *os.Root, s *layout.Sealed) error {
	files := slices.Clone(s.Others)
	for _, b := range s.Bundles {
		files = append(files, b.File)
	}
	if err := r.files(ctx, root, files); err != nil {
		return err
	}
	l, err := layout.Describe(s.Name, s.Files, s.Bundles)
	if err != nil {
		return err
	}
	return attest.WriteLayout(ctx, root, l)
}

// clear removes what seal wrote.
func clear(root *os.Root, s *layout.Sealed) error {
	errs := []error{root.RemoveAll(layout.Dir)}
	for _, b := range s.Bundles {
		errs = append(errs, root.RemoveAll(b.Path))
	}
	for _, f := range s.Others {
		errs = append(errs, root.RemoveAll(f.Path))
		// A folder without files would be refused. One with files stays.
		for dir := path.Dir(f.Path); dir != "."; dir = path.Dir(dir) {
			if root.Remove(dir) != nil {
				break
			}
		}
	}
	return errors.Join(errs...)
}

// files fetches files, several at a time.
func (r *remote) files(ctx context.Context, root *os.Root, files []layout.File) error {
	for _, f := range files {
		if err := folders(root, path.Dir(f.Path)); err != nil {
			return system.Unusable("the folder cannot be written").Because(pathless(err)).Suggest("check the disk")
		}
	}
	return each(ctx, len(files), func(ctx context.Context, i int) error { return r.file(ctx, root, files[i]) })
}

// folders makes a folder and its parents, with the same modes for every umask.
func folders(root *os.Root, dir string) error {
	if dir == "." {
		return nil
	}
	if _, err := root.Lstat(dir); err == nil {
		return nil
	}
	if err := folders(root, path.Dir(dir)); err != nil {
		return err
	}
	return errors.Join(root.Mkdir(dir, 0o755), root.Chmod(dir, 0o755))
}

// file fetches one file.
func (r *remote) file(ctx context.Context, root *os.Root, f layout.File) error {
	d := oci.Descriptor{Digest: f.Digest, Size: f.Size}
	rc, err := r.Open(ctx, r.q, d)
	if errors.Is(err, registry.ErrNoSuchImage) {
		return system.Unusable("the registry does not have %s (%s)", f.Path, f.Digest).Suggest("push the image again")
	}
	if err != nil {
		return err
	}
	defer rc.Close()
	w, err := root.OpenFile(filepath.FromSlash(f.Path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return system.Unusable("%s cannot be written", f.Path).Because(pathless(err)).Suggest("check the disk")
	}
	_, err = io.Copy(w, oci.NewChecker(rc, d))
	if err = errors.Join(err, w.Chmod(0o644), w.Close()); errors.As(err, new(*oci.Mismatch)) {
		return fmt.Errorf("%s: %w", f.Path, err)
	}
	return err
}
