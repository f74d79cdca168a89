package engine

import (
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"

	"github.com/seaworthy-os/seaworthy/policy/compiled"
)

// value is a constant that a build has written.
type value struct {
	ref ast.Ref
	*compiled.Value
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
	if t, _ = c.constants[string(last)][at].Get(); t != nil {
		c.VirtualCache.Put(ref, t)
	}
	return t, false
}
