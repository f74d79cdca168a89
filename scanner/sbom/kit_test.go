package sbom

import (
	"maps"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
	"github.com/seaworthy-os/seaworthy/scanner/tree"
)

// collect streams objects into a collector, as the one pass does.
func collect(t testing.TB, objects []st.Object) *Collector {
	t.Helper()
	tr := tree.New()
	c := NewCollector(tr, t.TempDir())
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := st.Feed(objects, st.InTree{Tree: tr}, c); err != nil {
		t.Fatal(err)
	}
	if rest := c.Rest(); rest != nil {
		if err := st.Feed(objects, rest); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func catalog(t testing.TB, objects []st.Object) *Inventory {
	t.Helper()
	c := collect(t, objects)
	inv, err := c.Catalog(t.Context(), Request{Image: st.Image("docker.io/library/web:1.2", "b2"), TempDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for p := range c.missed {
		t.Errorf("a cataloger asked for %s, which was not kept: see secondLook", p)
	}
	return inv
}

// names are "type name version" of packages.
func names(packages []facts.Package) []string {
	out := map[string]bool{}
	for _, p := range packages {
		out[p.Type+" "+p.Name+" "+p.Version] = true
	}
	return slices.Sorted(maps.Keys(out))
}

func has(t testing.TB, inv *Inventory, want ...string) {
	t.Helper()
	got := names(inv.Packages)
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("no %q among %q", w, got)
		}
	}
}
