// Package policies fetches policy bundles from registries and pushes them to
// registries.
package policies

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// A policy bundle in a registry is an artifact of one layer. The layer has the media
// type that stock opa expects.
const (
	artifactType = "application/vnd.seaworthy.policy.v1"
	layerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// Scheme is the prefix of a policy's name that is in a registry.
const Scheme = "oci://"

// InRegistry reports whether the name is of a policy in a registry.
func InRegistry(name string) bool { return strings.HasPrefix(name, Scheme) }

// NewLock is the suggestion of errors about an input that differs from the lock.
const NewLock = "if the change is intended, write the lock again: seaworthy lock"

// Options say how policies are fetched, and which policies are trusted.
type Options struct {
	// Signers are trusted. If there are signers, a bundle must be signed by one of
	// them. If there are none, a bundle must be named by its digest.
	Signers verify.Signers
	// AnyTag accepts an unsigned bundle by its tag, so that a lock can record its
	// digest.
	AnyTag bool
	// Cache and Offline are as in component.Options.
	Cache      string
	Offline    bool
	RedirectTo []string
	// Locked holds the digests of a lock by reference; nil without a lock.
	Locked []component.LockedReference
}

// Fetch replaces the policies that are in a registry by fetched bundles. A bundle
// with a missing signature, or another digest than the lock, is an ErrMismatch.
func Fetch(ctx context.Context, sources []policy.Source, f Options) ([]policy.Source, error) {
	store, err := f.open()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	out := slices.Clone(sources)
	errs := make([]error, len(out))
	var wait sync.WaitGroup
	for i := range out {
		if s := &out[i]; InRegistry(s.Name) && s.Bundle == nil {
			wait.Go(func() { s.Bundle, errs[i] = f.fetch(ctx, store, s.Name) })
		}
	}
	wait.Wait()
	return out, component.Join(errs)
}

func (f Options) open() (*component.Store, error) {
	// A policy has no architecture, but the store needs one.
	return component.Open(component.Options{Cache: f.Cache, Offline: f.Offline, RedirectTo: f.RedirectTo, Arch: runtime.GOARCH})
}

func (f Options) fetch(ctx context.Context, store *component.Store, name string) (*policy.Bundle, error) {
	reference := strings.TrimPrefix(name, Scheme)
	ref, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("policy %q", name).Because(err)
	}
	digest := ref.Digest
	if f.Locked != nil {
		if digest, err = f.locked(ref.Name, name); err != nil {
			return nil, err
		}
	}
	if digest == "" && f.Signers.None() && !f.AnyTag {
		return nil, system.BadInput("policy %q: the content of a tag can change", name).
			Suggest("give the key that signed the policy: --policy-key KEY.pub. Or name the policy by digest: oci://…@sha256:…, as seaworthy lock writes it to the lock")
	}
	q := component.ArtifactQuery{MediaType: layerType, MaxBlob: folder.MaxBundle, Digest: digest}
	if !f.Signers.None() {
		q.ReferrerType, q.MaxReferrer = statement.BundleMediaType, verify.MaxArtifactBundle
	}
	a, err := store.Artifact(ctx, reference, q)
	if err != nil {
		return nil, err
	}
	b := &policy.Bundle{Manifest: a.Digest, Pinned: digest != "", Signed: !f.Signers.None()}
	if b.Signed {
		if err := verify.Artifact(fmt.Sprintf("policy %q (%s)", name, a.Digest), a.Digest, a.Referrers, f.Signers); err != nil {
			return nil, err
		}
	}
	b.Files, err = folder.ReadBundle(a.Blob)
	return b, system.Within(fmt.Sprintf("policy %q", name), err)
}

// locked returns the digest of a reference in the lock, "" without a lock.
func (f Options) locked(full, name string) (string, error) {
	for _, l := range f.Locked {
		if known, err := oci.ParseReference(l.Reference); err == nil && known.Name == full {
			return l.Digest, nil
		}
	}
	return "", system.Mismatch("policy %q is not in the lock", name).Suggest(NewLock)
}

// Pushed describes a pushed policy.
type Pushed struct {
	// Name is the policy's name. Reference is the value for --policy, with the
	// digest.
	Name, Reference string
}

// Push packs a folder of rules and pushes it to a registry under a tag, signed if
// signer is not nil. The same folder always gives the same digest. redirectTo is as
// in component.Options.
func Push(ctx context.Context, o policy.Options, reference string, redirectTo []string, signer attest.Signer) (*Pushed, error) {
	reference = strings.TrimPrefix(reference, Scheme)
	ref, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("the reference of the policy to push is invalid").Because(err).Suggest("write oci://REGISTRY/REPOSITORY:TAG")
	}
	raw, name, err := policy.Pack(ctx, o)
	if err != nil {
		return nil, err
	}
	store, err := Options{RedirectTo: redirectTo}.open()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	p := component.Push{ArtifactType: artifactType, MediaType: layerType, Blob: raw,
		Annotations: map[string]string{"org.opencontainers.image.title": name}}
	done, err := p.Describe()
	if err != nil {
		return nil, err
	}
	// Signed first: a signer that fails leaves nothing in the registry.
	var signature []byte
	if signer != nil {
		if signature, err = attest.SignArtifact(ctx, path.Join(ref.Registry, ref.Repository), done.Digest, signer); err != nil {
			return nil, err
		}
	}
	if _, err := store.PushArtifact(ctx, reference, p); err != nil {
		return nil, err
	}
	out := &Pushed{Name: name, Reference: Scheme + path.Join(ref.Registry, ref.Repository) + "@" + done.Digest}
	if signer == nil {
		return out, nil
	}
	_, err = store.PushArtifact(ctx, reference, component.Push{
		ArtifactType: statement.BundleMediaType, MediaType: statement.BundleMediaType, Blob: signature, Subject: done,
		Annotations: map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": statement.CosignSign},
	})
	return out, err
}
