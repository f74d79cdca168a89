package folder

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// Pack is a named list of rules, and the packs that it includes.
type Pack struct {
	Name     string
	From     File
	Includes []string
	Rules    []string
	Builtin  bool
}

// ParsePacks reads pack files: NAME: {includes: NAME or [NAMES], rules: [IDS],
// description: TEXT}.
func ParsePacks(files []File, builtin bool) (map[string]*Pack, error) {
	packs := map[string]*Pack{}
	var errs []error
	for _, f := range files {
		root, err := strictyaml.Parse(f.Name, f.Content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if root == nil || root.Kind != yaml.MappingNode || len(root.Content) == 0 {
			errs = append(errs, system.BadInput("%s: a pack file is a map of pack names", f.Name).Suggest("write NAME: {rules: [...]}"))
			continue
		}
		r := &strictyaml.Reader{Name: f.Name}
		for i := 0; i+1 < len(root.Content); i += 2 {
			key, body := root.Content[i], root.Content[i+1]
			if packs[key.Value] != nil {
				r.Bad(key, "", "duplicate pack %q", key.Value)
				continue
			}
			p := &Pack{Name: key.Value, From: f, Builtin: builtin}
			p.read(r, body)
			packs[p.Name] = p
		}
		errs = append(errs, r.Err())
	}
	return packs, errors.Join(errs...)
}

func (p *Pack) read(r *strictyaml.Reader, body *yaml.Node) {
	r.Fields(body, fmt.Sprintf("pack %q", p.Name), map[string]func(*yaml.Node){
		"description": func(*yaml.Node) {},
		"includes": func(n *yaml.Node) {
			for _, item := range r.OneOrMore(n) {
				p.Includes = append(p.Includes, item.Value)
			}
		},
		"rules": func(n *yaml.Node) {
			for _, item := range r.OneOrMore(n) {
				if slices.Contains(p.Rules, item.Value) {
					r.Bad(item, "", "pack %q has the duplicate rule %q", p.Name, item.Value)
					continue
				}
				p.Rules = append(p.Rules, item.Value)
			}
		},
	})
}

// Chain returns a pack and all packs that it includes. The pack itself is first.
func Chain(packs map[string]*Pack, name string) ([]*Pack, error) {
	var out []*Pack
	var visit func(name, by string) error
	visit = func(name, by string) error {
		p := packs[name]
		if p == nil {
			return system.BadInput("pack %q includes %q, which does not exist", by, name).Suggest("the packs are %s", PackNames(packs))
		}
		if slices.Contains(out, p) {
			return nil
		}
		out = append(out, p)
		for _, inc := range p.Includes {
			if err := visit(inc, name); err != nil {
				return err
			}
		}
		return nil
	}
	return out, visit(name, name)
}

// PackNames returns the names of packs, sorted, for messages.
func PackNames(packs map[string]*Pack) string {
	var names []string
	for name := range packs {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// TopPack returns the pack of a folder that no other pack of the folder includes.
func TopPack(dir string, packs map[string]*Pack) (string, error) {
	included := map[string]bool{}
	for _, p := range packs {
		for _, name := range p.Includes {
			included[name] = true
		}
	}
	var top []string
	for name := range packs {
		if !included[name] {
			top = append(top, name)
		}
	}
	slices.Sort(top)
	if len(top) != 1 {
		return "", system.BadInput("policy %q: the main pack is ambiguous: no other pack includes these %d: %s", dir, len(top), strings.Join(top, ", ")).
			Suggest("let one pack include the others")
	}
	return top[0], nil
}
