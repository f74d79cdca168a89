package edit

import (
	"strings"
	"testing"
)

// FuzzOne checks any text: the edit is an error or has the right result, and
// the lines before and after it do not change.
func FuzzOne(f *testing.F) {
	const text = "# top\nkernel:\n  cmdline: >-\n    a b\n\n    c\nservices:\n- name: &n 'we''b'\n  binds: [\"a\", b, # c\n  c]\n  x: {y: *n}\n"
	for _, op := range []string{"set", "append", "remove"} {
		for _, path := range []string{"kernel/cmdline", "services/0/binds", "services/0/x/y", "services/0/new/key", "services"} {
			f.Add(text, op, path, "b")
			f.Add(strings.ReplaceAll(text, "\n", "\r\n"), op, path, "b c: d #")
		}
		f.Add(text, op, "services/0", "")
	}
	f.Fuzz(func(t *testing.T, text, op, path, value string) {
		steps := strings.Split(path, "/")
		var v any
		if value != "" {
			v = value
		}
		out, err := One(File{Name: "os.yml", Data: []byte(text)}, op, steps, v)
		if err != nil {
			return
		}
		_, rest := trimBOM(out)
		got, err := parse("os.yml", string(rest))
		if err != nil {
			t.Fatalf("%q is broken: %v", out, err)
		}
		if op == "set" && v != nil {
			if have := lookup(got.tree, steps...); have != any(scalar{"!!str", value}) {
				t.Errorf("%q at %s, set to %q", have, path, value)
			}
		}
	})
}
