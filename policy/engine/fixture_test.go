package engine

import "github.com/seaworthy-os/seaworthy/policy/folder"

// builtinSet is the set of a built-in pack.
func builtinSet(l *Library, name string) (*Set, error) {
	packs, err := folder.Chain(l.Packs, name)
	if err != nil {
		return nil, err
	}
	return l.Assemble(name, packs)
}
