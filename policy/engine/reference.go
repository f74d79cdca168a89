package engine

import (
	"context"
	"errors"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// reference is a small policy that uses a little of everything. See Reference.
const reference = `package seaworthy.reference

numbers_of contains n if some n in numbers.range(1, 60)

pairs contains [a, b] if {
	some a in numbers_of
	some b in numbers_of
	a * b == 360
}

words := [w | some n in numbers_of; w := sprintf("%d-%s", [n, upper(input.name)])]

longest := max([count(w) | some w in words; not startswith(w, "7"); regex.match("^[0-9]+-[A-Z]+$", w)])

table := {w: {"size": count(w), "parts": split(w, "-")} | some w in words}

result := {"pairs": count(pairs), "longest": longest, "odd": odd}

odd contains w if {
	some w, row in table
	to_number(row.parts[0]) % 2 == 1
	row.size >= longest - 1
}
`

// Reference parses, compiles and evaluates a small policy: a little of all that guests
// do. The sandbox measures the machine by its time.
func Reference() error {
	m, err := parse(folder.File{Name: "reference.rego", Content: []byte(reference)})
	if err != nil {
		return err
	}
	c := newCompiler()
	if c.Compile(map[string]*ast.Module{"reference.rego": m}); c.Failed() {
		return c.Errors
	}
	rs, err := rego.New(rego.Compiler(c), rego.Query("data.seaworthy.reference.result"), rego.Input(map[string]any{"name": "reference"})).Eval(context.Background())
	if err == nil && (len(rs) != 1 || len(rs[0].Expressions) != 1) {
		err = errors.New("it has no result")
	}
	return err
}
