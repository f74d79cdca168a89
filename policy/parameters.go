package policy

import (
	"context"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/policy/engine"
)

// Parameter is a value that rules read and that a folder can set.
type Parameter = engine.Parameter

// Parameters lists the parameters of the rules of policies, by name: the built-in ones,
// and those that a folder declares.
func Parameters(ctx context.Context, o Options) ([]Parameter, error) {
	library, err := linked()
	if err != nil {
		return nil, err
	}
	return library.parameters(ctx, o)
}

func (l *library) parameters(ctx context.Context, o Options) ([]Parameter, error) {
	all, err := l.Parameters()
	if err != nil {
		return nil, err
	}
	sources, err := o.sources()
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Bundle == nil && l.Packs[s.Name] != nil {
			continue
		}
		g, err := l.open(ctx, l.host(o), s, false)
		if err != nil {
			return nil, err
		}
		for _, p := range g.plan.Params {
			if i := slices.IndexFunc(all, func(q Parameter) bool { return q.Name == p.Name }); i >= 0 {
				all[i].Value = p.Value
			} else {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}
