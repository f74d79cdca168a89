package facts_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// fill gives every field of the facts a value, and each list two elements.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		if raw, ok := v.Addr().Interface().(*json.RawMessage); ok {
			*raw = json.RawMessage(`{"a":[1,{"b":null}],"c":-1.5e3,"d":"\u00e9<"}`)
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0))
		fill(v.Index(1))
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		e := reflect.New(v.Type().Elem()).Elem()
		fill(e)
		v.SetMapIndex(reflect.ValueOf("a/b~c\n"), e)
	case reflect.String:
		v.SetString("x\t\"ü\u2028<")
	case reflect.Bool:
		v.SetBool(true)
	default:
		v.SetInt(1<<53 + 1)
	}
}

func full() *facts.Facts {
	var f facts.Facts
	fill(reflect.ValueOf(&f).Elem())
	f.SchemaVersion = facts.SchemaVersion
	f.SBOM.Components = nil
	for i := range f.Components {
		f.Components[i].ID = fmt.Sprintf("services/%d", i)
		f.SBOM.Components = append(f.SBOM.Components, f.Components[i].ID)
	}
	return &f
}

func encode(t testing.TB, f *facts.Facts) []byte {
	t.Helper()
	b, err := facts.Encode(f)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]*facts.Facts{"full": full(), "empty": {SchemaVersion: facts.SchemaVersion}} {
		first := encode(t, f)
		got, err := facts.Decode(bytes.NewReader(first))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again := encode(t, got); !bytes.Equal(first, again) {
			t.Errorf("%s: %s\nbecame %s", name, first, again)
		}
	}
	f := &facts.Facts{Components: make([]facts.Component, 1)}
	encode(t, f)
	if f.Sources != nil || f.Components[0].Origins != nil {
		t.Error("encoding changed the facts")
	}
	for _, null := range []string{`"sources": null`, `"labels": null`, `"components": null`} {
		if text := string(encode(t, f)); strings.Contains(text, null) {
			t.Errorf("%s", null)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	good := string(encode(t, full()))
	swap := func(old, with string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("no %s", old)
		}
		return strings.Replace(good, old, with, 1)
	}
	for name, c := range map[string]struct{ data, want string }{
		"empty":          {"", `line 1, column 1: the document must be an object`},
		"no object":      {"[]", "must be an object"},
		"no field":       {"{}", `the document does not have the field "schemaVersion"`},
		"unknown field":  {swap(`"locked": true`, `"locked": true, "lucked": true`), `the document has the unknown field "lucked"`},
		"letter case":    {swap(`"locked": true`, `"Locked": true`), `unknown field "Locked"`},
		"deep field":     {swap(`"setid": [`, `"setit": [`), `/components/0/files has the unknown field "setit"`},
		"lacking":        {swap(`   "world`, `   "x": 1, "world`), `unknown field "x"`},
		"null list":      {swap(`"sources": [`, `"sources": null, "x": [`), `/sources must be a list`},
		"twice":          {swap(`"locked": true`, `"locked": true, "locked": false`), `has a duplicate member "locked"`},
		"twice in a map": {swap(`"a/b~c\n": "x`, `"a/b~c\n": "y", "a\/b~c\n": "x`), `has a duplicate member "a/b~c\n"`},
		"twice in raw":   {swap(`"c": -1.5e3`, `"c": 1, "\u0063": 2`), `/components/0/spec has a duplicate member "c"`},
		"kind of text":   {swap(`"arch": "x`, `"arch": 1, "x": "x`), `/arch must be a text`},
		"kind of number": {swap(`"index": 9007199254740993`, `"index": 1.0`), `/components/0/index must be a whole number`},
		"huge number":    {swap(`"index": 9007199254740993`, `"index": 1e99`), `must be a whole number`},
		"kind of bool":   {swap(`"locked": true`, `"locked": "true"`), `/locked must be true or false`},
		"more":           {good + "{}", "there is more text after the facts"},
		"cut":            {good[:len(good)/2], "line "},
		"not UTF-8":      {swap(`"x\t`, "\"\xff"), "is not UTF-8"},
		"control":        {swap(`"x\t`, "\"\n"), "a control character"},
		"bad escape":     {swap(`"x\t`, `"\q`), "invalid character"},
		"deep":           {swap(`"a": [`, `"a": [`+strings.Repeat("[", 10_000)), "nested deeper than"},
		"bad raw":        {swap(`-1.5e3`, `-1.5e`), "this is not valid JSON"},
		"word in raw":    {swap(`-1.5e3`, `nul`), "this is not valid JSON"},
		"one id":         {swap(`"id": "services/1"`, `"id": "services/0"`), `component "services/0" is a duplicate`},
		"cut list":       {swap(`"id": "services/1"`, `"id": "services/2"`), `component "services/1" does not exist`},
		"version":        {swap(`"schemaVersion": 1`, `"schemaVersion": 2`), "schemaVersion is 2, but this program reads version 1"},
		"later version":  {swap(`"schemaVersion": 1`, `"schemaVersion": 2, "new": 1`), "schemaVersion is 2, but this program reads version 1"},
		"too large":      {good + strings.Repeat(" ", facts.MaxBytes), "more than 32 MiB"},
	} {
		f, err := facts.Decode(strings.NewReader(c.data))
		if err == nil || f != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// encoding/json reads the same facts from what Decode accepts.
func FuzzDecode(f *testing.F) {
	f.Add(encode(f, full()))
	f.Add(encode(f, &facts.Facts{SchemaVersion: facts.SchemaVersion}))
	f.Add([]byte(`{"schemaVersion":1,"a\`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := facts.Decode(bytes.NewReader(data))
		if err != nil {
			if got != nil {
				t.Fatal("facts and an error")
			}
			return
		}
		var want facts.Facts
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("it is not JSON: %v", err)
		}
		if a, b := encode(t, got), encode(t, &want); !bytes.Equal(a, b) {
			t.Fatalf("%s\n%s", a, b)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	data := encode(b, full())
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := facts.Decode(bytes.NewReader(data)); err != nil {
			b.Fatal(err)
		}
	}
}
