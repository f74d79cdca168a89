package component

import (
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/ocitest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A hard link and its file are one: a link whose header says otherwise is
// refused, in whatever layer or tarball it is, and whatever becomes of the
// file's own name.
func TestHardlinkMetadata(t *testing.T) {
	file := ocitest.Exec("f", "x")
	file.Xattrs = map[string]string{"user.a": "1"}
	for name, change := range map[string]func(*ocitest.Entry){
		"setuid":         func(e *ocitest.Entry) { e.Mode = 0o4755 },
		"world-writable": func(e *ocitest.Entry) { e.Mode = 0o777 },
		"user":           func(e *ocitest.Entry) { e.UID = 7 },
		"group":          func(e *ocitest.Entry) { e.GID = 7 },
		"attribute":      func(e *ocitest.Entry) { e.Xattrs = map[string]string{"security.capability": "x"} },
		"its value":      func(e *ocitest.Entry) { e.Xattrs = map[string]string{"user.a": "2"} },
	} {
		link := ocitest.Hardlink("l", "f")
		link.Mode = 0o755
		other := link
		other.Path = "m"
		change(&link)
		chain := link
		chain.Link = "m"
		for where, l := range map[string][]entries{
			"one layer":    {{file, link}},
			"above":        {{file}, {link}},
			"chain":        {{file, other, chain}},
			"file removed": {{file, link}, {ocitest.Whiteout("f")}},
			"replaced":     {{file, other, link}, {ocitest.File("f", "y")}},
			"waits":        {{ocitest.Dir("d")}, {file, link, ocitest.File("d/x", "")}},
			"in a tarball": {{ocitest.Tarball("k", file, link)}},
		} {
			t.Run(name+", "+where, func(t *testing.T) {
				_, err := runPass(t, layers(l...).Build(), PassOptions{Nested: []string{"k"}})
				fails(t, err, system.ErrUnusable, `"l": hard link with`)
			})
		}
	}
}
