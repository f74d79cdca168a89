package attest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Seal writes Dir/attestations, one Sigstore bundle per statement, and Dir/oci,
// the layout with the image's files and the bundles. Without a signer it writes
// the layout only, and the image is unsigned. The files are read as streams.
// They are linked into the layout if the file system supports links, and copied
// otherwise.
//
// The seal of a decision that did not pass has the summary FAILED, and
// attest/verify refuses it. Errors are *system.Error; the caller must delete
// Dir after an error.
func Seal(ctx context.Context, in Input, signer Signer) error {
	if in.Name == "" {
		return system.Unusable("the image has no name")
	}
	f, err := in.readFolder()
	if err != nil {
		return err
	}
	defer f.root.Close()

	manifest, err := layout.Artifact(f.files)
	if err != nil {
		return system.Unusable("image layout").Because(err)
	}
	var bundles []layout.Bundle
	if signer != nil {
		all, err := in.statements(f, manifest)
		if err != nil {
			return err
		}
		if bundles, err = writeBundles(ctx, f.root, all, signer); err != nil {
			return err
		}
	}
	l, err := layout.Describe(in.Name, f.files, bundles)
	if err != nil {
		return system.Unusable("image layout").Because(err)
	}
	return WriteLayout(ctx, f.root, l)
}

// writeBundles signs each statement and writes one file for each.
func writeBundles(ctx context.Context, root *os.Root, all []named, signer Signer) ([]layout.Bundle, error) {
	if len(all) > statement.MaxBundles {
		return nil, system.Unusable("the seal has %d statements, and may have at most %d", len(all), statement.MaxBundles)
	}
	if err := mkdir(root, statement.Dir); err != nil {
		return nil, system.Unusable("attestations").Because(err)
	}
	out := make([]layout.Bundle, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(signer.Parallel())
	for i, n := range all {
		g.Go(func() (err error) {
			out[i], err = signInto(ctx, root, n, signer)
			return err
		})
	}
	return out, g.Wait()
}

func signInto(ctx context.Context, root *os.Root, n named, signer Signer) (layout.Bundle, error) {
	if err := ctx.Err(); err != nil {
		return layout.Bundle{}, system.Unusable("sealing").Because(err)
	}
	raw, err := bundle(ctx, n, signer)
	if err != nil {
		return layout.Bundle{}, notSigned("statement "+n.stem, err)
	}
	return writeBundle(root, n.stem, n.predicateType, raw)
}

// writeBundle writes the file of one bundle.
func writeBundle(root *os.Root, stem, predicateType string, raw []byte) (layout.Bundle, error) {
	path := statement.BundlePath(stem)
	if err := write(root, path, raw); err != nil {
		return layout.Bundle{}, system.Unusable("attestations").Because(err)
	}
	return layout.Bundle{
		File:          layout.File{Path: path, Digest: digests.Of(raw), Size: int64(len(raw))},
		PredicateType: predicateType,
	}, nil
}

// notSigned says what could not be signed. The kind and the next step of an error
// of the signer stay.
func notSigned(what string, err error) error {
	e := system.Unusable("%s cannot be signed", what).Because(err)
	var cause *system.Error
	if errors.As(err, &cause) {
		e.Kind, e.Next = cause.Kind, cause.Next
	}
	return e
}

// bundle signs one statement.
func bundle(ctx context.Context, n named, signer Signer) ([]byte, error) {
	payload, err := n.payload()
	if err != nil {
		return nil, err
	}
	raw, err := signer.Bundle(ctx, payload)
	if err != nil {
		return nil, err
	}
	if len(raw) > statement.MaxBundle {
		return nil, fmt.Errorf("the bundle has %d bytes, and may have at most %d", len(raw), statement.MaxBundle)
	}
	return raw, nil
}

// signOne signs a statement about one subject: an OCI manifest with this name and
// digest (sha256:HEX). what names it in errors.
func signOne(ctx context.Context, what, name, digest, predicateType string, predicate any, signer Signer) ([]byte, error) {
	set, err := statement.DigestSet(digest)
	if err != nil {
		return nil, notSigned(what, err)
	}
	raw, err := bundle(ctx, named{predicateType: predicateType, predicate: predicate, subject: []statement.Descriptor{{Name: name, Digest: set}}}, signer)
	if err != nil {
		return nil, notSigned(what, err)
	}
	return raw, nil
}

// WriteLayout writes a layout into root, the folder that has the files of the
// layout.
func WriteLayout(ctx context.Context, root *os.Root, l *layout.Layout) error {
	for _, dir := range []string{layout.Dir, layout.Dir + "/blobs", layout.Dir + "/blobs/sha256"} {
		if err := mkdir(root, dir); err != nil {
			return system.Unusable("image layout").Because(err)
		}
	}
	for path, content := range l.Documents {
		if err := write(root, layout.Dir+"/"+path, content); err != nil {
			return system.Unusable("image layout").Because(err)
		}
	}
	for path, source := range l.Blobs {
		if err := ctx.Err(); err != nil {
			return system.Unusable("sealing").Because(err)
		}
		if err := linkOrCopy(root, source, layout.Dir+"/"+path); err != nil {
			return system.Unusable("image layout").Because(err)
		}
	}
	return nil
}

// mkdir and write give the same modes for every umask.
func mkdir(root *os.Root, path string) error {
	if err := root.Mkdir(path, 0o755); err != nil {
		return err
	}
	return root.Chmod(path, 0o755)
}

func write(root *os.Root, path string, content []byte) error {
	if err := root.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return root.Chmod(path, 0o644)
}

// linkOrCopy makes a hard link of a file, or a copy if a link is not possible.
// The name of the target is a digest: a copy with other bytes is an error.
func linkOrCopy(root *os.Root, source, target string) error {
	if root.Link(source, target) == nil {
		return nil
	}
	return copyBlob(root, source, target)
}

func copyBlob(root *os.Root, source, target string) error {
	r, err := bounded.OpenIn(root, source)
	if err != nil {
		return err
	}
	defer r.Close()
	w, err := root.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	digest, _, err := digestOf(io.TeeReader(r, w))
	if err = errors.Join(err, w.Chmod(0o644), w.Close()); err != nil {
		return err
	}
	if digest != digests.FromHex(filepath.Base(target)) {
		return fmt.Errorf("%s changed while it was copied", source)
	}
	return nil
}

// digestOf reads to the end and returns sha256:HEX and the size.
func digestOf(r io.Reader) (digest string, size int64, err error) {
	h := sha256.New()
	if size, err = io.CopyBuffer(struct{ io.Writer }{h}, struct{ io.Reader }{r}, make([]byte, 256<<10)); err != nil {
		return "", 0, err
	}
	return digests.Sum(h), size, nil
}
