package rules_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each entry of the table of kernel fragments names options and its source. A need has
// one way in which a component can have it.
func TestFragmentTable(t *testing.T) {
	tables := data(t)
	table, sources := tables["fragment"].(map[string]any), tables["sources"].(map[string]any)
	option := regexp.MustCompile(`^CONFIG_[A-Z0-9][A-Z0-9_]*$`)
	check := func(entry map[string]any, options []string) {
		if len(options) == 0 {
			t.Errorf("%v: no options", entry)
		}
		for _, name := range options {
			if !option.MatchString(name) {
				t.Errorf("%v: %q is not an option", entry, name)
			}
		}
		source, place, _ := strings.Cut(entry["source"].(string), " ")
		if sources[source] == nil || place == "" {
			t.Errorf("%v: cites %q", entry, entry["source"])
		}
	}
	ways := []string{"sections", "namespaces", "resources", "keys", "writable", "filesystems", "programs", "devices", "interfaces", "capabilities", "formats"}
	for _, n := range table["needs"].([]any) {
		entry := n.(map[string]any)
		check(entry, texts(entry["options"]))
		found := 0
		for key := range entry {
			if slices.Contains(ways, key) {
				found++
			} else if !slices.Contains([]string{"need", "text", "options", "source"}, key) {
				t.Errorf("%v: unknown field %q", entry, key)
			}
		}
		if found != 1 {
			t.Errorf("%v: %d ways to have this need, want one", entry, found)
		}
	}
	var last string
	for _, r := range table["requires"].([]any) {
		entry := r.(map[string]any)
		name := entry["option"].(string)
		check(entry, append(texts(entry["needs"]), name))
		if name <= last {
			t.Errorf("%s is not after %s", name, last)
		}
		last = name
	}
	expert := table["expert"].(map[string]any)
	check(expert, texts(expert["options"]))
}
