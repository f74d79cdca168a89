package edit

import (
	"errors"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Each edit refers to the original file. They are made one after the other.
func TestFollow(t *testing.T) {
	t.Parallel()
	const web = "kernel:\n  cmdline: quiet\nservices:\n  - name: web\n"
	for name, c := range map[string]struct {
		text  string
		edits []decision.Edit
		want  string // "" means that the last edit is an error
	}{
		"two out of a list": {web + "    capabilities: [A, B, C]\n",
			[]decision.Edit{onWeb("remove", "/capabilities", "A"), onWeb("remove", "/capabilities", "C")}, web + "    capabilities: [B]\n"},
		"by their places": {web + "    binds: [a, b, c, b]\n",
			[]decision.Edit{onWeb("remove", "/binds/1", nil), onWeb("set", "/binds/3", "d"), onWeb("remove", "/binds/0", nil)}, web + "    binds: [c, d]\n"},
		"the same again": {web + "    pid: host\n    x: [A]\n",
			[]decision.Edit{onWeb("remove", "/pid", nil), onWeb("remove", "/pid", nil), cmdline("append", "a=1"), cmdline("append", "a=1"),
				onWeb("remove", "/x", "A"), onWeb("remove", "/x", "A"), cmdline("remove", "quiet"), cmdline("remove", "quiet"),
				onWeb("append", "/x", "B"), onWeb("append", "/x", "B"), onWeb("set", "/z", 1), onWeb("set", "/z", 1)},
			"kernel:\n  cmdline: a=1\nservices:\n  - name: web\n    x: [B]\n    z: 1\n"},
		"into one that was set":     {web, []decision.Edit{onWeb("set", "/readonly", true), onWeb("set", "/uid", 5)}, web + "    readonly: true\n    uid: 5\n"},
		"over what another one set": {web, []decision.Edit{onWeb("set", "/capabilities", []any{"A"}), onWeb("set", "/capabilities", []any{"B"})}, ""},
		"of an element that changed": {web + "    binds: [a, b]\n",
			[]decision.Edit{onWeb("set", "/binds/1", "c"), onWeb("set", "/binds/1", "d")}, ""},
		"out of what changed":     {web + "    binds: [a, b]\n", []decision.Edit{onWeb("set", "/binds/0", "c"), onWeb("remove", "/binds", "a")}, ""},
		"against a parameter":     {web, []decision.Edit{cmdline("append", "l=x"), cmdline("append", "l=y")}, ""},
		"of an element that went": {web + "    binds: [a, b]\n", []decision.Edit{onWeb("remove", "/binds/0", nil), onWeb("set", "/binds/0", "d")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			was := []File{{Name: "os.yml", Data: []byte(c.text)}}
			now := was
			var err error
			for i, e := range c.edits {
				next, failed := Follow(was, now, []decision.Edit{e})
				if failed != nil && i < len(c.edits)-1 {
					t.Fatal(failed)
				}
				if err = failed; err == nil {
					now = next
				}
			}
			if c.want == "" {
				if !errors.Is(err, system.ErrInput) {
					t.Errorf("got %v and\n%s", err, now[0].Data)
				}
				return
			}
			if got := string(now[0].Data); err != nil || got != c.want {
				t.Errorf("got %v\n%s\nwant\n%s", err, got, c.want)
			}
		})
	}
}

// The edits of one finding apply in order, each to the result of the one
// before.
func TestFollowInOrder(t *testing.T) {
	t.Parallel()
	was := []File{{Name: "os.yml", Data: []byte("services:\n  - name: web\n    binds: [a, b, c]\n")}}
	now, err := Follow(was, was, []decision.Edit{onWeb("remove", "/binds/0", nil)})
	if err != nil {
		t.Fatal(err)
	}
	now, err = Follow(was, now, []decision.Edit{onWeb("remove", "/binds/1", nil), onWeb("set", "/binds/1", "d")})
	if err != nil || string(now[0].Data) != "services:\n  - name: web\n    binds: [d]\n" {
		t.Errorf("%v\n%s", err, now[0].Data)
	}
	if string(was[0].Data) != "services:\n  - name: web\n    binds: [a, b, c]\n" {
		t.Errorf("the files in was have changed: %s", was[0].Data)
	}
}

// patch and git must find the files that a diff names.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]File{
		"a/os.yml":            {Name: "os.yml"},
		"a/../os.yml":         {Name: "os.yml", Path: "../os.yml"},
		"a/my files/os.yml\t": {Name: "my files/os.yml"},
		`"a/x\n+y/os.yml"`:    {Name: "x\n+y/os.yml"},
	} {
		if got := header("a/", f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
