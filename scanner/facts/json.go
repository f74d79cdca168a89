package facts

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"
)

// MaxBytes is the largest size of stored facts. The facts of a system of ten
// components have about one million bytes.
const MaxBytes = 32 << 20

// Encode returns the published JSON form (docs/facts.schema.json). Equal facts
// give equal bytes. Every list is present. A line break ends the text.
func Encode(f *Facts) ([]byte, error) {
	raw, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	var whole Facts
	if err := json.Unmarshal(raw, &whole); err != nil {
		return nil, err
	}
	complete(reflect.ValueOf(&whole).Elem())
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	err = enc.Encode(&whole)
	return b.Bytes(), err
}

// Nullable reports whether a field of the facts that is a map may be null.
// Other maps are empty instead. Pointers and raw JSON may always be null.
func Nullable(field reflect.StructField) bool { return field.Tag.Get("facts") == "nullable" }

// complete replaces nil lists and maps with empty ones, except for those that
// may be null.
func complete(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !Nullable(v.Type().Field(i)) {
				complete(v.Field(i))
			}
		}
	case reflect.Slice:
		if v.Type() == rawJSON {
			return
		}
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			complete(v.Index(i))
		}
	case reflect.Map:
		if v.IsNil() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	}
}

var rawJSON = reflect.TypeFor[json.RawMessage]()

// Decode reads facts that Encode wrote, in one pass. Stored facts are hostile:
// an ignored field could hide a finding. So unknown, missing and duplicate
// fields are errors, with their place. So are two components with the same id,
// more than MaxBytes, invalid UTF-8, and another SchemaVersion.
func Decode(r io.Reader) (*Facts, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("the facts have more than %d MiB", MaxBytes>>20)
	}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("byte %d is not UTF-8", invalidAt(data))
	}
	var f Facts
	d := decoder{data: data}
	d.value(reflect.ValueOf(&f).Elem(), false)
	d.space()
	if d.err == nil && d.pos < len(data) {
		d.fail("there is more text after the facts")
	}
	if d.err != nil {
		if v, ok := versionOf(data); ok && v != SchemaVersion {
			return nil, versionError(v)
		}
		return nil, d.err
	}
	if f.SchemaVersion != SchemaVersion {
		return nil, versionError(f.SchemaVersion)
	}
	if err := f.checkComponents(); err != nil {
		return nil, err
	}
	return &f, nil
}

// checkComponents returns an error for a truncated list of components and for
// duplicate ids: findings and differences identify components by their ids.
func (f *Facts) checkComponents() error {
	there := make(map[string]bool, len(f.Components))
	for i := range f.Components {
		id := f.Components[i].ID
		if there[id] {
			return fmt.Errorf("/components/%d: component %q is a duplicate", i, id)
		}
		there[id] = true
	}
	for _, id := range f.SBOM.Components {
		if !there[id] {
			return fmt.Errorf("/sbom/components: component %q does not exist", id)
		}
	}
	return nil
}

func versionError(v int) error {
	return fmt.Errorf("schemaVersion is %d, but this program reads version %d", v, SchemaVersion)
}

// versionOf is the schemaVersion of facts in another form.
func versionOf(data []byte) (int, bool) {
	var head struct {
		SchemaVersion *int `json:"schemaVersion"`
	}
	if json.Unmarshal(data, &head) != nil || head.SchemaVersion == nil {
		return 0, false
	}
	return *head.SchemaVersion, true
}

func invalidAt(data []byte) int {
	at := 0
	for at < len(data) {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// fieldsOf are the JSON names of a struct's fields.
func fieldsOf(t reflect.Type) []field {
	out := make([]field, t.NumField())
	for i := range out {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		out[i] = field{name: name, optional: options == "omitempty", nullable: Nullable(f)}
	}
	return out
}

type field struct {
	name               string
	optional, nullable bool
}
