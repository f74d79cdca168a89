package policy

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/engine"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// Source names one policy.
type Source struct {
	// Name is a built-in pack or a folder of rules. With a Bundle, it is the reference
	// of the bundle.
	Name string
	// Bundle was fetched from a registry. It is nil for packs and folders.
	Bundle *Bundle
}

// Bundle is a policy that was fetched from a registry.
type Bundle struct {
	// Files are the files of the rule folder, by path. See Rules for its layout.
	Files map[string][]byte
	// Manifest is sha256:HEX of the artifact's manifest.
	Manifest string
	// Pinned: its reference or a lock named this digest. Signed: a trusted key signed
	// it.
	Pinned, Signed bool
}

// sources are all policies of the options, in their order. A repeated one is an error.
func (o Options) sources() ([]Source, error) {
	all := slices.Clone(o.Policies)
	if o.Policy != "" {
		all = slices.Insert(all, 0, Source{Name: o.Policy})
	}
	if len(all) == 0 {
		all = []Source{{Name: DefaultPolicy}}
	}
	seen := map[string]bool{}
	var errs []error
	for _, s := range all {
		if seen[s.Name] {
			errs = append(errs, system.BadInput("duplicate policy %q", s.Name).Suggest("name it once"))
		}
		seen[s.Name] = true
	}
	return all, errors.Join(errs...)
}

// folderOf reads the rule folder that a source names. kind is "dir" or "oci". base is
// the last part of its name.
func folderOf(s Source, packs map[string]*folder.Pack) (t *folder.Tree, kind, base string, err error) {
	if s.Bundle != nil {
		base = strings.TrimPrefix(s.Name, ociScheme)
		base, _, _ = strings.Cut(base, "@")
		base = base[strings.LastIndexByte(base, '/')+1:]
		base, _, _ = strings.Cut(base, ":")
		t, err = folder.FromFiles(s.Bundle.Files, s.Name+"/", folder.GuestLimits)
		return t, decision.SourceOCI, base, err
	}
	next := "give a pack (" + folder.PackNames(packs) + "), a folder of rules, or oci://REFERENCE"
	if strings.HasPrefix(s.Name, ociScheme) {
		return nil, "", "", system.BadInput("policy %q was not fetched", s.Name).Suggest("%s", next)
	}
	info, err := os.Stat(s.Name)
	if err != nil || !info.IsDir() {
		return nil, "", "", system.BadInput("policy %q: there is no pack and no folder with this name", s.Name).Suggest("%s", next)
	}
	root, err := os.OpenRoot(s.Name)
	if err != nil {
		return nil, "", "", system.BadInput("policy folder %q: %v", s.Name, err)
	}
	defer root.Close()
	dir := filepath.Clean(s.Name)
	t, err = folder.Read(root.FS(), filepath.ToSlash(dir)+"/", folder.GuestLimits)
	return t, decision.SourceDir, filepath.Base(dir), err
}

// opened is a guest that was read and checked.
type opened struct {
	tree *folder.Tree
	job  engine.Job // the job sandbox.Open, with the used budget
	plan *engine.Plan
}

// open reads the policy of a source and checks it in the sandbox. With params, its
// rules list the parameters that they read.
func (l *library) open(ctx context.Context, h engine.Host, s Source, params bool) (*opened, error) {
	t, kind, base, err := folderOf(s, l.Packs)
	if err != nil {
		return nil, err
	}
	j := engine.NewJob(sandbox.Open, s.Name, kind, base, t)
	j.Work.Params = params
	a, err := h.Perform(ctx, j)
	if err != nil {
		return nil, err
	}
	if a.Result.Plan == nil {
		return nil, system.Unusable("policy %q: its process returned no description", s.Name).Report()
	}
	j.Spent = a.Spent
	return &opened{t, j, a.Result.Plan}, nil
}

const ociScheme = "oci://"

// trusted is a request for built-in rules with the built-in data: whole packs, and
// single rules.
type trusted struct {
	packs []*folder.Pack // including the packs that they include
	rules []string
	// set has these rules, or is nil.
	set *engine.Set
}

// active are the names of the packs in force. If it is nil, every row of a table counts.
func (w trusted) active() []string {
	var out []string
	for _, p := range w.packs {
		out = append(out, p.Name)
	}
	return out
}

func (w trusted) ids() []string {
	out := slices.Clone(w.rules)
	for _, p := range w.packs {
		out = append(out, p.Rules...)
	}
	return out
}

// holds reports whether w includes everything that other requests.
func (w trusted) holds(other trusted) bool {
	ids, active := w.ids(), w.active()
	for _, id := range other.ids() {
		if !slices.Contains(ids, id) {
			return false
		}
	}
	if active == nil {
		return true
	}
	for _, name := range other.active() {
		if !slices.Contains(active, name) {
			return false
		}
	}
	return other.active() != nil
}

// distinct leaves out requests that another request includes.
func distinct(all []trusted) []trusted {
	var out []trusted
	for i, w := range all {
		held := false
		for j, other := range all {
			if i != j && other.holds(w) && !(w.holds(other) && i < j) {
				held = true
			}
		}
		if !held && len(w.ids()) > 0 {
			out = append(out, w)
		}
	}
	return out
}

// trustedSet assembles the requested built-in rules.
func (l *library) trustedSet(name string, w trusted) (*engine.Set, error) {
	if w.set != nil {
		return w.set, nil
	}
	packs := slices.Clone(w.packs)
	if len(w.rules) > 0 {
		packs = append(packs, &folder.Pack{Name: name, Rules: w.rules})
	}
	return l.Assemble(name, packs)
}

// Pack makes a bundle of a rule folder, with the rules, their tests, data and packs. It
// is a tar file that stock opa also reads as a bundle. The same folder gives the same
// bytes. A policy that cannot be opened is an error. The second result is the policy's
// name.
func Pack(ctx context.Context, o Options) (raw []byte, name string, err error) {
	library, err := linked()
	if err != nil {
		return nil, "", err
	}
	sources, err := o.sources()
	if err != nil {
		return nil, "", err
	}
	if len(sources) != 1 || library.Packs[sources[0].Name] != nil || sources[0].Bundle != nil {
		return nil, "", system.BadInput("a bundle contains exactly one rule folder")
	}
	g, err := library.open(ctx, library.host(o), sources[0], false)
	if err != nil {
		return nil, "", err
	}
	raw, err = g.tree.Bundle()
	if err == nil && len(raw) > folder.MaxBundle {
		err = system.BadInput("policy %q: the bundle has %d bytes, but the limit is %d MiB", sources[0].Name, len(raw), folder.MaxBundle>>20)
	}
	_, name, _ = strings.Cut(g.plan.Name, ":")
	return raw, name, err
}
