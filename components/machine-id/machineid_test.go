//go:build linux

package machineid

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	const id = "6e4a7d1c0f3b4c5d9e8fa1b2c3d4e5f6"
	for text, want := range map[string]string{
		id + "\n": id, "6E4A7D1C-0F3B-4C5D-9E8F-A1B2C3D4E5F6": id,
		"": "", id + "0": "", id[1:]: "", strings.Repeat("0", 32): "", strings.Repeat("F", 32): "", strings.Repeat("g", 32): "",
	} {
		if got, err := parse(text); got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

func content(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := maker{keep: filepath.Join(dir, "disk", "id"), product: filepath.Join(dir, "product"), out: filepath.Join(dir, "run", "id")}
	run := func(want string) {
		t.Helper()
		var out bytes.Buffer
		if err := m.run(t.Context(), &out, nil); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("printed %q, want %q", out.String(), want)
		}
		if kept := content(t, m.keep); kept != content(t, m.out) {
			t.Error("the kept id differs")
		}
	}
	run("random numbers")
	first := content(t, m.out)
	run(m.keep)
	if content(t, m.out) != first {
		t.Error("the id changed")
	}
	// The id of the hypervisor is used only for a new id.
	if err := os.WriteFile(m.product, []byte("6E4A7D1C-0F3B-4C5D-9E8F-A1B2C3D4E5F6\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	run(m.keep)
	if err := os.Remove(m.keep); err != nil {
		t.Fatal(err)
	}
	run(m.product)
	if got := content(t, m.out); got != "6e4a7d1c0f3b4c5d9e8fa1b2c3d4e5f6\n" {
		t.Errorf("%q", got)
	}
	// A damaged file is not replaced: another id would be another machine.
	if err := os.Remove(m.keep); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(m.keep, []byte("x"), 0o444); err != nil {
		t.Fatal(err)
	}
	if err := m.run(t.Context(), &bytes.Buffer{}, nil); err == nil {
		t.Error("a damaged id was accepted")
	}
}
