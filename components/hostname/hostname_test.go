//go:build linux

package hostname

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHostname(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "name")
	if err := os.WriteFile(file, []byte("web-1.example\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, set, want string }{
		{"db7", "db7", "db7 (from the command)\n"},
		{"-file " + file + " other", "web-1.example", "web-1.example (from " + file + ")\n"},
		{"-file " + dir + "/missing -file " + file, "web-1.example", "web-1.example"},
		{"-file " + dir + "/missing other", "other", "other"},
		{"", "", "there is no name"},
		{"a b", "", "there are 2 names"},
		{"a_b", "", "is not a host name"},
		{"-file " + dir, "", "is a directory"},
		{"no", "", "cannot set the host name"},
	} {
		got := ""
		p := program(func(b []byte) error {
			if string(b) == "no" {
				return errors.New("refused")
			}
			got = string(b)
			return nil
		})
		fs := flag.NewFlagSet("", flag.PanicOnError)
		p.Flags(fs)
		if err := fs.Parse(strings.Fields(c.args)); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		err := p.Run(t.Context(), &out, fs.Args())
		text := out.String()
		if err != nil {
			text = err.Error()
		}
		if got != c.set || !strings.Contains(text, c.want) {
			t.Errorf("%q: set %q, printed %q", c.args, got, text)
		}
	}
}

func TestValid(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"a": true, "a-1.b": true, "": false, "-a": false, "a-": false, "a..b": false, "a b": false, "a\n": false, "é": false,
		strings.Repeat("a", 63): true, strings.Repeat("a", 64): false, strings.Repeat("a.", 32) + "a": false,
	} {
		if got := Valid(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
