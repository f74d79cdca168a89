package strictjson

import (
	"encoding/json"
	"strings"
	"testing"
)

type inner struct {
	Kind string `json:"kind"`
}

type document struct {
	inner
	Status string            `json:"status"`
	List   []*inner          `json:"list"`
	Labels map[string]string `json:"labels"`
	Any    any               `json:"any"`
	Raw    json.RawMessage   `json:"raw"`
	Hidden string            `json:"-"`
	Plain  string
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"status":"a","list":[{"kind":"x"}],"labels":{"A":"1","a":"2"},"any":{"B":1,"b":2},"unknown":{"C":1,"c":2},"-":1,"Hidden":2,"hidden":3}`: "",
		`{"status":"a","status":"b"}`:        `duplicate member "status"`,
		`{"status":"a","Status":"b"}`:        `unknown member "Status": its correct spelling is "status"`,
		`{"\u017ftatus":"b"}`:                `its correct spelling is "status"`,
		`{"status":"a","st\u0061tus":"b"}`:   "duplicate member",
		`{"list":[{"kind":"a","KIND":"b"}]}`: `its correct spelling is "kind"`,
		`{"Kind":"of what is embedded"}`:     `its correct spelling is "kind"`,
		`{"plain":"a field without a tag"}`:  `its correct spelling is "Plain"`,
		`{"labels":{"a":"1","a":"2"}}`:       "duplicate member",
		`{"any":[{"a":{"b":1,"b":2}}]}`:      "duplicate member",
		`{"raw":{"a":1,"a":2}}`:              "duplicate member",
		`{"unknown":{"a":1,"a":2}}`:          "duplicate member",
		`{"status":"a"} {}`:                  "more text after",
		`{"status":"a"`:                      "truncated",
		`{"status":}`:                        "invalid character",
		`{"status":1}`:                       "cannot unmarshal",
		``:                                   "truncated",
		strings.Repeat(`{"any":`, 600) + "1" + strings.Repeat("}", 600): "nested deeper",
		"{\"list\":" + strings.Repeat("[", 100_000):                     "max depth",
	} {
		var d document
		err := Decode([]byte(text), &d)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%.80s: %v, want %q", text, err, want)
		}
	}
}

func TestDecodeFolded(t *testing.T) {
	t.Parallel()
	var d document
	if err := DecodeFolded([]byte(`{"STATUS":"a","labels":{"x":"1","X":"2"}}`), &d); err != nil || d.Status != "a" {
		t.Errorf("%+v, %v", d, err)
	}
	for _, text := range []string{`{"STATUS":"a","status":"b"}`, `{"list":[{"kind":"","Kind":""}]}`, `{"labels":{"x":"","x":""}}`} {
		if err := DecodeFolded([]byte(text), &d); err == nil || !strings.Contains(err.Error(), "duplicate member") {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := DecodeKnown([]byte(`{"other":1}`), &d); err == nil {
		t.Error("an unknown member is accepted")
	}
	if err := Check([]byte(`[{"a":1,"A":2}]`)); err != nil {
		t.Error(err)
	}
	for text, ok := range map[string]bool{`{"name":"a","Name":"b"}`: false, `{"name":"a","dependencies":{"A":1,"a":2}}`: true, `{"a":{"b":1,"b":2}}`: false} {
		if err := CheckNames([]byte(text)); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Accepted JSON means the same to a reader that distinguishes letter case, and
// to one that takes the first of duplicate members.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"status":"a","list":[{"kind":"x"}],"labels":{"a":"2"}}`))
	f.Add([]byte(`{"status":"a","\u0053tatus":"b"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var d document
		if Decode(data, &d) != nil {
			return
		}
		var m map[string]any
		if err := json.Unmarshal(data, &m); err != nil {
			t.Skip() // null and similar values
		}
		if got, _ := m["status"].(string); got != d.Status {
			t.Fatalf("%q and %q", got, d.Status)
		}
	})
}
