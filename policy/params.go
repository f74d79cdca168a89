package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
	jsonschema "github.com/seaworthy-os/seaworthy/policy/schema"
)

// paramsSchema is the JSON schema of what data files have below the key params.
const paramsSchema = "data/params.schema.json"

// Parameter is a value that rules read and that a folder may set.
type Parameter struct {
	Name string
	// Type is a JSON type, as its schema says it.
	Type        string
	Description string
	// Default is the built-in value, or that of the folder that brings the
	// parameter; Value is the one in force.
	Default, Value any
	// Source names the file that declares it.
	Source string
}

// schema is what one folder says of its parameters.
type schema struct {
	from  file
	props map[string]*jsonschema.Schema
}

// readSchema compiles a folder's schema; one that has none declares nothing.
func (t *tree) readSchema() (*schema, error) {
	s := &schema{}
	if len(t.schemas) == 0 {
		return s, nil
	}
	s.from = t.schemas[0]
	doc, err := decodeObject(s.from)
	if err != nil {
		return nil, err
	}
	compiled, err := jsonschema.Compile(doc)
	if err != nil {
		return nil, system.BadInput("%s: not a JSON schema: %v", s.from.name, err).Suggest("see docs/policies.md")
	}
	s.props = compiled.Properties
	if len(s.props) == 0 {
		return nil, system.BadInput("%s: declares no parameter", s.from.name).Suggest("name them below properties")
	}
	for name, p := range s.props {
		if p.Types == nil {
			err = errors.Join(err, system.BadInput("%s: parameter %q has no type", s.from.name, name).Suggest("give each one a type and a description"))
		}
	}
	return s, err
}

// checkParams holds what a folder sets against the schemas: the built-in
// parameters by theirs, the folder's own by its own. defaults are the values of
// those that it declares and does not set.
func (l *library) checkParams(own *library) (defaults map[string]any, err error) {
	mine, err := own.tree.readSchema()
	if err != nil {
		return nil, err
	}
	set, from, err := own.params()
	if err != nil {
		return nil, err
	}
	defaults = map[string]any{}
	var errs []error
	builtin, _ := l.tables().data[paramsKey].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(mine.props)) {
		if _, there := builtin[name]; there {
			errs = append(errs, system.BadInput("%s: parameter %q is built in", mine.from.name, name).Suggest("give it a name of its own"))
		}
		if _, there := set[name]; !there && mine.props[name].Default != nil {
			defaults[name] = *mine.props[name].Default
			at := []string{"properties", name, "default"}
			errs = append(errs, mine.check(mine.from, at, name, defaults[name])...)
			errs = append(errs, checkNumbers(mine.from, at, defaults[name]))
		}
	}
	if len(set) == 0 {
		return defaults, errors.Join(errs...)
	}
	theirs, err := l.tree.readSchema()
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		at := []string{paramsKey, name}
		was, known := builtin[name]
		switch {
		case mine.props[name] != nil:
			errs = append(errs, mine.check(from, at, name, set[name])...)
		case known && theirs.props[name] != nil:
			errs = append(errs, theirs.check(from, at, name, set[name])...)
		case known:
			if a, b := jsonType(was), jsonType(set[name]); a != b {
				errs = append(errs, system.BadInput("parameter %q must be %s, not %s", name, a, b).At(pointerPos(from, at)))
			}
		default:
			names := slices.Sorted(maps.Keys(builtin))
			errs = append(errs, system.BadInput("unknown parameter %q", name).At(pointerPos(from, at)).
				Suggest("the parameters are %s; declare one of your own in %s", list(append(names, slices.Sorted(maps.Keys(mine.props))...)), paramsSchema))
		}
	}
	return defaults, errors.Join(errs...)
}

// params are the parameters that a library's data sets, and the file that does.
func (l *library) params() (map[string]any, file, error) {
	v, there := l.tables().data[paramsKey]
	if !there {
		return nil, file{}, nil
	}
	from := l.tables().owner[paramsKey]
	set, ok := v.(map[string]any)
	if !ok {
		return nil, from, system.BadInput("the key %q must be an object", paramsKey).At(pointerPos(from, []string{paramsKey}))
	}
	return set, from, nil
}

// check holds one value against its schema; at is where it stands in a file.
func (s *schema) check(from file, at []string, name string, value any) []error {
	var errs []error
	for _, p := range s.props[name].Validate(value) {
		path := slices.Concat(at, p.Path)
		errs = append(errs, system.BadInput("parameter %q: at %s: %s", name, pointer(path), words.Cut(p.Text, maxMessage)).At(pointerPos(from, path)).
			Suggest("seaworthy rules list --params says what each one is"))
	}
	return errs
}

const maxMessage = 300 // runes of what a schema says of a value

// pointer is a path as a JSON pointer.
func pointer(path []string) string {
	var b strings.Builder
	for _, p := range path {
		b.WriteString("/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(p))
	}
	return b.String()
}

// pointerPos is the place of a value in a JSON file that has been decoded
// before; where it is not there, that of the last one on the way.
func pointerPos(f file, path []string) system.Position {
	dec := json.NewDecoder(bytes.NewReader(f.content))
	pos := system.Position{File: f.name, Line: 1, Column: 1}
	for _, want := range path {
		open, err := dec.Token()
		if err != nil || open != json.Delim('{') && open != json.Delim('[') {
			return pos
		}
		found := false
		for i := 0; !found && dec.More(); i++ {
			key := fmt.Sprint(i)
			if open == json.Delim('{') {
				t, err := dec.Token()
				if err != nil {
					return pos
				}
				key = fmt.Sprint(t)
			}
			if found = key == want; !found {
				var skip json.RawMessage
				if dec.Decode(&skip) != nil {
					return pos
				}
			}
		}
		if !found {
			return pos
		}
		pos = valuePos(f, dec)
	}
	return pos
}

// valuePos is where the next value of a decoder begins.
func valuePos(f file, dec *json.Decoder) system.Position {
	at := int(dec.InputOffset())
	at += len(f.content[at:]) - len(bytes.TrimLeft(f.content[at:], " \t\r\n:,"))
	return system.PositionOf(f.name, f.content, int64(at))
}

// Parameters lists what can be set for the rules of policies, by name: the
// built-in parameters, and those that a folder brings.
func Parameters(ctx context.Context, o Options) ([]Parameter, error) {
	library, err := builtin()
	if err != nil {
		return nil, err
	}
	return library.parameters(ctx, o)
}

func (l *library) parameters(ctx context.Context, o Options) ([]Parameter, error) {
	all, err := l.describeParams(l.tables().data)
	if err != nil {
		return nil, err
	}
	sources, err := o.sources()
	if err != nil {
		return nil, err
	}
	for _, s := range sources {
		if s.Bundle == nil && l.packs[s.Name] != nil {
			continue
		}
		t, kind, base, err := folderOf(s, l.packs)
		if err != nil {
			return nil, err
		}
		a, err := l.host(o).Perform(ctx, jobOf(sandbox.Open, s.Name, kind, base, t))
		if err != nil {
			return nil, err
		}
		for _, p := range a.Result.Plan.Params {
			if i := slices.IndexFunc(all, func(q Parameter) bool { return q.Name == p.Name }); i >= 0 {
				all[i].Value = p.Value
			} else {
				all = append(all, p)
			}
		}
	}
	slices.SortFunc(all, func(a, b Parameter) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// describeParams are the parameters that a library's schema declares, with
// their values in data.
func (l *library) describeParams(data map[string]any) ([]Parameter, error) {
	s, err := l.tree.readSchema()
	if err != nil {
		return nil, err
	}
	values, _ := data[paramsKey].(map[string]any)
	var out []Parameter
	for _, name := range slices.Sorted(maps.Keys(s.props)) {
		p := s.props[name]
		param := Parameter{Name: name, Type: strings.Join(p.Types, " or "), Description: p.Description, Value: values[name], Source: s.from.name}
		param.Default = param.Value
		if p.Default != nil {
			param.Default = *p.Default
		}
		out = append(out, param)
	}
	return out, nil
}
