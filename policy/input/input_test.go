package input_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/input"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Rules see the published form of the facts, value by value.
func TestInputIsJSON(t *testing.T) {
	t.Parallel()
	full := policytest.Facts()
	text := "a \xff\xfe\u2028 <b>"
	full.Name = text
	full.Kernel.Config.Options = map[string]string{"CONFIG_A": "y", "CONFIG_B": text}
	full.Cmdline.Params = []facts.Param{{Name: "quiet"}, {Name: "x", Value: &text, Index: 1}}
	full.Components[0].Files = facts.Inventory{Bytes: 1 << 53, SetID: []facts.Obj{{Path: "/a", Shadowed: true}}, SSHD: map[string]string{}}
	full.Components[1].Spec = nil
	for name, f := range map[string]*facts.Facts{"full": full, "empty": {}} {
		raw, err := facts.Encode(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := ast.ValueFromReader(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		got, err := input.Value(f)
		if err != nil {
			t.Fatal(err)
		}
		if want.Compare(got) != 0 {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
	}
	if _, err := input.Value(&facts.Facts{Components: []facts.Component{{Spec: json.RawMessage(`{"a":`)}}}); err == nil {
		t.Error("a spec that is not JSON is accepted")
	}
}
