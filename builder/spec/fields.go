package spec

import (
	"reflect"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// fields are the keys of one struct type.
type fields struct {
	names []string // sorted
	index map[string][]int
	// fold: the case of keys does not matter, since the type comes from the OCI
	// runtime spec.
	fold bool
	// origin is the index of the field that receives the origin of the mapping.
	origin []int
}

// fieldsOf reads the tags of a struct: `key:"name"` for our types,
// `json:"name"` for OCI types. The fields of embedded structs count as fields
// of the outer struct.
func fieldsOf(t reflect.Type) *fields {
	f := &fields{index: map[string][]int{}}
	f.collect(t, nil)
	slices.Sort(f.names)
	return f
}

func (f *fields) collect(t reflect.Type, prefix []int) {
	for i := range t.NumField() {
		field := t.Field(i)
		index := append(slices.Clone(prefix), i)
		if name, ok := field.Tag.Lookup("key"); ok {
			if name != "-" {
				f.add(name, index)
			}
			continue
		}
		if field.Type == reflect.TypeFor[system.Origin]() {
			f.origin = index
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			f.collect(field.Type, index)
		case name != "" && name != "-":
			f.fold = true
			f.add(name, index)
		}
	}
}

func (f *fields) add(name string, index []int) {
	f.names = append(f.names, name)
	f.index[name] = index
}

// find returns the canonical name and the field index of a key. The index is
// nil for an unknown key.
func (f *fields) find(key string) (string, []int) {
	if index := f.index[key]; index != nil {
		return key, index
	}
	if f.fold {
		for _, name := range f.names {
			if strings.EqualFold(name, key) {
				return name, f.index[name]
			}
		}
	}
	return "", nil
}

// nearest returns the known name that key is probably a misspelling of, or "".
func nearest(key string, known []string) string {
	if len(key) > 64 {
		return ""
	}
	best, bound := "", 1+len(key)/4
	for _, name := range known {
		dist := distance(strings.ToLower(key), strings.ToLower(name))
		if dist <= bound && (best == "" || dist < distance(strings.ToLower(key), strings.ToLower(best))) {
			best = name
		}
	}
	return best
}

// distance returns the number of single-byte edits between two strings. Two
// swapped neighbours count as one edit.
func distance(a, b string) int {
	older, prev := []int(nil), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row := make([]int, len(b)+1)
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, prev = prev, row
	}
	return prev[len(b)]
}
