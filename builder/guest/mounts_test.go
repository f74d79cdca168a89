package guest

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// The rules must know all mounts below a folder that a container gets. A bind
// mount that is read-only only at the top leaves these mounts writable.
func TestMountsKnownToRules(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../rules/lib/mounts.rego")
	if err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^host_mounts := \{(.*)\}$`).FindSubmatch(source)
	if line == nil {
		t.Fatal("rules/lib/mounts.rego has no line host_mounts")
	}
	var known []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(line[1], -1) {
		known = append(known, string(m[1]))
	}
	var made []string
	for _, m := range slices.Concat(firstMounts, restMounts) {
		if !slices.Contains(m.options, "ro") {
			made = append(made, m.dest)
		}
	}
	slices.Sort(known)
	slices.Sort(made)
	if !slices.Equal(known, made) {
		t.Errorf("the rules have %q, but init mounts %q", known, made)
	}
}
