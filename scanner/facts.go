package scanner

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/whence"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	"github.com/seaworthy-os/seaworthy/scanner/files"
	"github.com/seaworthy-os/seaworthy/scanner/sbom"
)

// Documents are the SBOMs of a system: SPDX 2.3 and CycloneDX 1.6, as JSON.
type Documents struct {
	// SPDX and CycloneDX list every component, each with its packages.
	SPDX, CycloneDX []byte
	// Components in the order of the system.
	Components []ComponentDocuments
}

// ComponentDocuments are the SBOMs of one component.
type ComponentDocuments struct {
	// ID is "services/nginx", FileStem "services-nginx".
	ID, FileStem string
	// Digest is the digest of the image's manifest.
	Digest          string
	SPDX, CycloneDX []byte
}

// Facts waits for the catalogers and returns what is known about the system.
// Every image must have been read in a pass or recalled from the cache. One
// error lists all components that cannot be scanned. A volume without an image
// is empty: it has neither facts nor an SBOM.
func (s *Scanner) Facts(ctx context.Context, sys *system.OS) (*facts.Facts, error) {
	sys = withImages(sys)
	scans, err := s.wait(ctx, sys)
	if err != nil {
		return nil, err
	}
	f := &facts.Facts{
		SchemaVersion: facts.SchemaVersion, Name: sys.Name, Arch: sys.Arch,
		Sources: []facts.Source{}, Components: []facts.Component{}, Kernel: s.Kernel(), Files: []facts.File{},
		SBOM: facts.SystemSBOM{Present: true, Components: []string{}, Inside: []string{}},
	}
	if sys.Kernel.Component == nil {
		f.Kernel = noKernel()
	}
	f.Cmdline = kernelLine(sys.Kernel.Cmdline, sys.Arch, f.Kernel.Config)
	f.Cmdline.Origin = origin(sys.Kernel.Origin)
	for _, src := range sys.Sources {
		f.Sources = append(f.Sources, facts.Source(src))
	}
	f.Locked = len(sys.Components) > 0
	for _, c := range sys.Components {
		sc := scans[c]
		f.Components = append(f.Components, componentFacts(c, sc))
		f.SBOM.Components = append(f.SBOM.Components, c.ID())
		f.SBOM.Packages += len(sc.found.SBOM.Packages)
		f.Locked = f.Locked && c.Image.Locked
		if c.Section == system.SectionKernel && sc.found.Kernel != nil {
			f.Kernel.Package = sc.found.Kernel.Package
		}
	}
	var errs []error
	for _, file := range sys.Files {
		one, err := fileFacts(file)
		if err != nil {
			errs = append(errs, err)
		}
		f.Files = append(f.Files, one)
	}
	if f.Sysctl, err = s.sysctl(sys, f); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return f, nil
}

// Documents waits as Facts does, and returns the SBOMs: see Options.Documents.
func (s *Scanner) Documents(ctx context.Context, sys *system.OS) (*Documents, error) {
	sys = withImages(sys)
	scans, err := s.wait(ctx, sys)
	if err != nil {
		return nil, err
	}
	var d Documents
	whole := sbom.System{Name: sys.Name, Arch: sys.Arch}
	for _, c := range sys.Components {
		made := scans[c].found.Documents
		if made == nil {
			return nil, fmt.Errorf("component %s has no SBOM documents: they were not requested", c.ID())
		}
		whole.Members = append(whole.Members, sbom.Member{ID: c.ID(), Image: c.Image, Documents: made})
		d.Components = append(d.Components, ComponentDocuments{ID: c.ID(), FileStem: c.FileStem(), Digest: c.Image.Manifest, SPDX: made.SPDX, CycloneDX: made.CycloneDX})
	}
	if d.SPDX, err = whole.SPDX(s.stamp()); err != nil {
		return nil, err
	}
	d.CycloneDX, err = whole.CycloneDX(s.stamp())
	return &d, err
}

// Listings waits as Facts does, and returns the files of each component, by ID: see
// Options.Documents.
func (s *Scanner) Listings(ctx context.Context, sys *system.OS) (map[string]*whence.Listing, error) {
	sys = withImages(sys)
	scans, err := s.wait(ctx, sys)
	if err != nil {
		return nil, err
	}
	out := map[string]*whence.Listing{}
	for _, c := range sys.Components {
		if out[c.ID()] = scans[c].found.Listing; out[c.ID()] == nil {
			return nil, fmt.Errorf("component %s has no list of its files: it was not requested", c.ID())
		}
	}
	return out, nil
}

func (s *Scanner) stamp() sbom.Stamp {
	return sbom.Stamp{Created: s.opts.Created, Version: s.opts.Version}
}

// withImages is sys without components that have no image.
func withImages(sys *system.OS) *system.OS {
	out := *sys
	out.Components = slices.DeleteFunc(slices.Clone(sys.Components), func(c *system.Component) bool { return c.Image == nil })
	return &out
}

// wait returns the finished scan of every component.
func (s *Scanner) wait(ctx context.Context, sys *system.OS) (map[*system.Component]*scan, error) {
	out := map[*system.Component]*scan{}
	failed := map[*scan]bool{}
	var errs []error
	for _, c := range sys.Components {
		fail := func(err error) {
			errs = append(errs, system.Unusable("component %s: image %s cannot be scanned", c.ID(), c.Image.Name).At(c.Pos).Because(err).
				Suggest("use an image that can be read: every component must have an SBOM"))
		}
		sc := s.passed(c.Image.Manifest)
		if sc == nil {
			fail(errors.New("its files were not read"))
			continue
		}
		select {
		case <-sc.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if sc.err != nil && !failed[sc] {
			failed[sc] = true
			fail(sc.err)
		}
		out[c] = sc
	}
	return out, errors.Join(errs...)
}

// passed is the scan of an image whose pass has ended, or nil.
func (s *Scanner) passed(manifest string) *scan {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sc := s.scans[manifest]; sc != nil && sc.started {
		return sc
	}
	return nil
}

func origin(o system.Origin) facts.Origin {
	return facts.Origin{Layer: string(o.Layer), File: o.File, Line: o.Line, Column: o.Column}
}

func componentFacts(c *system.Component, sc *scan) facts.Component {
	origins := map[string]facts.Origin{}
	for p, o := range c.Origins {
		origins[p] = origin(o)
	}
	return facts.Component{
		ID: c.ID(), Section: string(c.Section), Name: c.Name, Index: c.Index,
		Image: imageFacts(c), ReadOnly: c.ReadOnly,
		Spec: json.RawMessage(c.Spec), Runtime: json.RawMessage(c.Runtime), Origins: origins,
		SBOM: sc.found.SBOM, Files: sc.found.Files, Entry: json.RawMessage(c.Entry),
		Program: programFacts(c, sc.found.Paths), MissingTargets: missingTargets(c, sc.found.Paths),
	}
}

func imageFacts(c *system.Component) facts.Image {
	img := c.Image
	registry, repository, tag := splitName(img.Name)
	labels := img.Config.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return facts.Image{
		Reference: img.Reference, Name: img.Name, Registry: registry, Repository: repository, Tag: tag,
		Digest: img.Digest, Manifest: img.Manifest, Pinned: img.Pinned, Locked: img.Locked,
		Origin: origin(system.OriginAt(c.Pos)), OS: img.Config.OS, Architecture: img.Config.Architecture,
		User: img.Config.User, Env: list(img.Config.Env), Entrypoint: list(img.Config.Entrypoint), Cmd: list(img.Config.Cmd),
		ExposedPorts: list(img.Config.ExposedPorts), Labels: labels, History: list(img.Config.History),
		TrustRequired: c.Signed,
	}
}

// list is l, or an empty list if l is nil: JSON must have [] and not null.
func list(l []string) []string {
	if l == nil {
		return []string{}
	}
	return l
}

// splitName splits a full reference: docker.io, library/nginx, 1.25.
func splitName(name string) (registry, repository, tag string) {
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name, tag = name[:i], name[i+1:]
	}
	registry, repository, ok := strings.Cut(name, "/")
	if !ok {
		return "", name, tag
	}
	return registry, repository, tag
}

// fileFacts describes one entry of the files section. A source on the build
// machine is read as a stream, to search it for secrets.
func fileFacts(f system.File) (facts.File, error) {
	out := facts.File{
		Path: "/" + f.Path, Type: f.Type.String(), Mode: fmt.Sprintf("%o", f.Mode), UID: f.UID, GID: f.GID,
		Link: f.Link, Source: f.SourceText, Metadata: f.Metadata, Size: f.Size, Digest: f.Digest,
		Origin: origin(system.OriginAt(f.Pos)), AppArmorProfiles: []string{}, Modules: []string{},
	}
	if f.Type != system.TypeFile {
		return out, nil
	}
	if f.Source == "" {
		out.Secret = cmp.Or(files.DetectSecret(f.Contents), files.SecretIn(out.Path, string(f.Contents)))
		out.Logins, out.Containerd = files.Logins(out.Path, string(f.Contents)), files.Containerd(out.Path, string(f.Contents))
		out.AppArmorProfiles = list(files.AppArmor(out.Path, f.Contents))
		out.Modules = list(files.Modules(out.Path, string(f.Contents)))
		return out, nil
	}
	r, err := os.Open(f.Source)
	if err == nil {
		defer r.Close()
		var finder files.Finder
		var head bytes.Buffer
		hash := sha256.New()
		_, err = io.Copy(io.MultiWriter(&finder, hash, &head), io.LimitReader(r, maxSettings))
		if err == nil {
			_, err = io.Copy(io.MultiWriter(&finder, hash), r)
		}
		out.Secret = cmp.Or(finder.Kind(), files.SecretInArchive(head.Bytes()), files.SecretIn(out.Path, head.String()))
		out.Logins, out.Containerd = files.Logins(out.Path, head.String()), files.Containerd(out.Path, head.String())
		out.AppArmorProfiles = list(files.AppArmor(out.Path, head.Bytes()))
		if head.Len() < maxSettings {
			out.Modules = list(files.Modules(out.Path, head.String()))
		}
		if out.Logins != nil && head.Len() == maxSettings {
			err = fmt.Errorf("the file has more than %d KiB, which is too large to read", maxSettings>>10)
		}
		// The file must not change between Resolve, this scan and the build.
		// The build compares the written file with the same digest.
		if got := digests.Sum(hash); err == nil && f.Digest != "" && got != f.Digest {
			err = errors.New("the file changed while it was read")
		}
	}
	if err != nil {
		return out, system.Unusable("files: the source of %q cannot be read", "/"+f.Path).At(f.Pos).Because(err)
	}
	return out, nil
}
