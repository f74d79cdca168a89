package compiled

import "github.com/open-policy-agent/opa/v1/ast"

// EncodeTerm encodes a single value.
func EncodeTerm(t *ast.Term) ([]byte, error) {
	e := &encoder{texts: map[string]int{}}
	e.term(t)
	return e.out, e.err
}

// DecodeTerm returns the value that EncodeTerm wrote.
func DecodeTerm(raw []byte) (t *ast.Term, err error) {
	err = decode(raw, func(d *decoder) { t = d.term() })
	if err == nil && t == nil {
		err = errDamaged
	}
	return t, err
}
