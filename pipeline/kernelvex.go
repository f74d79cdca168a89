package pipeline

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/kernelvex"
)

// KernelVEX says which VEX document is made.
type KernelVEX struct {
	// Image is the name of an image in Layout with a kernel that package recipe compiled.
	Image, Layout, Arch string
	// CVEs are files, folders and archives of CVE records.
	CVEs []string
	// Author makes the statements, at the time Now. Version is that of the program.
	Author, Version string
	Now             time.Time
	// Signer signs the document. If it is nil, the document is not signed.
	Signer attest.Signer
}

// MakeKernelVEX compares CVE records with the files that were compiled for a kernel. If the
// document is signed, it lies beside the image in the layout.
func MakeKernelVEX(ctx context.Context, o KernelVEX) (*kernelvex.Document, *kernelvex.Records, error) {
	signerName := ""
	if o.Signer != nil {
		var err error
		if signerName, err = o.Signer.Identify(ctx); err != nil {
			return nil, nil, err
		}
	}
	store, err := component.Open(component.Options{Paths: []string{o.Layout}, Arch: o.Arch, Offline: true})
	if err != nil {
		return nil, nil, inLayout(err, o.Layout)
	}
	defer store.Close()
	img, err := store.Find(ctx, o.Image, system.Position{})
	if err != nil {
		return nil, nil, inLayout(err, o.Layout)
	}
	k, err := compiledKernel(ctx, store, img)
	if err != nil {
		return nil, nil, err
	}
	cves, err := kernelvex.Read(ctx, o.CVEs)
	if err != nil {
		return nil, nil, err
	}
	ref, err := oci.ParseReference(img.Name)
	if err != nil {
		return nil, nil, err
	}
	// The digest identifies the image, in whichever registry it is.
	doc, err := kernelvex.Make(k, cves, kernelvex.Options{Author: o.Author, Now: o.Now, Version: o.Version, Manifest: img.Manifest,
		ImageURL:   statement.ResourceURI(path.Base(ref.Repository), img.Manifest),
		PackageURL: debianURL(k.Source.Name, k.Source.Version, k.Source.Architecture)})
	if err != nil || o.Signer == nil {
		return doc, cves, err
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, nil, err
	}
	signed, err := attest.SignVEX(ctx, path.Join(ref.Registry, ref.Repository), img.Manifest, raw, o.Signer)
	if err != nil {
		return nil, nil, err
	}
	return doc, cves, attach(o.Layout, signerName, []attest.ComponentStatement{signed})
}

// inLayout replaces the next step of an error about a layout, which names flags that kernel vex
// does not have.
func inLayout(err error, layout string) error {
	var e *system.Error
	if errors.Is(err, system.ErrUnusable) && errors.As(err, &e) {
		return e.Suggest("make the image with component build --layout %s, or give the layout that has it with --layout", layout)
	}
	return err
}

// compiledKernel reads the lists of files in an image.
func compiledKernel(ctx context.Context, store *component.Store, img *system.Image) (*kernelvex.Kernel, error) {
	sink, err := readInto(ctx, store, img, component.PassOptions{}, func() *kernelvex.Sink { return &kernelvex.Sink{} })
	if err != nil {
		return nil, system.Within("image "+img.Reference, err)
	}
	return sink.Kernel()
}
