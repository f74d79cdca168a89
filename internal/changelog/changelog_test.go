package changelog

import (
	"flag"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

var update = flag.Bool("update", false, "write CHANGELOG.md")

// CHANGELOG.md is up to date with the fragments.
func TestChangelog(t *testing.T) {
	want, err := Assemble(os.DirFS("../../docs/changes"))
	if err != nil {
		t.Fatal(err)
	}
	const path = "../../CHANGELOG.md"
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != want {
		t.Errorf("CHANGELOG.md is out of date: run make changelog (%v)", err)
	}
}

func TestAssemble(t *testing.T) {
	t.Parallel()
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	got, err := Assemble(fstest.MapFS{"fixed-b.md": file("B.\nMore.\n"), "fixed-a.md": file("A."), "security-c.md": file("C.")})
	if err != nil {
		t.Fatal(err)
	}
	if want := "\n### Security\n\n- C.\n\n### Fixed\n\n- A.\n- B.\n  More.\n"; !strings.HasSuffix(got, want) {
		t.Errorf("%q does not end in %q", got, want)
	}
	for name, bad := range map[string]fstest.MapFS{
		"kind":  {"other-a.md": file("A.")},
		"empty": {"fixed-a.md": file(" \n")},
		"dash":  {"fixed-a.md": file("- A.")},
	} {
		if _, err := Assemble(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
