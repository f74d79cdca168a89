package engine

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	jsonschema "github.com/seaworthy-os/seaworthy/policy/schema"
)

// Parameter is a value that rules read and that a folder can set.
type Parameter struct {
	Name string
	// Type is a JSON type, from the schema.
	Type        string
	Description string
	// Default is the built-in value, or the value of the folder that declares the
	// parameter. Value is the value in force.
	Default, Value any
	// Source names the file that declares it.
	Source string
}

// schema declares the parameters of one folder.
type schema struct {
	from  folder.File
	props map[string]*jsonschema.Schema
}

// paramsSchema compiles the schema of a folder. A folder without one declares nothing.
func paramsSchema(t *folder.Tree) (*schema, error) {
	s := &schema{}
	if len(t.Schemas) == 0 {
		return s, nil
	}
	s.from = t.Schemas[0]
	doc, err := folder.Decode(s.from)
	if err != nil {
		return nil, err
	}
	compiled, err := jsonschema.Compile(doc)
	if err != nil {
		return nil, system.BadInput("%s: not a JSON schema: %v", s.from.Name, err).Suggest("see docs/policies.md")
	}
	s.props = compiled.Properties
	if len(s.props) == 0 {
		return nil, system.BadInput("%s: declares no parameter", s.from.Name).Suggest("list the parameters under the key properties")
	}
	for name, p := range s.props {
		if p.Types == nil {
			err = errors.Join(err, system.BadInput("%s: parameter %q has no type", s.from.Name, name).Suggest("give each parameter a type and a description"))
		}
	}
	return s, err
}

// checkParams checks the parameters that a folder sets: the built-in ones against the
// built-in schema, its own against its own. defaults are the values of parameters that
// the folder declares and does not set.
func (l *Library) checkParams(own *Library) (defaults map[string]any, err error) {
	mine, err := paramsSchema(own.Tree)
	if err != nil {
		return nil, err
	}
	set, from, err := own.params()
	if err != nil {
		return nil, err
	}
	defaults = map[string]any{}
	var errs []error
	builtin, _ := l.tables().Data[folder.ParamsKey].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(mine.props)) {
		if _, there := builtin[name]; there {
			errs = append(errs, system.BadInput("%s: parameter %q is built in", mine.from.Name, name).Suggest("give your parameter another name"))
		}
		if _, there := set[name]; !there && mine.props[name].Default != nil {
			defaults[name] = *mine.props[name].Default
			at := []string{"properties", name, "default"}
			errs = append(errs, mine.check(mine.from, at, name, defaults[name])...)
			errs = append(errs, folder.CheckNumbers(mine.from, at, defaults[name]))
		}
	}
	if len(set) == 0 {
		return defaults, errors.Join(errs...)
	}
	theirs, err := paramsSchema(l.Tree)
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		at := []string{folder.ParamsKey, name}
		was, known := builtin[name]
		switch {
		case mine.props[name] != nil:
			errs = append(errs, mine.check(from, at, name, set[name])...)
		case known && theirs.props[name] != nil:
			errs = append(errs, theirs.check(from, at, name, set[name])...)
		case known:
			if a, b := jsonType(was), jsonType(set[name]); a != b {
				errs = append(errs, system.BadInput("parameter %q must be %s, not %s", name, a, b).At(folder.PositionOf(from, at)))
			}
		default:
			names := slices.Sorted(maps.Keys(builtin))
			errs = append(errs, system.BadInput("unknown parameter %q", name).At(folder.PositionOf(from, at)).
				Suggest("the parameters are %s; declare your own parameters in %s", list(append(names, slices.Sorted(maps.Keys(mine.props))...)), folder.SchemaPath))
		}
	}
	return defaults, errors.Join(errs...)
}

// params returns the parameters in a library's data, and their file.
func (l *Library) params() (map[string]any, folder.File, error) {
	v, there := l.tables().Data[folder.ParamsKey]
	if !there {
		return nil, folder.File{}, nil
	}
	from := l.tables().Owner[folder.ParamsKey]
	set, ok := v.(map[string]any)
	if !ok {
		return nil, from, system.BadInput("the key %q must be an object", folder.ParamsKey).At(folder.PositionOf(from, []string{folder.ParamsKey}))
	}
	return set, from, nil
}

// check checks one value against its schema. at is the path of the value in the file.
func (s *schema) check(from folder.File, at []string, name string, value any) []error {
	var errs []error
	for _, p := range s.props[name].Validate(value) {
		path := slices.Concat(at, p.Path)
		errs = append(errs, system.BadInput("parameter %q: at %s: %s", name, folder.Pointer(path), words.Cut(p.Text, maxMessage)).At(folder.PositionOf(from, path)).
			Suggest("seaworthy rules list --params describes the parameters"))
	}
	return errs
}

const maxMessage = 300 // runes of a schema's message about a value

// describeParams returns the parameters in a library's schema, with their values in
// data.
func (l *Library) describeParams(data map[string]any) ([]Parameter, error) {
	s, err := paramsSchema(l.Tree)
	if err != nil {
		return nil, err
	}
	values, _ := data[folder.ParamsKey].(map[string]any)
	var out []Parameter
	for _, name := range slices.Sorted(maps.Keys(s.props)) {
		p := s.props[name]
		param := Parameter{Name: name, Type: strings.Join(p.Types, " or "), Description: p.Description, Value: values[name], Source: s.from.Name}
		param.Default = param.Value
		if p.Default != nil {
			param.Default = *p.Default
		}
		out = append(out, param)
	}
	return out, nil
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

// Parameters returns the parameters of the library, with the library's own values.
func (l *Library) Parameters() ([]Parameter, error) { return l.describeParams(l.Tables()) }
