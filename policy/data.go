package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// reserved is the top-level key of data that the engine writes itself.
const reserved = "seaworthy"

// paramsKey holds the parameters of the rules, by name.
const paramsKey = "params"

// tables are what data files hold, and which file each key is in.
type tables struct {
	data  map[string]any
	owner map[string]file
}

// readData merges data files; each has top-level keys of its own.
func readData(files []file) (tables, error) {
	out := tables{map[string]any{}, map[string]file{}}
	var errs []error
	for _, f := range files {
		doc, err := decodeObject(f)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(doc)) {
			switch {
			case key == reserved:
				errs = append(errs, system.BadInput("%s: the key %q is the engine's own", f.name, key).Suggest("use another key"))
			case out.owner[key].name != "":
				errs = append(errs, system.BadInput("%s: data key %q is in %s already", f.name, key, out.owner[key].name))
			default:
				out.owner[key], out.data[key] = f, doc[key]
			}
		}
	}
	return out, errors.Join(errs...)
}

func decodeObject(f file) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(f.content))
	dec.UseNumber()
	var doc map[string]any
	err := dec.Decode(&doc)
	if err == nil {
		err = strictjson.Check(f.content)
	}
	if err == nil && doc == nil {
		err = errors.New("an object is wanted")
	}
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more follows the object")
		}
	}
	if err != nil {
		return nil, system.BadInput("data file").At(offsetPos(f, err)).Because(err)
	}
	return doc, nil
}

// checkNumbers refuses those that rules cannot compute with: 1e999999999 would
// take hundreds of megabytes to write out. at is where v stands in f.
func checkNumbers(f file, at []string, v any) error {
	path, number := hugeNumber(v)
	if number == "" {
		return nil
	}
	slices.Reverse(path)
	return system.BadInput("the number %s is too large", number).At(pointerPos(f, slices.Concat(at, path)))
}

// hugeNumber finds a number that is one to JSON alone, and where it is, the
// innermost key first.
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

func offsetPos(f file, err error) system.Position {
	pos := system.Position{File: f.name}
	if place := (*strictjson.Error)(nil); errors.As(err, &place) {
		return system.PositionOf(f.name, f.content, place.Offset)
	}
	var syn *json.SyntaxError
	if errors.As(err, &syn) {
		return system.PositionOf(f.name, f.content, syn.Offset-1)
	}
	return pos
}

// overlay lays a folder's data over the built-in data: in an object, keys are
// added or replaced; a list grows at its end.
//
// It gives the keys of the built-in data that are no longer as built in.
func overlay(base, own map[string]any) (merged map[string]any, adjusted []string, err error) {
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
				errs = append(errs, system.BadInput("data key %q must be a list, as the built-in one is", key))
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
			changed = changed || known || key != paramsKey
			merged[name] = value
		}
		out[key] = merged
		if changed {
			adjusted = append(adjusted, key)
		}
	}
	return out, adjusted, errors.Join(errs...)
}

func jsonType(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number, float64:
		return "a number"
	case string:
		return "a text"
	case []any:
		return "a list"
	}
	return "an object"
}

func list(names []string) string {
	const most = 20
	if len(names) > most {
		return fmt.Sprintf("%s, … (%d in all)", words.List(names[:most]), len(names))
	}
	return words.List(names)
}
