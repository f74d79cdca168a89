package engine

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/storage"

	"github.com/seaworthy-os/seaworthy/policy/compiled"
	"github.com/seaworthy-os/seaworthy/policy/folder"
)

func kept(t *testing.T, ref ast.Ref, text string) *value {
	t.Helper()
	raw, err := compiled.EncodeTerm(ast.MustParseTerm(text))
	if err != nil {
		t.Fatal(err)
	}
	return &value{ref, compiled.NewValue(string(raw))}
}

// The store of a build reads as one that holds its documents.
func TestDocumentStore(t *testing.T) {
	t.Parallel()
	own := map[string]any{folder.Reserved: map[string]any{"date": "2026-11-20"}}
	whole := newStore(map[string]any{
		folder.Reserved: map[string]any{"date": "2026-11-20", "lib": map[string]any{"list": []any{json.Number("1")}}},
		"rows":          []any{map[string]any{"a": "x"}, "y"},
		"one":           map[string]any{"k": map[string]any{"l": true}},
	})
	var data documents
	data.add([]string{"rows"}, kept(t, nil, `[{"a": "x"}, "y"]`).Value)
	data.add([]string{"one"}, kept(t, nil, `{"k": {"l": true}}`).Value)
	data.add([]string{folder.Reserved, "lib", "list"}, kept(t, nil, `[1]`).Value)
	tables := &documentStore{newStore(own), &data}
	for _, path := range []string{
		"/", "/rows", "/rows/0", "/rows/0/a", "/rows/1", "/rows/2", "/rows/-1", "/rows/x", "/rows/1/a", "/one/k", "/one/k/l", "/one/k/l/m", "/one/m",
		"/seaworthy", "/seaworthy/date", "/seaworthy/none", "/seaworthy/lib", "/seaworthy/lib/list", "/seaworthy/lib/list/0", "/seaworthy/lib/none", "/none", "/none/x",
	} {
		want, wantErr := storage.ReadOne(t.Context(), whole, storage.MustParsePath(path))
		got, err := storage.ReadOne(t.Context(), tables, storage.MustParsePath(path))
		if storage.IsNotFound(err) != storage.IsNotFound(wantErr) || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, want %v", path, err, wantErr)
		}
		if err == nil && got.(ast.Value).Compare(want.(ast.Value)) != 0 {
			t.Errorf("%s is %v, want %v", path, got, want)
		}
	}
	data.add([]string{"rows"}, compiled.NewValue(string([]byte{99})))
	if _, err := storage.ReadOne(t.Context(), tables, storage.Path{"rows"}); err == nil {
		t.Error("a damaged table is read")
	}
}

// A constant of a build is found by its whole name, and not below a `with`, which
// may change what it follows from.
func TestBuiltCache(t *testing.T) {
	t.Parallel()
	ref := ast.MustParseRef("data.a.b")
	s := &Set{built: &built{constants: map[string][]*value{
		"b": {kept(t, ast.MustParseRef("data.x.b"), "0"), kept(t, ref, "1")},
		"c": {{ast.MustParseRef("data.a.c"), compiled.NewValue(string([]byte{99}))}},
	}}}
	cache := s.cache(&[]constant{{ast.MustParseRef("data.a.d"), ast.InternedTerm("2")}})
	want := func(when, ref, value string) {
		t.Helper()
		got, undefined := cache.Get(ast.MustParseRef(ref))
		if text := fmt.Sprint(got); text != value || undefined {
			t.Errorf("%s, %s is %s, want %s", when, ref, text, value)
		}
	}
	for range 2 {
		want("at first", "data.a.b", "1")
	}
	want("at first", "data.a.d", `"2"`)
	want("at first", "data.b", "<nil>")
	want("damaged", "data.a.c", "<nil>")
	cache.Push()
	want("below with", "data.a.b", "<nil>")
	want("below with", "data.a.d", "<nil>")
	cache.Pop()
	want("behind with", "data.a.b", "1")
}
