package pipeline_test

import (
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// loss is something that a component or the system had before an edit, and does not
// have after it.
type loss struct{ component, what string }

// explained reports whether a fix names the loss and a way to keep it or to do
// without it.
func (l loss) explained(fix string) bool {
	ways := []string{"waiver", "waive ", "allowance", "the label of its image", "To keep both", "or ship it", "`net: /run/netns/", "keep it"}
	return strings.Contains(fix, l.what) && slices.ContainsFunc(ways, func(w string) bool { return strings.Contains(fix, w) })
}

// losses compares two systems: components, files, capabilities, devices, mounts, and
// access to the host's network and processes.
func losses(t *testing.T, before, after *facts.Facts) []loss {
	t.Helper()
	old, now := abilities(t, before), abilities(t, after)
	var out []loss
	for _, id := range slices.Sorted(maps.Keys(old)) {
		if now[id] == nil {
			out = append(out, loss{"the system", strings.TrimPrefix(id, "files")})
			continue
		}
		for _, what := range old[id] {
			if !slices.Contains(now[id], what) {
				out = append(out, loss{id, what})
			}
		}
	}
	return out
}

// abilities returns what each component and file of the files section can do, in
// words that a fix can use.
func abilities(t *testing.T, f *facts.Facts) map[string][]string {
	t.Helper()
	out := map[string][]string{}
	for _, c := range f.Components {
		out[c.ID] = []string{}
		var spec struct {
			Process struct {
				Capabilities struct{ Bounding, Ambient []string }
			}
			Mounts []struct{ Destination, Type string }
			Linux  struct {
				Devices    []struct{ Path string }
				Namespaces []struct{ Type, Path string }
			}
		}
		if c.Spec == nil {
			continue
		}
		if err := json.Unmarshal(c.Spec, &spec); err != nil {
			t.Fatal(err)
		}
		can := append(spec.Process.Capabilities.Bounding, spec.Process.Capabilities.Ambient...)
		for _, m := range spec.Mounts {
			can = append(can, path.Clean(m.Destination))
		}
		for _, d := range spec.Linux.Devices {
			can = append(can, d.Path)
		}
		if !slices.ContainsFunc(spec.Linux.Namespaces, func(n struct{ Type, Path string }) bool { return n.Type == "network" && n.Path == "" }) {
			can = append(can, "interface")
		}
		out[c.ID] = can
	}
	for _, f := range f.Files {
		out["files"+f.Path] = []string{}
	}
	return out
}
