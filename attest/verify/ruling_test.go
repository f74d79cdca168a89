package verify

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestRulings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err       error
		rebuilt   bool
		different []string
		want      []string // SUP-012, SUP-018, SUP-019
	}{
		"believed":   {nil, false, nil, []string{"pass", "not-applicable", "pass"}},
		"rebuilt":    {nil, true, nil, []string{"pass", "pass", "pass"}},
		"differs":    {nil, true, []string{"os.tar"}, []string{"pass", "fail", "pass"}},
		"unsigned":   {refuse(CheckSignature, "", "not signed"), false, nil, []string{"unknown", "not-applicable", "fail"}},
		"no type":    {refuse(CheckType, "", "no provenance"), false, nil, []string{"unknown", "not-applicable", "fail"}},
		"subject":    {refuse(CheckSubject, "os.tar", "other bytes"), false, nil, []string{"fail", "not-applicable", "pass"}},
		"byproduct":  {errors.Join(refuse(CheckByproduct, "sbom/a", "other bytes"), refuse(CheckPolicy, "", "weaker")), false, nil, []string{"fail", "not-applicable", "pass"}},
		"unreadable": {&system.Error{Kind: system.ErrUnusable, What: "gone"}, false, nil, []string{"unknown", "not-applicable", "unknown"}},
	} {
		var got []string
		for _, r := range Rulings(c.err, c.rebuilt, c.different) {
			got = append(got, r.State)
			if r.Message == "" {
				t.Errorf("%s: %s says nothing", name, r.ID)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, content := range map[string]string{"same": "a", "other": "b"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &Result{Files: []File{{Name: "same", Digest: digestOf([]byte("a"))}, {Name: "other", Digest: digestOf([]byte("c"))}, {Name: "gone", Digest: digestOf(nil)}}}
	got, err := r.Compare(dir)
	if err != nil || !slices.Equal(got, []string{"other", "gone"}) {
		t.Errorf("%v, %v", got, err)
	}
}
