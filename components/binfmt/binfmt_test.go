//go:build linux

package binfmt

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := registrar{root: filepath.Join(dir, "misc"), dir: filepath.Join(dir, "conf"), try: "/bin/true", mount: func(root string) error { return os.Mkdir(root, 0o755) }}
	const line = `:example:E::seaworthy::/usr/bin/binfmt-example:`
	if err := errors.Join(os.Mkdir(b.dir, 0o755), os.WriteFile(filepath.Join(b.dir, "a.conf"), []byte("# comment\n"+line+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.run(t.Context(), &out, nil); err != nil || out.String() != "example: registered\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
	if got, err := os.ReadFile(filepath.Join(b.root, "register")); err != nil || string(got) != line {
		t.Errorf("%q, %v", got, err)
	}
	b.dir = dir
	if err := b.run(t.Context(), &out, nil); err == nil || !strings.Contains(err.Error(), "has no line") {
		t.Error(err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "x.conf")
	if err := os.WriteFile(file, []byte(":a:M::x::/i:\n:b:M\n:../c:M::x::/i:\n:d:X::x::/i:\n:e:M::x::i:\n:f:M::x::/i:FC\n:register:M::x::/i:\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	lines, err := read(file)
	if len(lines) != 1 || err == nil {
		t.Fatalf("%q, %v", lines, err)
	}
	for _, want := range []string{":2: 2 fields", `:3: bad name "../c"`, ":4: type", ":5: the interpreter", ":6: flag C", ":7: bad name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in\n%v", want, err)
		}
	}
}
