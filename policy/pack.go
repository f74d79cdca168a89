package policy

import (
	"errors"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
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
		root, err := document(f.name, f.content)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if root == nil || root.Kind != yaml.MappingNode || len(root.Content) == 0 {
			errs = append(errs, system.BadInput("%s: a pack file is a map of pack names", f.name).Suggest("write NAME: {rules: [...]}"))
			continue
		}
		for i := 0; i+1 < len(root.Content); i += 2 {
			key, body := root.Content[i], root.Content[i+1]
			if packs[key.Value] != nil {
				errs = append(errs, system.BadInput("pack %q is there already", key.Value).At(nodePos(f.name, key)))
				continue
			}
			p := parsePack(f, key.Value, body, &errs)
			p.builtin = builtin
			packs[p.name] = p
		}
	}
	return packs, errors.Join(errs...)
}

func parsePack(f file, name string, body *yaml.Node, errs *[]error) *pack {
	p := &pack{name: name, from: f}
	if body.Kind != yaml.MappingNode {
		*errs = append(*errs, system.BadInput("pack %q: a map is wanted, not %s", name, kindName(body)).At(nodePos(f.name, body)))
		return p
	}
	for i := 0; i+1 < len(body.Content); i += 2 {
		key, value := body.Content[i], body.Content[i+1]
		switch key.Value {
		case "description":
		case "includes":
			for _, n := range texts(f.name, value, errs) {
				p.includes = append(p.includes, n.Value)
			}
		case "rules":
			for _, n := range texts(f.name, value, errs) {
				if slices.Contains(p.rules, n.Value) {
					*errs = append(*errs, system.BadInput("pack %q names rule %q twice", name, n.Value).At(nodePos(f.name, n)))
					continue
				}
				p.rules = append(p.rules, n.Value)
			}
		default:
			*errs = append(*errs, system.BadInput("pack %q: unknown key %q", name, key.Value).At(nodePos(f.name, key)).
				Suggest("keys are description, includes, rules"))
		}
	}
	return p
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
