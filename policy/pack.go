package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// pack is a named list of rules, and the packs that it builds on.
type pack struct {
	name     string
	from     file
	includes []string
	rules    []string
	builtin  bool
}

// parsePacks reads pack files: NAME: {includes: NAME or [NAMES], rules: [IDS],
// description: TEXT}.
func parsePacks(files []file, builtin bool) (map[string]*pack, error) {
	packs := map[string]*pack{}
	var errs []error
	for _, f := range files {
		root, err := strictyaml.Parse(f.name, f.content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if root == nil || root.Kind != yaml.MappingNode || len(root.Content) == 0 {
			errs = append(errs, system.BadInput("%s: a pack file is a map of pack names", f.name).Suggest("write NAME: {rules: [...]}"))
			continue
		}
		r := &strictyaml.Reader{Name: f.name}
		for i := 0; i+1 < len(root.Content); i += 2 {
			key, body := root.Content[i], root.Content[i+1]
			if packs[key.Value] != nil {
				r.Bad(key, "", "pack %q is there already", key.Value)
				continue
			}
			p := &pack{name: key.Value, from: f, builtin: builtin}
			p.read(r, body)
			packs[p.name] = p
		}
		errs = append(errs, r.Err())
	}
	return packs, errors.Join(errs...)
}

func (p *pack) read(r *strictyaml.Reader, body *yaml.Node) {
	r.Fields(body, fmt.Sprintf("pack %q", p.name), map[string]func(*yaml.Node){
		"description": func(*yaml.Node) {},
		"includes": func(n *yaml.Node) {
			for _, item := range r.OneOrMore(n) {
				p.includes = append(p.includes, item.Value)
			}
		},
		"rules": func(n *yaml.Node) {
			for _, item := range r.OneOrMore(n) {
				if slices.Contains(p.rules, item.Value) {
					r.Bad(item, "", "pack %q names rule %q twice", p.name, item.Value)
					continue
				}
				p.rules = append(p.rules, item.Value)
			}
		},
	})
}

// chain is a pack and all that it includes, itself first.
func chain(packs map[string]*pack, name string) ([]*pack, error) {
	var out []*pack
	var visit func(name, by string) error
	visit = func(name, by string) error {
		p := packs[name]
		if p == nil {
			return system.BadInput("pack %q includes %q, which is not there", by, name).Suggest("the packs are %s", packNames(packs))
		}
		if slices.Contains(out, p) {
			return nil
		}
		out = append(out, p)
		for _, inc := range p.includes {
			if err := visit(inc, name); err != nil {
				return err
			}
		}
		return nil
	}
	return out, visit(name, name)
}

func packNames(packs map[string]*pack) string {
	var names []string
	for name := range packs {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
