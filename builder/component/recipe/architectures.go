package recipe

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// variants reads the key architectures: for each architecture, keys that replace
// those of the recipe (see merged). A variant is read as a whole recipe. A mistake in a
// shared part is therefore found in each variant, but reported once.
func (rec *Recipe) variants(r *reader, root, n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "architectures must be a mapping, not %s", strictyaml.Kind(n))
		return
	}
	rec.Architectures = map[string]*Recipe{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		arch, keys := n.Content[i], n.Content[i+1]
		switch {
		case !archRE.MatchString(arch.Value):
			r.Bad(arch, "write a Go architecture, such as riscv64", "architecture %q is invalid", arch.Value)
			continue
		case keys.Kind != yaml.MappingNode:
			r.fail(keys, "%s must be a mapping, not %s", arch.Value, strictyaml.Kind(keys))
			continue
		}
		variant, own := &Recipe{}, &reader{strictyaml.Reader{Name: r.Name}}
		variant.read(own, replaced(root, keys, own))
		r.AddNew(&own.Reader)
		rec.Architectures[arch.Value] = variant
	}
}

// replaced is the mapping root with the keys of a variant.
func replaced(root, keys *yaml.Node, r *reader) *yaml.Node {
	allowed, shared := *keys, *root
	allowed.Content, shared.Content = nil, nil
	for i := 0; i+1 < len(keys.Content); i += 2 {
		key := keys.Content[i]
		if key.Value == "name" || key.Value == "architectures" {
			r.fail(key, "the key %s cannot differ between architectures", key.Value)
			continue
		}
		allowed.Content = append(allowed.Content, key, keys.Content[i+1])
	}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != "architectures" {
			shared.Content = append(shared.Content, root.Content[i], root.Content[i+1])
		}
	}
	return merged(&shared, &allowed)
}

// merged is the mapping base with the keys of over. Mappings in both are merged in
// the same way; lists and texts are replaced.
func merged(base, over *yaml.Node) *yaml.Node {
	out := *over
	out.Content = slices.Clone(over.Content)
	at := map[string]int{}
	for i := 0; i+1 < len(over.Content); i += 2 {
		at[over.Content[i].Value] = i + 1
	}
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		j, ok := at[key.Value]
		switch {
		case !ok:
			out.Content = append(out.Content, key, value)
		case value.Kind == yaml.MappingNode && over.Content[j].Kind == yaml.MappingNode:
			out.Content[j] = merged(value, over.Content[j])
		}
	}
	return &out
}

// On is the recipe for an architecture.
func (rec *Recipe) On(arch string) *Recipe {
	v, ok := rec.Architectures[arch]
	if !ok {
		return rec
	}
	v.Path, v.Digest, v.Dir = rec.Path, rec.Digest, rec.Dir
	return v
}
