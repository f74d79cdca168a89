package pipeline

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy"
)

// What a policy bundle is in a registry: an artifact of one layer, which is of
// the type that stock opa looks for.
const (
	policyArtifactType = "application/vnd.seaworthy.policy.v1"
	policyLayerType    = "application/vnd.oci.image.layer.v1.tar+gzip"
)

// OCIScheme begins the name of a policy that lies in a registry.
const OCIScheme = "oci://"

// PolicyFetch says how policies are fetched from registries, and which are
// believed.
type PolicyFetch struct {
	// Keys are trusted alike. Where there is one, a bundle that none of them
	// signed is refused; where there is none, a bundle must be asked for by
	// its digest.
	Keys []crypto.PublicKey
	// AnyTag takes an unsigned bundle by its tag, to write down its digest.
	AnyTag bool
	// Cache and Offline are as in component.Options.
	Cache      string
	Offline    bool
	RedirectTo []string
	// Locked are the digests of a lock, by reference, nil without one.
	Locked []component.LockedReference
}

// FetchPolicies fetches those of the policies that lie in registries. What is
// not signed as it should be, or not what the lock says, is ErrMismatch.
func FetchPolicies(ctx context.Context, sources []policy.Source, f PolicyFetch) ([]policy.Source, error) {
	store, err := f.open()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	out := slices.Clone(sources)
	errs := make([]error, len(out))
	var wait sync.WaitGroup
	for i := range out {
		if s := &out[i]; strings.HasPrefix(s.Name, OCIScheme) && s.Bundle == nil {
			wait.Go(func() { s.Bundle, errs[i] = f.fetch(ctx, store, s.Name) })
		}
	}
	wait.Wait()
	return out, component.Join(errs)
}

func (f PolicyFetch) open() (*component.Store, error) {
	// A policy has no architecture; a store wants to know one.
	return component.Open(component.Options{Cache: f.Cache, Offline: f.Offline, RedirectTo: f.RedirectTo, Arch: runtime.GOARCH})
}

func (f PolicyFetch) fetch(ctx context.Context, store *component.Store, name string) (*policy.Bundle, error) {
	reference := strings.TrimPrefix(name, OCIScheme)
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
	if digest == "" && len(f.Keys) == 0 && !f.AnyTag {
		return nil, system.BadInput("policy %q: a tag can mean anything tomorrow", name).
			Suggest("give the key that signed it, --policy-key KEY.pub; or its digest, oci://…@sha256:…, which seaworthy lock writes down")
	}
	q := component.ArtifactQuery{MediaType: policyLayerType, MaxBlob: policy.MaxBundle, Digest: digest}
	if len(f.Keys) > 0 {
		q.ReferrerType, q.MaxReferrer = statement.BundleMediaType, verify.MaxArtifactBundle
	}
	a, err := store.Artifact(ctx, reference, q)
	if err != nil {
		return nil, err
	}
	b := &policy.Bundle{Manifest: a.Digest, Pinned: digest != "", Signed: len(f.Keys) > 0}
	if b.Signed {
		if err := verify.Artifact(fmt.Sprintf("policy %q (%s)", name, a.Digest), a.Digest, a.Referrers, f.Keys); err != nil {
			return nil, err
		}
	}
	b.Files, err = policy.ReadBundle(a.Blob)
	return b, ofPolicy(name, err)
}

// ofPolicy names the policy that an error is about.
func ofPolicy(name string, err error) error {
	var e *system.Error
	if !errors.As(err, &e) {
		return err
	}
	named := *e
	named.What = fmt.Sprintf("policy %q: %s", name, e.What)
	return &named
}

// locked is the digest that the lock has for a reference.
func (f PolicyFetch) locked(full, name string) (string, error) {
	for _, l := range f.Locked {
		if known, err := oci.ParseReference(l.Reference); err == nil && known.Name == full {
			return l.Digest, nil
		}
	}
	return "", mismatch(fmt.Sprintf("policy %q is not in the lock", name))
}

// prepare fetches and reads the policies.
func (o CheckOptions) prepare(ctx context.Context) (*policy.Prepared, error) {
	if slices.ContainsFunc(o.Policy.Policies, func(s policy.Source) bool { return strings.HasPrefix(s.Name, OCIScheme) }) {
		fetch := PolicyFetch{Keys: o.PolicyKeys, AnyTag: o.anyTag, Cache: o.Resolve.Cache, Offline: o.Resolve.Offline, RedirectTo: o.Resolve.RedirectTo}
		if o.Resolve.Locked && len(o.Resolve.Files) > 0 {
			lock, _, err := builder.ReadLock(o.Resolve)
			if err != nil {
				return nil, nil // whoever resolves says what is wrong with it
			}
			fetch.Locked = lock.PolicyReferences()
		}
		var err error
		if o.Policy.Policies, err = FetchPolicies(ctx, o.Policy.Policies, fetch); err != nil {
			return nil, err
		}
	}
	return policy.Prepare(ctx, o.Policy)
}

// PushedPolicy says what PushPolicy left in the registry.
type PushedPolicy struct {
	// Name is the policy's, Reference what --policy takes: with the digest.
	Name, Reference string
}

// PushPolicy packs a folder of rules, and pushes it to a registry under a tag;
// with a signer it is signed. The same folder gives the same digest. RedirectTo
// is as in component.Options.
func PushPolicy(ctx context.Context, o policy.Options, reference string, redirectTo []string, signer *attest.Signer) (*PushedPolicy, error) {
	reference = strings.TrimPrefix(reference, OCIScheme)
	ref, err := oci.ParseReference(reference)
	if err != nil {
		return nil, system.BadInput("policy to push").Because(err).Suggest("write oci://REGISTRY/REPOSITORY:TAG")
	}
	raw, name, err := policy.Pack(ctx, o)
	if err != nil {
		return nil, err
	}
	store, err := PolicyFetch{RedirectTo: redirectTo}.open()
	if err != nil {
		return nil, err
	}
	defer store.Close()
	p := component.Push{ArtifactType: policyArtifactType, MediaType: policyLayerType, Blob: raw,
		Annotations: map[string]string{"org.opencontainers.image.title": name}}
	done, err := store.PushArtifact(ctx, reference, p)
	if err != nil {
		return nil, err
	}
	out := &PushedPolicy{Name: name, Reference: OCIScheme + path.Join(ref.Registry, ref.Repository) + "@" + done.Digest}
	if signer == nil {
		return out, nil
	}
	signature, err := attest.SignArtifact(ctx, path.Join(ref.Registry, ref.Repository), done.Digest, signer)
	if err != nil {
		return nil, err
	}
	_, err = store.PushArtifact(ctx, reference, component.Push{
		ArtifactType: statement.BundleMediaType, MediaType: statement.BundleMediaType, Blob: signature, Subject: done,
		Annotations: map[string]string{"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": statement.CosignSign},
	})
	return out, err
}
