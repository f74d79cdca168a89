package engine

import (
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

const foundOne = `found contains {"id": "CAP-001", "resource": "kernel:A", "key": "k", "message": "m"}
`

func TestComplete(t *testing.T) {
	m, err := parse(folder.File{Name: "x.rego", Content: []byte(policytest.RuleFile("CAP-001", "checked contains 1\n\n"+foundOne))})
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Rules) != 4 {
		t.Fatalf("%d rules: %v", len(m.Rules), m.Rules)
	}
	found := m.Rules[1].Location
	for _, r := range m.Rules[2:] {
		if r.Module != m {
			t.Errorf("%s is of another module", r.Head)
		}
		ast.NewGenericVisitor(func(x any) bool {
			if node, ok := x.(ast.Node); ok && node.Loc() != nil && node.Loc() != found {
				t.Errorf("%v is at %s", x, node.Loc())
			}
			return false
		}).Walk(r)
	}
	// Only rules have an outcome. Each rule gets a separate ending.
	for _, pkg := range []string{"seaworthy.lib", "seaworthy.rules", "main"} {
		m, err := parse(folder.File{Name: "x.rego", Content: []byte("package " + pkg + "\n\n" + foundOne)})
		if err != nil || len(m.Rules) != 1 {
			t.Errorf("%s: %v, %v", pkg, m, err)
		}
	}
	if again := endingRules()[0]; again.Location == found || again.Body[0].Location == found {
		t.Error("the ending itself has moved")
	}
}
