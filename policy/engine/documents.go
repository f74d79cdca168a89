package engine

import (
	"context"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/seaworthy-os/seaworthy/policy/compiled"
)

// documents are values by their path below data. A node has either a value or nodes
// below it.
type documents struct {
	value *compiled.Value
	below map[string]*documents
}

func (d *documents) add(path []string, v *compiled.Value) {
	for _, key := range path {
		if d.below == nil {
			d.below = map[string]*documents{}
		}
		if d.below[key] == nil {
			d.below[key] = &documents{}
		}
		d = d.below[key]
	}
	d.value = v
}

// at returns the document that a reference stands for, and nil if there is none.
func (d *documents) at(ref ast.Ref) *compiled.Value {
	for _, key := range ground(ref) {
		if d = d.below[key]; d == nil {
			return nil
		}
	}
	return d.value
}

// documentStore is a store with the documents of a build. It decodes the parts of
// them that are read: of a table, few rows are read as a rule.
type documentStore struct {
	storage.Store
	*documents
}

// Read returns an ast.Value, as the store below does.
func (s *documentStore) Read(ctx context.Context, txn storage.Transaction, path storage.Path) (any, error) {
	d := s.documents
	for i, key := range path {
		if d = d.below[key]; d == nil {
			return s.Store.Read(ctx, txn, path)
		}
		if d.value == nil {
			continue
		}
		t, err := d.value.Get(path[i+1:]...)
		if err != nil {
			return nil, err
		}
		if t == nil {
			return nil, &storage.Error{Code: storage.NotFoundErr, Message: path.String()}
		}
		return t.Value, nil
	}
	return s.join(ctx, txn, path, d)
}

// join returns what is at a path in the store and in the documents.
func (s *documentStore) join(ctx context.Context, txn storage.Transaction, path storage.Path, d *documents) (ast.Value, error) {
	var items [][2]*ast.Term
	below, err := s.Store.Read(ctx, txn, path)
	switch o, ok := below.(ast.Object); {
	case storage.IsNotFound(err):
	case err != nil:
		return nil, err
	case ok:
		o.Foreach(func(key, value *ast.Term) {
			if d.below[string(key.Value.(ast.String))] == nil {
				items = append(items, ast.Item(key, value))
			}
		})
	}
	for key := range d.below {
		v, err := s.Read(ctx, txn, append(path[:len(path):len(path)], key))
		if err != nil {
			return nil, err
		}
		items = append(items, ast.Item(ast.StringTerm(key), ast.NewTerm(v.(ast.Value))))
	}
	return ast.NewObject(items...), nil
}

// isDocument: the value can be a part of data: it has texts as keys, and no sets.
// Rules see such a value alike in data and as the value of a rule.
func isDocument(t *ast.Term) bool {
	switch v := t.Value.(type) {
	case *ast.Array:
		return !v.Until(func(t *ast.Term) bool { return !isDocument(t) })
	case ast.Object:
		return !v.Until(func(key, value *ast.Term) bool {
			_, text := key.Value.(ast.String)
			return !text || !isDocument(value)
		})
	case ast.Null, ast.Boolean, ast.Number, ast.String:
		return true
	}
	return false
}

// usesWith: a rule replaces a part of data or of the input, which documents that
// follow from it would not notice.
func usesWith(c *ast.Compiler) bool {
	found := false
	for _, m := range c.Modules {
		ast.WalkWiths(m, func(*ast.With) bool {
			found = true
			return true
		})
	}
	return found
}

// rulesOf are the numbers of the rules that make up what ref stands for. They are
// none if other rules are below it.
func rulesOf(ref ast.Ref, c *ast.Compiler) []int {
	var out []int
	first := 0
	for _, name := range slices.Sorted(maps.Keys(c.Modules)) {
		for i, r := range c.Modules[name].Rules {
			switch {
			case !r.Ref().HasPrefix(ref):
			case len(ref) == len(c.Modules[name].Package.Path)+1 && r.Ref().GroundPrefix().Equal(ref):
				out = append(out, first+i)
			default:
				return nil
			}
		}
		first += len(c.Modules[name].Rules)
	}
	return out
}
