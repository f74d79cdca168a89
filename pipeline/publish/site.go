package publish

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	bundles "github.com/seaworthy-os/seaworthy/policy/folder"
)

// SiteType is the artifact type of the referrer that carries documents to a site
// without a network. It exists only in archives.
const SiteType = "application/vnd.seaworthy.site.v1"

// The documents of a site, by path.
const (
	siteLock     = "os.lock.json"
	siteRoot     = "trusted-root.json"
	sitePolicies = "policies/"
	bundleEnding = ".tar.gz"

	// maxDocument is the largest size of one document, and maxDocuments of all.
	maxDocument  = 16 << 20
	maxDocuments = 64 << 20
)

// trustedRootType is the media type of Sigstore's trusted roots, without version.
const trustedRootType = "application/vnd.dev.sigstore.trustedroot+json"

// Site is what an archive carries beside the image.
type Site struct {
	// Documents are the contents by path.
	Documents map[string][]byte
	// Judge evaluates policies that are not built in; its policies are not used.
	Judge policy.Options
}

// SiteOptions name the documents of a site, as files. "" means none.
type SiteOptions struct {
	// Lock is the lock of the image.
	Lock string
	// TrustedRoot is a trusted root of Sigstore.
	TrustedRoot string
	// Policies are the rule folders of the policy that the image passed.
	Policies []string
	Judge    policy.Options
}

// Gather reads the documents of a site.
func Gather(ctx context.Context, o SiteOptions) (*Site, error) {
	s := &Site{Documents: map[string][]byte{}, Judge: o.Judge}
	var errs []error
	for _, one := range []struct{ path, file string }{{siteLock, o.Lock}, {siteRoot, o.TrustedRoot}} {
		if one.file == "" {
			continue
		}
		raw, err := bounded.ReadFile(one.file, maxDocument)
		if err != nil {
			errs = append(errs, system.NotRead(one.file, err))
			continue
		}
		s.Documents[one.path] = raw
	}
	if raw := s.Documents[siteRoot]; raw != nil && !isTrustedRoot(raw) {
		errs = append(errs, system.BadInput("%s is not a trusted root", o.TrustedRoot).Suggest("give a file of media type %s", trustedRootType))
	}
	for _, dir := range o.Policies {
		judge := o.Judge
		judge.Policy, judge.Policies = "", []policy.Source{{Name: dir}}
		raw, name, err := policy.Pack(ctx, judge)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		at := sitePolicies + name + bundleEnding
		if s.Documents[at] != nil {
			errs = append(errs, system.BadInput("two policies have the name %s", name).Suggest("give only one of them"))
		}
		s.Documents[at] = raw
	}
	return s, errors.Join(errs...)
}

// isTrustedRoot reports whether a file is a trusted root of Sigstore, or several, one
// after the other.
func isTrustedRoot(raw []byte) bool {
	dec := json.NewDecoder(bytes.NewReader(raw))
	for n := 0; ; n++ {
		var doc struct {
			MediaType string `json:"mediaType"`
		}
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return n > 0
		case err != nil || !strings.HasPrefix(doc.MediaType, trustedRootType):
			return false
		}
	}
}

// ReadSite returns the documents in an archive, unverified.
func ReadSite(ctx context.Context, file string, judge policy.Options) (*Site, error) {
	a, err := openArchive(file)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	digest, _, err := a.image(ctx)
	if err != nil {
		return nil, a.failed(err)
	}
	s := &Site{Documents: map[string][]byte{}, Judge: judge}
	for _, d := range a.subjects[digest] {
		raw, err := a.manifest(ctx, d.Digest)
		if err != nil {
			return nil, a.failed(err)
		}
		one, err := newReferrer(raw)
		if err != nil || one.ArtifactType != SiteType {
			continue // another referrer
		}
		files, err := layout.ParseDocuments(raw, SiteType, digest)
		if err != nil {
			return nil, a.failed(fmt.Errorf("its documents for the site are malformed: %w", err))
		}
		if len(s.Documents) > 0 || sizes(files) > maxDocuments {
			return nil, a.failed(errors.New("its documents for the site are listed twice, or are too large"))
		}
		for _, f := range files {
			if s.Documents[f.Path], err = readAll(ctx, a, f); err != nil {
				return nil, a.failed(err)
			}
		}
	}
	return s, nil
}

// readAll reads a small file into memory.
func readAll(ctx context.Context, s store, f layout.File) ([]byte, error) {
	d := oci.Descriptor{Digest: f.Digest, Size: f.Size}
	rc, err := s.open(ctx, d, 0)
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	var b bytes.Buffer
	_, err = io.Copy(&b, oci.NewChecker(rc, d))
	return b.Bytes(), err
}

// Check requires that the documents belong to the image in a sealed folder: the lock
// is that of the decision, and each policy is a part of the policy that the image
// passed. A trusted root belongs to no image: nothing here says that it can be
// trusted.
func (s *Site) Check(ctx context.Context, dir string) error {
	d, err := pipeline.ReadDecision(filepath.Join(dir, statement.DecisionFile))
	if err != nil {
		return err
	}
	return s.check(ctx, d)
}

func (s *Site) check(ctx context.Context, d *decision.Decision) error {
	var errs []error
	for _, at := range slices.Sorted(maps.Keys(s.Documents)) {
		raw := s.Documents[at]
		switch name := strings.TrimSuffix(strings.TrimPrefix(at, sitePolicies), bundleEnding); {
		case at == siteLock:
			if got := digests.Of(raw); got != d.System.LockDigest {
				errs = append(errs, system.Mismatch("the lock %s is not that of the image: the decision names %s", got, cmp.Or(d.System.LockDigest, "none")).
					Suggest("use the lock with which the image was built"))
			}
		case at == siteRoot:
			if !isTrustedRoot(raw) {
				errs = append(errs, system.Mismatch("%s is not a trusted root", at).Suggest("pack the image again"))
			}
		case at == sitePolicies+name+bundleEnding && fs.ValidPath(sitePolicies+name) && !strings.Contains(name, "/"):
			own, err := s.identify(ctx, raw)
			// The digest also covers built-in files, which differ between versions of the
			// program. Older decisions have nothing else.
			if err == nil && !slices.ContainsFunc(d.Policy.Parts, func(p decision.PolicyPart) bool {
				return p.Content == own.Content && own.Content != "" || p.Content == "" && p.Digest == own.Digest
			}) {
				err = system.Mismatch("policy %s (%s) is not a part of the policy that the image passed", name, own.Digest).
					Suggest("use the rules with which the image was built")
			}
			errs = append(errs, err)
		default:
			errs = append(errs, system.Mismatch("the archive has the unknown document %q", at).Suggest("use a newer version of seaworthy, or pack the image again"))
		}
	}
	return errors.Join(errs...)
}

// identify describes the policy in a bundle as a decision does.
func (s *Site) identify(ctx context.Context, raw []byte) (decision.PolicyPart, error) {
	tmp, err := os.MkdirTemp("", "seaworthy-")
	if err != nil {
		return decision.PolicyPart{}, err
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "rules")
	if err := writeBundle(dir, raw); err != nil {
		return decision.PolicyPart{}, err
	}
	o := s.Judge
	o.Policy, o.Policies, o.FailOn, o.Now = "", []policy.Source{{Name: dir}}, "low", time.Unix(0, 0)
	p, err := policy.Prepare(ctx, o)
	if err != nil {
		return decision.PolicyPart{}, err
	}
	return p.Policy().Parts[0], nil
}

func writeBundle(dir string, raw []byte) error {
	files, err := bundles.ReadBundle(raw)
	if err != nil {
		return err
	}
	return policies.Write(dir, &policy.Bundle{Files: files})
}

// Write writes the documents into a new folder: a policy as a folder of rules.
func (s *Site) Write(dir string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(filepath.Clean(dir)), ".site-")
	if err != nil {
		return notWritten(dir, err)
	}
	defer os.RemoveAll(tmp)
	for at, raw := range s.Documents {
		full := filepath.Join(tmp, filepath.FromSlash(strings.TrimSuffix(at, bundleEnding)))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			return notWritten(dir, err)
		}
		if path.Dir(at)+"/" == sitePolicies {
			err = writeBundle(full, raw)
		} else {
			err = os.WriteFile(full, raw, 0o644)
		}
		if err != nil {
			return notWritten(dir, err)
		}
	}
	if err := errors.Join(os.Chmod(tmp, 0o755), os.Rename(tmp, dir)); err != nil {
		return notWritten(dir, err)
	}
	return nil
}

func notWritten(dir string, err error) error {
	return system.Unusable("cannot write %s", dir).Because(pathless(err)).Suggest("give a folder in a place that can be written")
}

// Lines describe the documents, one line each, sorted.
func (s *Site) Lines() []string {
	var out []string
	for at, raw := range s.Documents {
		line := at + " " + digests.Of(raw)
		if at == siteRoot {
			line += ": no signature covers it; compare its digest before you use it"
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// UnpackedName is the folder for an archive if the user gives none: dist/NAME.
func UnpackedName(file string) string {
	name := filepath.Base(file)
	return filepath.Join("dist", strings.TrimSuffix(name, filepath.Ext(name)))
}
