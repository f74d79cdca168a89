// Package schema validates values with JSON schemas, draft 2020-12, as data files for
// parameters use them. A schema must not refer to other documents. An unknown keyword
// is an error: a value must not look checked if it is not.
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Schema is a compiled schema.
type Schema struct {
	// Types are the allowed types of a value; nil for any type.
	Types       []string
	Description string
	// Default is nil if the schema has no default.
	Default *any
	// Properties are the schemas of an object's properties, by name.
	Properties map[string]*Schema

	fixed                                         *bool // for a schema that is true or false
	enum                                          []any
	least, most, above, below, step               *number
	shortest, longest, fewest, greatest           *int // of texts, of lists
	fewestKeys, greatestKeys                      *int
	pattern                                       *regexp.Regexp
	format                                        string
	items, rest, contains, keys                   *Schema
	first                                         []*Schema
	unique                                        bool
	required                                      []string
	patterns                                      map[string]*Schema
	expressions                                   map[string]*regexp.Regexp
	needs                                         map[string][]string
	all, anyOf, oneOf                             []*Schema
	not, condition, consequence, alternative, ref *Schema
}

var types = []string{"null", "boolean", "object", "array", "number", "integer", "string"}

// notes are keywords without an effect on validation.
var notes = []string{"title", "examples", "deprecated", "readOnly", "writeOnly", "$comment", "$id", "$defs", "definitions"}

// dialects are the accepted values of $schema.
var dialects = []string{"https://json-schema.org/draft/2020-12/schema", "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema", "http://json-schema.org/draft-06/schema"}

// Compile compiles the schema in a JSON document. Numbers of doc must be json.Number.
// The error names the place of the first mistake as a JSON pointer.
func Compile(doc any) (*Schema, error) {
	r := &reader{doc: doc, at: map[string]*Schema{}}
	s := r.schema(doc, "")
	return s, r.err
}

// reader compiles the schemas of a document, each once.
type reader struct {
	doc any
	at  map[string]*Schema // by pointer
	err error
}

func (r *reader) bad(at, what string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("at %q: %s", "#"+at, fmt.Sprintf(what, args...))
	}
}

func (r *reader) schema(v any, at string) *Schema {
	if s := r.at[at]; s != nil {
		return s
	}
	s := &Schema{}
	r.at[at] = s
	if strings.Count(at, "/") > maxDepth {
		r.bad("", "the schema is nested too deeply")
		return s
	}
	switch v := v.(type) {
	case bool:
		s.fixed = &v
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			r.keyword(s, k, v[k], at+"/"+escape(k))
		}
	default:
		r.bad(at, "a schema must be an object, true or false")
	}
	return s
}

// keyword compiles one keyword of a schema.
func (r *reader) keyword(s *Schema, k string, v any, at string) {
	switch k {
	case "type":
		s.Types = r.texts(v, at)
		for _, t := range s.Types {
			if !slices.Contains(types, t) {
				r.bad(at, "%q is not a type", t)
			}
		}
	case "description":
		s.Description = r.text(v, at)
	case "default":
		s.Default = &v
	case "enum":
		list, ok := v.([]any)
		if s.enum = list; !ok || len(list) == 0 {
			r.bad(at, "must be a list")
		}
	case "const":
		s.enum = []any{v}
	case "required":
		s.required = r.texts(v, at)
	case "uniqueItems":
		s.unique, _ = v.(bool)
	case "format":
		s.format = r.text(v, at)
		if formats[s.format] == nil {
			r.bad(at, "format %q is not supported", s.format)
		}
	case "$schema":
		if d := strings.TrimSuffix(r.text(v, at), "#"); !slices.Contains(dialects, d) {
			r.bad(at, "$schema %q is not supported", d)
		}
	case "$ref":
		s.ref = r.reference(r.text(v, at), at)
	case "pattern":
		s.pattern = r.expression(r.text(v, at), at)
	case "dependentRequired":
		s.needs = map[string][]string{}
		object := r.object(v, at)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			s.needs[name] = r.texts(object[name], at)
		}
	default:
		if !r.bound(s, k, v, at) && !r.nested(s, k, v, at) && !slices.Contains(notes, k) {
			r.bad(at, "keyword %q is not supported", k)
		}
	}
}

// bound compiles a keyword whose value is a number.
func (r *reader) bound(s *Schema, k string, v any, at string) bool {
	numbers := map[string]**number{"minimum": &s.least, "maximum": &s.most, "exclusiveMinimum": &s.above, "exclusiveMaximum": &s.below, "multipleOf": &s.step}
	counts := map[string]**int{"minLength": &s.shortest, "maxLength": &s.longest, "minItems": &s.fewest, "maxItems": &s.greatest,
		"minProperties": &s.fewestKeys, "maxProperties": &s.greatestKeys}
	if to := numbers[k]; to != nil {
		n, ok := numberOf(v)
		if *to = n; !ok || k == "multipleOf" && n.Sign() <= 0 {
			r.bad(at, "must be a number")
			*to = nil
		}
		return true
	}
	to := counts[k]
	if to == nil {
		return false
	}
	n, err := strconv.Atoi(fmt.Sprint(v))
	if _, ok := v.(json.Number); !ok || err != nil || n < 0 {
		r.bad(at, "must be a whole number")
	}
	*to = &n
	return true
}

// nested compiles a keyword whose value contains schemas.
func (r *reader) nested(s *Schema, k string, v any, at string) bool {
	one := map[string]**Schema{"items": &s.items, "additionalProperties": &s.rest, "contains": &s.contains, "propertyNames": &s.keys,
		"not": &s.not, "if": &s.condition, "then": &s.consequence, "else": &s.alternative}
	lists := map[string]*[]*Schema{"prefixItems": &s.first, "allOf": &s.all, "anyOf": &s.anyOf, "oneOf": &s.oneOf}
	named := map[string]*map[string]*Schema{"properties": &s.Properties, "patternProperties": &s.patterns}
	switch {
	case one[k] != nil:
		*one[k] = r.schema(v, at)
	case lists[k] != nil:
		list, ok := v.([]any)
		if !ok || len(list) == 0 {
			r.bad(at, "must be a list of schemas")
		}
		for i, v := range list {
			*lists[k] = append(*lists[k], r.schema(v, at+"/"+strconv.Itoa(i)))
		}
	case named[k] != nil:
		all := map[string]*Schema{}
		object := r.object(v, at)
		for _, name := range slices.Sorted(maps.Keys(object)) {
			all[name] = r.schema(object[name], at+"/"+escape(name))
			if k == "patternProperties" {
				if s.expressions == nil {
					s.expressions = map[string]*regexp.Regexp{}
				}
				s.expressions[name] = r.expression(name, at)
			}
		}
		*named[k] = all
	default:
		return false
	}
	return true
}

func (r *reader) text(v any, at string) string {
	s, ok := v.(string)
	if !ok {
		r.bad(at, "must be a text")
	}
	return s
}

// texts returns a list of texts. A single text is a list of one.
func (r *reader) texts(v any, at string) []string {
	list, ok := v.([]any)
	if !ok {
		return []string{r.text(v, at)}
	}
	out := []string{}
	for _, v := range list {
		out = append(out, r.text(v, at))
	}
	return out
}

func (r *reader) object(v any, at string) map[string]any {
	m, ok := v.(map[string]any)
	if !ok {
		r.bad(at, "must be an object")
	}
	return m
}

func (r *reader) expression(s, at string) *regexp.Regexp {
	re, err := regexp.Compile(s)
	if err != nil {
		r.bad(at, "%v", err)
		return nil
	}
	return re
}

// reference compiles the schema at a pointer within the document.
func (r *reader) reference(ref, at string) *Schema {
	path, ok := strings.CutPrefix(ref, "#")
	if !ok || path != "" && path[0] != '/' {
		r.bad(at, "%q: a schema must not refer to another document", ref)
		return nil
	}
	v := r.doc
	if path != "" {
		for _, part := range strings.Split(path[1:], "/") {
			part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
			switch in := v.(type) {
			case map[string]any:
				v, ok = in[part]
			case []any:
				i, err := strconv.Atoi(part)
				if ok = err == nil && i >= 0 && i < len(in); ok {
					v = in[i]
				}
			default:
				ok = false
			}
			if !ok {
				r.bad(at, "%q: the target of the reference does not exist", ref)
				return nil
			}
		}
	}
	return r.schema(v, path)
}

func escape(s string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(s) }
