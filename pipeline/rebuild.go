package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// RebuildOptions holds the inputs of Rebuild. Everything that a provenance records
// is taken from it; BuildOptions has the rest: where components are found, the
// tools, the folder of the second build.
type RebuildOptions struct {
	BuildOptions
	// Sources is the folder in which the os.yml files, the lock and the waivers are
	// searched. They are found by their digest.
	Sources string
	// PolicyFolders are the rule folders of the policy, in its order. Built-in packs
	// and policies in registries are found by the provenance.
	PolicyFolders []string
}

// Rebuilt is the result of Rebuild.
type Rebuilt struct {
	// Dir is the folder of the second build, "" if the policy denied it.
	Dir string
	// Denied is the decision that denied the second build, nil otherwise.
	Denied *decision.Decision
	// Different are the files of the image whose bytes differ or that are missing,
	// and Other those of the other files of the folder.
	Different, Other []string
	// Inputs are the inputs of the build that differ, in words.
	Inputs []string
}

// Limits of the search for sources.
const (
	maxSources    = 20_000
	maxSourceSize = 16 << 20
)

// Rebuild builds a system again from its provenance, without signatures, and
// compares every file.
func Rebuild(ctx context.Context, p *verify.Provenance, o RebuildOptions) (*Rebuilt, error) {
	if err := o.follow(p); err != nil {
		return nil, err
	}
	o.Signer, o.signedAs = nil, p.Signer
	built, err := Build(ctx, o.BuildOptions)
	if err != nil {
		return nil, err
	}
	r := &Rebuilt{Dir: built.Dir, Inputs: changedInputs(p, built, o.Version)}
	if built.Denied {
		r.Dir, r.Denied = "", built.Decision
		return r, nil
	}
	if r.Different, err = differing(built.Dir, p.Files); err != nil {
		return nil, err
	}
	for _, path := range built.Images {
		if p.Files[path] == "" {
			r.Different = append(r.Different, path)
		}
	}
	r.Other, err = differing(built.Dir, p.Byproducts)
	return r, err
}

// follow sets the options from the provenance. It reports everything that cannot be
// followed.
func (o *RebuildOptions) follow(p *verify.Provenance) error {
	def := &p.BuildDefinition
	in := &def.ExternalParameters
	at, err := findSources(o.Sources)
	if err != nil {
		return err
	}
	var errs []error
	lost := func(what, digest string) {
		errs = append(errs, system.BadInput("%s (%s) is not below the folder %s", what, digest, o.Sources).Suggest("give the folder with the sources of the image: --sources DIR"))
	}
	find := func(what, digest string) string {
		path := at[digest]
		if path == "" {
			lost(what, digest)
		}
		return path
	}
	o.Resolve.Files = nil
	for _, s := range in.Sources {
		// The reports name the path, so the same path gives the same reports.
		if got, err := digestOfFile(s.Name); filepath.IsLocal(s.Name) && err == nil && got == s.SHA256() {
			o.Resolve.Files = append(o.Resolve.Files, s.Name)
			continue
		}
		switch path := at[s.SHA256()]; {
		case path != "":
			o.Resolve.Files = append(o.Resolve.Files, path)
		case strings.HasPrefix(s.Name, "https://"):
			o.Resolve.Files = append(o.Resolve.Files, s.Name)
		default:
			lost(s.Name, s.SHA256())
		}
	}
	o.Resolve.Name, o.Resolve.Arch = in.Name, in.Arch
	o.Formats, o.FormatsMeant = in.Parameters.Format, in.Parameters.Format
	o.Policy.FailOn = in.Parameters.FailOn
	o.Time = time.Unix(in.Parameters.SourceDateEpoch, 0).UTC()
	if t := in.Parameters.DecidedAt(); t != "" {
		now, err := statement.ParseTime(t)
		errs = append(errs, err)
		o.Policy.Now, o.Policy.Dated = now, in.Parameters.Now != ""
	}
	o.Resolve.Pins = map[string]string{}
	var policyName string
	registry := map[string]string{} // policies of registries
	for _, d := range def.ResolvedDependencies {
		switch _, id, _ := strings.Cut(d.Name, ":"); {
		case strings.HasPrefix(d.Name, statement.DependencyComponent):
			name, digest, err := pin(d)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			o.Resolve.Pins[name] = digest
		case d.Name == statement.DependencyLock:
			o.Resolve.Locked, o.Resolve.LockFile = true, find("the lock", d.SHA256())
		case d.Name == statement.DependencyWaivers:
			o.Policy.Waivers = find("the file of waivers", d.SHA256())
		case d.Name == statement.DependencyPolicy:
			policyName, _ = statement.PolicyName(d.URI)
		case strings.HasPrefix(d.Name, statement.DependencyBundle):
			registry[id] = pinnedPolicy(d)
		case d.Name == statement.DependencyCertificate:
			if o.SecureBoot == nil {
				errs = append(errs, system.BadInput("the image is signed for Secure Boot with the key of certificate %s", d.SHA256()).
					Suggest("give this key and certificate with --secure-boot-key and --secure-boot-cert: only this key makes the same bytes"))
			}
		}
	}
	return errors.Join(append(errs, o.setPolicies(policyName, registry))...)
}

// pin is the reference of a component, without digest, and its digest.
func pin(d statement.Descriptor) (name, digest string, err error) {
	bad := system.BadInput("dependency %s: %q is not the address of an image", d.Name, d.URI).Suggest("use a provenance of seaworthy build")
	u, err := url.Parse(d.URI)
	if err != nil || u.Scheme != "pkg" {
		return "", "", bad
	}
	q := u.Query()
	name = q.Get("repository_url")
	if tag := q.Get("tag"); tag != "" {
		name += ":" + tag
	}
	if digest = d.Annotations[statement.AnnotationIndex]; digest == "" {
		digest = d.SHA256()
	}
	if name == "" {
		return "", "", bad
	}
	return name, digest, nil
}

// pinnedPolicy is a policy in a registry by its digest: then it needs no key.
func pinnedPolicy(d statement.Descriptor) string {
	name := strings.TrimPrefix(d.URI, policies.Scheme)
	name, _, _ = strings.Cut(name, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	return policies.Scheme + name + "@" + d.SHA256()
}

// setPolicies finds the policies of a name such as hardened+oci:ours+dir:mine.
func (o *RebuildOptions) setPolicies(name string, registry map[string]string) error {
	o.Policy.Policy, o.Policy.Policies = "", nil
	folders := o.PolicyFolders
	var errs []error
	for part := range strings.SplitSeq(name, "+") {
		kind, _, _ := strings.Cut(part, ":")
		switch {
		case registry[part] != "":
			part = registry[part]
		case kind == decision.SourceOCI && strings.Contains(part, ":"):
			errs = append(errs, system.BadInput("policy %s is not among the dependencies of the provenance", part))
			continue
		case kind == "dir" && strings.Contains(part, ":"):
			if len(folders) == 0 {
				errs = append(errs, system.BadInput("policy %s was read from a folder", part).Suggest("give the folder with --policy; several in the order of %s", name))
				continue
			}
			part, folders = folders[0], folders[1:]
		}
		o.Policy.Policies = append(o.Policy.Policies, policy.Source{Name: part})
	}
	if len(folders) > 0 {
		errs = append(errs, system.BadInput("--policy %s is not a part of policy %s of the image", folders[0], name).Suggest("leave it out"))
	}
	return errors.Join(errs...)
}

// findSources maps the digest of each file below a folder to its path. Hidden
// folders are left out. Of several files with the same bytes, the first in order of
// paths counts.
func findSources(dir string) (map[string]string, error) {
	out := map[string]string{}
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != dir && strings.HasPrefix(d.Name(), "."):
			return fs.SkipDir
		case !d.Type().IsRegular():
			return nil
		}
		if n++; n > maxSources {
			return fmt.Errorf("it has more than %d files", maxSources)
		}
		info, err := d.Info()
		if err != nil || info.Size() > maxSourceSize {
			return err
		}
		digest, err := digestOfFile(path)
		if err == nil && out[digest] == "" {
			out[digest] = path
		}
		return err
	})
	if err != nil {
		return nil, system.BadInput("the sources in %s cannot be read", dir).Because(err).Suggest("give the folder with the sources of the image: --sources DIR")
	}
	return out, nil
}

func digestOfFile(path string) (string, error) {
	f, err := bounded.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest, _, err := digests.Read(f)
	return digest, err
}

// differing are the paths whose files do not have these digests.
func differing(dir string, want map[string]string) ([]string, error) {
	var out []string
	for path, digest := range want {
		if !filepath.IsLocal(path) {
			return nil, system.Mismatch("the provenance has the path %q", path)
		}
		got, err := digestOfFile(filepath.Join(dir, filepath.FromSlash(path)))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, system.Unusable("%s cannot be read", path).Because(err)
		}
		if got != digest {
			out = append(out, path)
		}
	}
	slices.Sort(out)
	return out, nil
}

// changedInputs are the inputs of the two builds that differ. They explain why files
// differ.
func changedInputs(p *verify.Provenance, b *Built, version string) []string {
	var out []string
	add := func(what, was, is string) {
		if was != is {
			out = append(out, fmt.Sprintf("%s: %s in the first build, %s in the second", what, cmp.Or(was, "missing"), cmp.Or(is, "missing")))
		}
	}
	add("version of seaworthy", p.RunDetails.Builder.Version["seaworthy"], version)
	for i, s := range b.OS.Sources {
		if list := p.BuildDefinition.ExternalParameters.Sources; i < len(list) {
			add(list[i].Name, list[i].SHA256(), s.Digest)
		}
	}
	now := map[string]string{statement.DependencyPolicy: b.Decision.Policy.Digest}
	for _, c := range b.OS.Components {
		if c.Image != nil {
			now[statement.DependencyComponent+c.ID()] = c.Image.Manifest
		}
	}
	for i := range b.OS.Files {
		if f := &b.OS.Files[i]; f.Type == system.TypeFile && f.Source != "" {
			now[statement.DependencyFile+f.Path] = f.Digest
		}
	}
	for _, t := range b.Tools {
		now[statement.DependencyTool+t.Name] = t.Digest
	}
	for _, d := range p.BuildDefinition.ResolvedDependencies {
		switch kind, _, _ := strings.Cut(d.Name, ":"); kind + ":" {
		case statement.DependencyComponent, statement.DependencyFile, statement.DependencyTool:
			add(d.Name, d.SHA256(), now[d.Name])
		default:
			if d.Name == statement.DependencyPolicy {
				add(d.Name, d.SHA256(), now[d.Name])
			}
		}
	}
	return out
}
