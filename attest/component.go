package attest

import (
	"context"
	"encoding/json"

	"golang.org/x/sync/errgroup"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// ComponentBuildType is the build type in the provenance of component images. The
// external parameters are recipe (name and version), arch and sourceDateEpoch. The
// dependencies are the recipe and the packages.
const ComponentBuildType = "https://github.com/seaworthy-os/seaworthy/component/v1"

// Component is a component image that is to be signed.
type Component struct {
	// Name is the repository of the image: docker.io/seaworthy/nginx.
	Name string
	// Index and Manifest are the digests (sha256:HEX) of the image's index, and of
	// its manifest for Arch.
	Index, Manifest, Arch string
	// SPDX and CycloneDX are its bills of materials.
	SPDX, CycloneDX []byte
	// Recipe and Version name the recipe. Epoch is SOURCE_DATE_EPOCH.
	Recipe, Version string
	Epoch           int64
	// Dependencies are the recipe's file and the packages in the image.
	Dependencies []statement.Descriptor
	// BuilderVersion is the version of this program.
	BuilderVersion string
}

// ComponentStatement is a signed statement about a component image.
type ComponentStatement struct {
	// Subject is the digest that it is about.
	Subject       string
	PredicateType string
	Bundle        []byte
}

// SignComponent signs a component image as cosign does, its index and its manifest,
// and makes statements about the manifest: both bills of materials, and provenance.
func SignComponent(ctx context.Context, c Component, signer Signer) ([]ComponentStatement, error) {
	all := []struct {
		subject, predicateType string
		predicate              any
	}{
		{c.Index, statement.CosignSign, json.RawMessage("{}")},
		{c.Manifest, statement.CosignSign, json.RawMessage("{}")},
		{c.Manifest, statement.SPDX, json.RawMessage(c.SPDX)},
		{c.Manifest, statement.CycloneDX, json.RawMessage(c.CycloneDX)},
		{c.Manifest, statement.Provenance, c.provenance()},
	}
	if c.Index == c.Manifest {
		all = all[1:]
	}
	for _, doc := range []struct {
		predicateType string
		raw           []byte
	}{{statement.SPDX, c.SPDX}, {statement.CycloneDX, c.CycloneDX}} {
		if err := statement.CheckDocument(doc.predicateType, doc.raw); err != nil {
			return nil, system.Unusable("component %s cannot be signed", c.Name).Because(err)
		}
	}
	out := make([]ComponentStatement, len(all))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(signer.Parallel())
	for i, one := range all {
		g.Go(func() error {
			raw, err := signOne(ctx, "component "+c.Name, c.Name, one.subject, one.predicateType, one.predicate, signer)
			out[i] = ComponentStatement{Subject: one.subject, PredicateType: one.predicateType, Bundle: raw}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return out, nil
}

// SignVEX makes a statement about a component image whose predicate is an OpenVEX document.
// manifest is the digest (sha256:HEX) of the image's manifest.
func SignVEX(ctx context.Context, name, manifest string, document []byte, signer Signer) (ComponentStatement, error) {
	raw, err := signOne(ctx, "component "+name, name, manifest, statement.OpenVEX, json.RawMessage(document), signer)
	return ComponentStatement{Subject: manifest, PredicateType: statement.OpenVEX, Bundle: raw}, err
}

// componentProvenance is SLSA provenance v1 of a component image.
type componentProvenance struct {
	BuildDefinition struct {
		BuildType          string `json:"buildType"`
		ExternalParameters struct {
			Recipe struct {
				Name    string `json:"name"`
				Version string `json:"version"`
			} `json:"recipe"`
			Arch            string `json:"arch"`
			SourceDateEpoch int64  `json:"sourceDateEpoch"`
		} `json:"externalParameters"`
		ResolvedDependencies []statement.Descriptor `json:"resolvedDependencies"`
	} `json:"buildDefinition"`
	RunDetails struct {
		Builder statement.Builder `json:"builder"`
	} `json:"runDetails"`
}

func (c *Component) provenance() *componentProvenance {
	p := &componentProvenance{}
	d := &p.BuildDefinition
	d.BuildType = ComponentBuildType
	d.ExternalParameters.Recipe.Name, d.ExternalParameters.Recipe.Version = c.Recipe, c.Version
	d.ExternalParameters.Arch, d.ExternalParameters.SourceDateEpoch = c.Arch, c.Epoch
	d.ResolvedDependencies = c.Dependencies
	p.RunDetails.Builder = statement.BuilderOf(c.BuilderVersion)
	return p
}

// Dependency describes a file that was used, by its digest (sha256:HEX).
func Dependency(name, uri, digest string) (statement.Descriptor, error) {
	set, err := statement.DigestSet(digest)
	if err != nil {
		return statement.Descriptor{}, system.Unusable("%s has no digest", name).Because(err)
	}
	return statement.Descriptor{Name: name, URI: uri, Digest: set}, nil
}
