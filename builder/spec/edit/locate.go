package edit

import (
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// locate finds the file for an edit, and the path in it. An entry of a list is
// edited in the file that has it. A field of the kernel is edited in the last
// file that sets it.
func locate(files []File, e decision.Edit) (file int, steps []string, err error) {
	fail := func(format string, args ...any) (int, []string, error) {
		return 0, nil, system.BadInput("cannot edit: %s", fmt.Sprintf(format, args...)).Suggest("give the os.yml files that the decision is about")
	}
	trees := make([]any, len(files))
	for i, f := range files {
		s, err := f.source()
		if err != nil {
			return 0, nil, err
		}
		trees[i] = s.tree
	}
	if len(files) == 0 {
		return fail("no os.yml is given")
	}
	below := pointer(e.Path)
	section, name, _ := strings.Cut(e.Component, "/")
	if e.Component == "" || e.Component == "kernel" {
		if e.Component != "" {
			below = append([]string{"kernel"}, below...)
		}
		if len(below) == 0 {
			return fail("the edit has no path")
		}
		i := whichRoot(trees, below)
		if i < 0 {
			return fail("no file has a kernel section")
		}
		return i, below, nil
	}
	entries := entriesOf(trees, section)
	if i := findEntry(entries, section, name); i >= 0 {
		return entries[i].file, append([]string{section, strconv.Itoa(entries[i].index)}, below...), nil
	}
	return fail("os.yml has no %s", e.Component)
}

// pointer splits a JSON pointer into steps.
func pointer(p string) []string {
	if p == "" {
		return nil
	}
	steps := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	return steps
}

// whichRoot returns the index of the last file that sets the first keys of a
// path. It returns -1 if no file has a kernel section.
func whichRoot(trees []any, steps []string) int {
	for depth := min(2, len(steps)); depth > 0; depth-- {
		for i := len(trees) - 1; i >= 0; i-- {
			if lookup(trees[i], steps[:depth]...) != nil {
				return i
			}
		}
	}
	if steps[0] == "kernel" {
		return -1
	}
	return 0
}

// element is one entry of a section: its file and its position there.
type element struct {
	file, index int
	value       any
}

// entriesOf returns the entries of a section in merge order.
func entriesOf(trees []any, section string) []element {
	var out []element
	for f, tree := range trees {
		list, _ := lookup(tree, section).([]any)
		for i, v := range list {
			out = append(out, element{f, i, v})
		}
	}
	return out
}

// findEntry returns the index of the entry that a component's id names.
func findEntry(entries []element, section, name string) int {
	field := func(v any, key string) string {
		s, _ := lookup(v, key).(scalar)
		return s.value
	}
	if section == "files" {
		for i := len(entries) - 1; i >= 0; i-- { // the last entry with a path is in the image
			if path.Clean("/"+field(entries[i].value, "path")) == path.Clean("/"+name) {
				return i
			}
		}
		return -1
	}
	var names []string
	for i, e := range entries {
		if section == "init" {
			names = append(names, fmt.Sprintf("%03d", i))
		} else {
			names = append(names, field(e.value, "name"))
		}
	}
	for i, n := range spec.Unambiguous(names) {
		if n == name {
			return i
		}
	}
	return -1
}
