package folder

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Reserved is the top-level key of data that only the engine writes.
const Reserved = "seaworthy"

// ParamsKey is the key of data for the parameters of the rules, by name.
const ParamsKey = "params"

// Tables holds the contents of data files, and the file of each key.
type Tables struct {
	Data  map[string]any
	Owner map[string]File
}

// ReadTables merges data files. A top-level key in two files is an error.
func ReadTables(files []File) (Tables, error) {
	out := Tables{map[string]any{}, map[string]File{}}
	var errs []error
	for _, f := range files {
		doc, err := Decode(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(doc)) {
			switch {
			case key == Reserved:
				errs = append(errs, system.BadInput("%s: the key %q is reserved for the engine", f.Name, key).Suggest("use another key"))
			case out.Owner[key].Name != "":
				errs = append(errs, system.BadInput("%s: duplicate data key %q, also in %s", f.Name, key, out.Owner[key].Name))
			default:
				out.Owner[key], out.Data[key] = f, doc[key]
			}
		}
	}
	return out, errors.Join(errs...)
}

// Decode reads a data file: strict JSON, an object. Numbers stay json.Number.
func Decode(f File) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(f.Content))
	dec.UseNumber()
	var doc map[string]any
	err := dec.Decode(&doc)
	if err == nil {
		err = strictjson.Check(f.Content)
	}
	if err == nil && doc == nil {
		err = errors.New("must be an object")
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("there is more text after the object")
		}
	}
	if err != nil {
		return nil, system.BadInput("data file").At(offsetPos(f, err)).Because(err)
	}
	return doc, nil
}

// CheckNumbers refuses numbers that rules cannot compute with: 1e999999999 would
// take hundreds of megabytes to write out. at is the path of v in f.
func CheckNumbers(f File, at []string, v any) error {
	path, number := hugeNumber(v)
	if number == "" {
		return nil
	}
	slices.Reverse(path)
	return system.BadInput("the number %s is too large", number).At(PositionOf(f, slices.Concat(at, path)))
}

// hugeNumber finds a number that is valid in JSON only, and its path, the innermost
// key first.
func hugeNumber(v any) (path []string, number string) {
	switch v := v.(type) {
	case json.Number:
		if _, err := ast.InterfaceToValue(v); err != nil {
			return nil, words.Cut(v.String(), 40)
		}
	case []any:
		for i := range v {
			if path, number = hugeNumber(v[i]); number != "" {
				return append(path, strconv.Itoa(i)), number
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if path, number = hugeNumber(v[k]); number != "" {
				return append(path, k), number
			}
		}
	}
	return nil, ""
}

// Overlay adds a folder's data to the built-in data. It adds or replaces keys of an
// object, and appends to a list. It returns the keys of the built-in data whose
// values have changed.
func Overlay(base, own map[string]any) (merged map[string]any, adjusted []string, err error) {
	out := maps.Clone(base)
	var errs []error
	for _, key := range slices.Sorted(maps.Keys(own)) {
		old, there := base[key]
		if !there {
			out[key] = own[key]
			continue
		}
		if rows, isList := old.([]any); isList {
			more, alsoList := own[key].([]any)
			if !alsoList {
				errs = append(errs, system.BadInput("data key %q must be a list, like the built-in one", key))
				continue
			}
			out[key], adjusted = slices.Concat(rows, more), append(adjusted, key)
			continue
		}
		from, isObject := old.(map[string]any)
		with, alsoObject := own[key].(map[string]any)
		if !isObject || !alsoObject {
			errs = append(errs, system.BadInput("data key %q is built in, and nothing can be added to it", key).Suggest("use another key"))
			continue
		}
		merged := maps.Clone(from)
		changed := false
		for name, value := range with {
			_, known := from[name]
			changed = changed || known || key != ParamsKey
			merged[name] = value
		}
		out[key] = merged
		if changed {
			adjusted = append(adjusted, key)
		}
	}
	return out, adjusted, errors.Join(errs...)
}
