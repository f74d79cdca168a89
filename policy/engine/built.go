package engine

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/seaworthy-os/seaworthy/policy/compiled"
)

// value was written by a build. It is decoded when it is first needed.
type value struct {
	ref ast.Ref // of a constant
	raw []byte  // as compiled.EncodeTerm gives it

	once sync.Once
	term *ast.Term
	err  error
}

func (v *value) read() (*ast.Term, error) {
	v.once.Do(func() { v.term, v.err = compiled.DecodeTerm(v.raw) })
	return v.term, v.err
}

// tableStore is a store with the tables of a build below its root.
type tableStore struct {
	storage.Store
	tables map[string]*value
}

// Read returns an ast.Value, like the store below.
func (s *tableStore) Read(ctx context.Context, txn storage.Transaction, path storage.Path) (any, error) {
	if len(path) == 0 {
		return s.root(ctx, txn)
	}
	table, ok := s.tables[path[0]]
	if !ok {
		return s.Store.Read(ctx, txn, path)
	}
	t, err := table.read()
	for _, key := range path[1:] {
		if err != nil {
			break
		}
		if t = child(t.Value, key); t == nil {
			err = &storage.Error{Code: storage.NotFoundErr, Message: path.String()}
		}
	}
	if err != nil {
		return nil, err
	}
	return t.Value, nil
}

// root returns all data.
func (s *tableStore) root(ctx context.Context, txn storage.Transaction) (any, error) {
	below, err := s.Store.Read(ctx, txn, storage.Path{})
	if err != nil {
		return nil, err
	}
	var items [][2]*ast.Term
	below.(ast.Object).Foreach(func(key, value *ast.Term) { items = append(items, ast.Item(key, value)) })
	for key, table := range s.tables {
		t, err := table.read()
		if err != nil {
			return nil, err
		}
		items = append(items, ast.Item(ast.StringTerm(key), t))
	}
	return ast.NewObject(items...), nil
}

func child(v ast.Value, key string) *ast.Term {
	switch v := v.(type) {
	case ast.Object:
		return v.Get(ast.StringTerm(key))
	case *ast.Array:
		if i, err := strconv.Atoi(key); err == nil && 0 <= i && i < v.Len() {
			return v.Elem(i)
		}
	}
	return nil
}

// cache makes the cache of an evaluation, with the constants in it.
func (s *Set) cache(known *[]constant) topdown.VirtualCache {
	cache := topdown.NewVirtualCache()
	if known != nil {
		for _, k := range *known {
			cache.Put(k.ref, k.value)
		}
	}
	if s.built == nil {
		return cache
	}
	return &builtCache{VirtualCache: cache, constants: s.built.constants}
}

// builtCache also finds the constants of a build, but not inside a `with`, which can
// change anything.
type builtCache struct {
	topdown.VirtualCache
	constants map[string][]*value
	depth     int
}

func (c *builtCache) Push() {
	c.depth++
	c.VirtualCache.Push()
}

func (c *builtCache) Pop() {
	c.depth--
	c.VirtualCache.Pop()
}

func (c *builtCache) Get(ref ast.Ref) (*ast.Term, bool) {
	t, undefined := c.VirtualCache.Get(ref)
	if t != nil || undefined || c.depth > 0 {
		return t, undefined
	}
	last, ok := ref[len(ref)-1].Value.(ast.String)
	if !ok {
		return nil, false
	}
	at := slices.IndexFunc(c.constants[string(last)], func(v *value) bool { return v.ref.Equal(ref) })
	if at < 0 {
		return nil, false
	}
	// A constant that cannot be decoded is computed like any other value.
	if t, _ = c.constants[string(last)][at].read(); t != nil {
		c.VirtualCache.Put(ref, t)
	}
	return t, false
}
