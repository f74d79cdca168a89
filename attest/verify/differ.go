package verify

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// differences compares the JSON forms of two values. It returns one text per
// member that differs, with the member's path, the value there and the wanted
// value. It returns none if the values are equal.
func differences(path string, said, want any) []string {
	a, errA := decoded(said)
	b, errB := decoded(want)
	if errA != nil || errB != nil {
		return []string{path + " cannot be compared"}
	}
	return differ(path, a, b)
}

func decoded(v any) (any, error) {
	raw, err := statement.Marshal(v)
	if err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var out any
	err = dec.Decode(&out)
	return out, err
}

// differ finds the members that differ. Two lists of different length are
// compared as one value.
func differ(path string, said, want any) []string {
	var out []string
	switch s := said.(type) {
	case map[string]any:
		w, ok := want.(map[string]any)
		if !ok {
			break
		}
		all := maps.Clone(s)
		maps.Copy(all, w)
		for _, key := range slices.Sorted(maps.Keys(all)) {
			out = append(out, differ(path+"."+key, s[key], w[key])...)
		}
		return out
	case []any:
		w, ok := want.([]any)
		if !ok || len(s) != len(w) {
			break
		}
		for i := range s {
			out = append(out, differ(fmt.Sprintf("%s[%d]", path, i), s[i], w[i])...)
		}
		return out
	}
	if reflect.DeepEqual(said, want) {
		return nil
	}
	return []string{fmt.Sprintf("%s is %s, not %s", path, inWords(said), inWords(want))}
}

// inWords is a JSON value as text, truncated if it is long.
func inWords(v any) string {
	if v == nil {
		return "missing"
	}
	raw, err := statement.Marshal(v)
	if err != nil {
		return "malformed"
	}
	const most = 200
	if len(raw) > most {
		return string(bytes.ToValidUTF8(raw[:most], nil)) + "…"
	}
	return string(raw)
}
