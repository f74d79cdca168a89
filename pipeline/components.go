package pipeline

import (
	"context"
	"path"
	"time"

	"github.com/anchore/packageurl-go"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe/layout"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// ComponentSigning says how component images are signed.
type ComponentSigning struct {
	// Layout has the images. Arch is the architecture that was built.
	Layout, Arch string
	// Time is SOURCE_DATE_EPOCH, Version that of the program.
	Time    time.Time
	Version string
	Signer  attest.Signer
}

// SignComponent makes the bills of materials of an image that package recipe made, and
// signs the image, the bills and the provenance. The statements lie beside the image
// in its layout.
func SignComponent(ctx context.Context, o ComponentSigning, r *recipe.Result) error {
	name, err := o.Signer.Identify(ctx)
	if err != nil {
		return err
	}
	store, err := component.Open(component.Options{Paths: []string{o.Layout}, Arch: o.Arch, Offline: true})
	if err != nil {
		return err
	}
	defer store.Close()
	img, err := store.Find(ctx, r.Reference, system.Position{})
	if err != nil {
		return err
	}
	if img.Manifest != r.Manifest {
		return system.Unusable("image %s in %s has changed since it was built", r.Reference, o.Layout).Suggest("build it again")
	}
	c, err := o.describe(img, r)
	if err != nil {
		return err
	}
	if c.SPDX, c.CycloneDX, err = o.documents(ctx, store, img); err != nil {
		return err
	}
	signed, err := attest.SignComponent(ctx, *c, o.Signer)
	if err != nil {
		return err
	}
	return attach(o.Layout, name, signed)
}

// attach stores statements beside their image in a layout.
func attach(dir, signer string, signed []attest.ComponentStatement) error {
	var list []layout.Attachment
	for _, one := range signed {
		list = append(list, layout.Attachment{Subject: one.Subject, MediaType: statement.BundleMediaType, Data: one.Bundle,
			PredicateType: one.PredicateType, Signer: signer})
	}
	return layout.Attach(dir, list)
}

// documents makes the bills of materials of one image.
func (o ComponentSigning) documents(ctx context.Context, store *component.Store, img *system.Image) (spdx, cyclonedx []byte, err error) {
	one := &system.Component{Section: system.SectionServices, Name: "image", Image: img}
	sys := &system.OS{Name: "image", Arch: o.Arch, Components: []*system.Component{one}}
	scan := scanner.New(scanner.Options{Documents: true, Created: o.Time, Version: o.Version, Jobs: 1})
	defer scan.Close()
	if err := inventory(ctx, &builder.Resolved{OS: sys, Store: store}, scan, sys.Components, false, CheckOptions{}); err != nil {
		return nil, nil, err
	}
	docs, err := scan.Documents(ctx, sys)
	if err != nil {
		return nil, nil, err
	}
	return docs.Components[0].SPDX, docs.Components[0].CycloneDX, nil
}

// describe says what the provenance says.
func (o ComponentSigning) describe(img *system.Image, r *recipe.Result) (*attest.Component, error) {
	ref, err := oci.ParseReference(r.Reference)
	if err != nil {
		return nil, err
	}
	c := &attest.Component{Name: path.Join(ref.Registry, ref.Repository), Index: img.Digest, Manifest: img.Manifest, Arch: o.Arch,
		Recipe: path.Base(ref.Repository), Version: ref.Tag, Epoch: max(o.Time.Unix(), 0), BuilderVersion: o.Version}
	file, err := attest.Dependency("component.yml", "", r.Recipe)
	if err != nil {
		return nil, err
	}
	c.Dependencies = append(c.Dependencies, file)
	for _, p := range r.Packages {
		d, err := attest.Dependency("package:"+p.Name, debianURL(p.Name, p.Version, p.Architecture), digests.FromHex(p.SHA256))
		if err != nil {
			return nil, err
		}
		c.Dependencies = append(c.Dependencies, d)
	}
	return c, nil
}

// debianURL is the package URL of a package of Debian.
func debianURL(name, version, arch string) string {
	return packageurl.NewPackageURL("deb", "debian", name, version, packageurl.QualifiersFromMap(map[string]string{"arch": arch}), "").ToString()
}
