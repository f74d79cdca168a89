package guest

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

func TestWithVersion(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"ociVersion": "1.2.1", "a": {"ociVersion": "9"}}`:            `{"ociVersion": "1.0.2", "a": {"ociVersion": "9"}}`,
		"{\n  \"a\": [1, {}],\n  \"ociVersion\" :\n \"1.2.1\"\n}\n":    "{\n  \"a\": [1, {}],\n  \"ociVersion\" :\n \"1.0.2\"\n}\n",
		`{"annotations":{"x":"\"ociVersion\":"},"ociVersion":"1.3.0"}`: `{"annotations":{"x":"\"ociVersion\":"},"ociVersion":"1.0.2"}`,
	} {
		got, err := withVersion([]byte(in), "1.0.2")
		if err != nil || string(got) != want {
			t.Errorf("%s: %s, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "[]", "{", "{}", `{"a": 1}`, `{"ociVersion": "1", "ociVersion": "2"}`, `{"a": }`, `"ociVersion"`} {
		if got, err := withVersion([]byte(in), "1.0.2"); err == nil {
			t.Errorf("%q: %s", in, got)
		}
	}
	for v, want := range map[string]bool{"1.0.2": false, "1.0.2-dev": false, "1.2.1": true, "1.1.0": true, "": true, "11.0.1": true} {
		if needsVersion(v) != want {
			t.Errorf("%q: %v", v, !want)
		}
	}
}

func FuzzWithVersion(f *testing.F) {
	f.Add(`{"ociVersion": "1.2.1", "a": [1]}`)
	f.Fuzz(func(t *testing.T, text string) {
		out, err := withVersion([]byte(text), "1.0.2")
		if err != nil {
			return
		}
		var before, after map[string]any
		if json.Unmarshal([]byte(text), &before) != nil {
			t.Skip("something follows the object")
		}
		if err := json.Unmarshal(out, &after); err != nil || after["ociVersion"] != "1.0.2" {
			t.Fatalf("%q became %q: %v", text, out, err)
		}
		delete(before, "ociVersion")
		delete(after, "ociVersion")
		if !reflect.DeepEqual(before, after) && !strings.Contains(text, `\u`) {
			t.Fatalf("%q became %q", text, out)
		}
	})
}
