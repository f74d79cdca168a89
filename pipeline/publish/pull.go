package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// Checks verify what was fetched. Both return an error if the image is refused.
type Checks struct {
	// Statements verifies a folder with all attestations and the documents, but
	// without the files of the image. artifact is the digest of its OCI manifest.
	Statements func(dir, artifact string) error
	// Whole verifies the complete folder.
	Whole func(dir string) error
}

// Pull fetches an image into dir. All bytes are hashed while they are written to a
// temporary folder, which the checks verify: first the statements, before a file
// of the image is fetched, and then everything. Only then does dir appear. An
// existing dir is replaced only if a build or a pull wrote it. reference may also be
// the path of an archive.
//
// Everyone who can write to the repository can add a sealed folder to an image. So
// Pull tries the folders in turn, until the checks accept one.
func Pull(ctx context.Context, reference, dir string, o Options, c Checks) error {
	s, err := from(reference, o)
	if err != nil {
		return err
	}
	defer s.Close()
	return place(ctx, s, dir, o, c)
}

// Unpack is Pull from an archive.
func Unpack(ctx context.Context, file, dir string, o Options, c Checks) error {
	s, err := openArchive(file)
	if err != nil {
		return err
	}
	defer s.Close()
	return place(ctx, s, dir, o, c)
}

func place(ctx context.Context, s store, dir string, o Options, c Checks) error {
	return pipeline.Place(dir, func(tmp string) error {
		_, err := (&fetch{store: s, o: o, checks: c}).into(ctx, tmp)
		return err
	})
}

// fetch is one fetch of an image from a store.
type fetch struct {
	store
	o      Options
	checks Checks
	// only selects the other files of the folder; the files of the image are not
	// fetched then. nil means everything.
	only Selection
}

// into fetches the image into an empty folder, and returns its digest.
func (f *fetch) into(ctx context.Context, dir string) (string, error) {
	f.o.forget()
	digest, files, err := artifact(ctx, f)
	if err != nil {
		return "", f.failed(err)
	}
	seals, err := seals(ctx, f, digest, files, f.o.note)
	if err != nil {
		return "", f.failed(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return "", f.failed(err)
	}
	defer root.Close()
	var errs []error
	complete := false // the files of the image are there
	for i, s := range seals {
		if i > 0 {
			if err := clear(root, seals[i-1]); err != nil {
				return "", f.failed(err)
			}
		}
		err := f.try(ctx, root, dir, digest, s, &complete)
		if err == nil || ctx.Err() != nil {
			return digest, errors.Join(err, ctx.Err())
		}
		errs = append(errs, err)
		if left := len(seals) - i - 1; left > 0 {
			f.o.note(fmt.Sprintf("a sealed folder of the image was refused; others left: %d", left))
		}
	}
	return "", best(errs)
}

// try fetches one sealed folder, and checks it.
func (f *fetch) try(ctx context.Context, root *os.Root, dir, digest string, s *layout.Sealed, complete *bool) error {
	var files []layout.File
	for _, b := range s.Bundles {
		files = append(files, b.File)
	}
	others, err := f.selected(s.Others)
	if err != nil {
		return err
	}
	files = append(files, others...)
	if err := f.roomFor(dir, files); err != nil {
		return f.failed(err)
	}
	if err := f.files(ctx, root, dir, files); err != nil {
		return f.failed(err)
	}
	if !*complete {
		if err := f.checks.Statements(dir, digest); err != nil {
			return err
		}
	}
	if f.only != nil {
		return nil
	}
	if !*complete {
		if err := f.roomFor(dir, s.Files); err != nil {
			return f.failed(err)
		}
		if err := f.files(ctx, root, dir, s.Files); err != nil {
			return f.failed(err)
		}
		*complete = true
	}
	l, err := layout.Describe(s.Name, s.Files, s.Bundles)
	if err != nil {
		return f.failed(err)
	}
	if err := attest.WriteLayout(ctx, root, l); err != nil {
		return f.failed(err)
	}
	return f.checks.Whole(dir)
}

// selected are the other files of the folder that are fetched.
func (f *fetch) selected(all []layout.File) ([]layout.File, error) {
	if f.only == nil {
		return all, nil
	}
	var paths []string
	for _, one := range all {
		paths = append(paths, one.Path)
	}
	want, err := f.only(paths)
	if err != nil {
		return nil, err
	}
	var out []layout.File
	for _, one := range all {
		if slices.Contains(want, one.Path) {
			out = append(out, one)
		}
	}
	return out, nil
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

// clear removes what try wrote, except the files of the image.
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

// files fetches files, several at a time. Large ones get their place when all are
// complete: after an interruption, the next fetch needs only what is missing.
func (f *fetch) files(ctx context.Context, root *os.Root, dir string, files []layout.File) error {
	for _, one := range files {
		if err := folders(root, path.Dir(one.Path)); err != nil {
			return system.Unusable("the folder cannot be written").Because(pathless(err)).Suggest("check the disk")
		}
	}
	waiting := make([]bool, len(files))
	if err := each(ctx, len(files), func(ctx context.Context, i int) error {
		d := oci.Descriptor{Digest: files[i].Digest, Size: files[i].Size}
		if p := f.o.partial(d); p != nil {
			waiting[i] = true
			return explained(files[i], p.complete(ctx, f))
		}
		return f.file(ctx, root, files[i])
	}); err != nil {
		return err
	}
	for i, one := range files {
		if !waiting[i] {
			continue
		}
		err := f.o.place(oci.Descriptor{Digest: one.Digest, Size: one.Size}, root, dir, one.Path)
		if errors.Is(err, fs.ErrNotExist) { // two files have the same bytes, or another program was faster
			err = f.file(ctx, root, one)
		}
		if err != nil {
			return system.Unusable("%s cannot be written", one.Path).Because(pathless(err)).Suggest("check the disk")
		}
	}
	return nil
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
func (f *fetch) file(ctx context.Context, root *os.Root, one layout.File) error {
	d := oci.Descriptor{Digest: one.Digest, Size: one.Size}
	rc, err := f.open(ctx, d, 0)
	if err != nil {
		return explained(one, err)
	}
	defer rc.Close()
	w, err := root.OpenFile(filepath.FromSlash(one.Path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return system.Unusable("%s cannot be written", one.Path).Because(pathless(err)).Suggest("check the disk")
	}
	_, err = io.Copy(w, oci.NewChecker(rc, d))
	return explained(one, errors.Join(err, w.Chmod(0o644), w.Close()))
}

// explained names the file in an error of its blob.
func explained(one layout.File, err error) error {
	switch {
	case errors.Is(err, registry.ErrNoSuchImage):
		return system.Unusable("the registry does not have %s (%s)", one.Path, one.Digest).Suggest("push the image again")
	case errors.As(err, new(*oci.Mismatch)):
		return fmt.Errorf("%s: %w", one.Path, err)
	}
	return err
}

// sizes is the number of bytes of files, at most the largest int64.
func sizes(files []layout.File) (sum int64) {
	for _, one := range files {
		if sum += one.Size; sum < 0 {
			return 1<<63 - 1
		}
	}
	return sum
}

// roomFor refuses files for which the disk has no room, before they fill it.
func (f *fetch) roomFor(dir string, files []layout.File) error {
	free, err := freeBytes(dir)
	if need := sizes(files); err == nil && need > free {
		return system.Unusable("the image needs %d bytes, but the disk of the folder has %d bytes left", need, free).
			Suggest("make room, or use another disk (for temporary folders, set TMPDIR)")
	}
	return nil
}
