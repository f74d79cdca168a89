package engine

import (
	"encoding/binary"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/policy/compiled"
)

// packer writes byte strings, each after its length.
type packer struct {
	out []byte
	err error
}

func (p *packer) count(n int) { p.out = binary.AppendUvarint(p.out, uint64(n)) }

func (p *packer) put(b []byte) {
	p.count(len(b))
	p.out = append(p.out, b...)
}

func (p *packer) text(s string) { p.put([]byte(s)) }

// rule writes what unpacker.rule reads.
func (p *packer) rule(r *readyRule) {
	if r == nil {
		p.text("")
		return
	}
	texts, lists := r.parts()
	for _, t := range texts {
		p.text(*t)
	}
	for _, l := range lists {
		if *l == nil {
			p.count(0)
			continue
		}
		p.count(len(*l) + 1)
		for _, t := range *l {
			p.text(t)
		}
	}
}

func (p *packer) value(name string, t *ast.Term) {
	raw, err := compiled.EncodeTerm(t)
	if err != nil {
		p.err = fmt.Errorf("%q: %w", name, err)
	}
	p.text(name)
	p.put(raw)
}

// unpacker reads what packer wrote. Damaged parts read as empty, and set bad.
type unpacker struct {
	in  []byte
	bad bool
}

// count is a length, or a number of items that take at least one byte each.
func (u *unpacker) count() int {
	n, size := binary.Uvarint(u.in)
	if u.bad = u.bad || size <= 0 || n > uint64(len(u.in)-size); u.bad {
		return 0
	}
	u.in = u.in[size:]
	return int(n)
}

func (u *unpacker) get() []byte {
	n := u.count()
	b := u.in[:n]
	u.in = u.in[n:]
	return b
}

func (u *unpacker) text() string { return string(u.get()) }

func (u *unpacker) rule() *readyRule {
	r := &readyRule{}
	texts, lists := r.parts()
	for i, t := range texts {
		if *t = u.text(); i == 0 && *t == "" {
			return nil // it has no id
		}
	}
	for _, l := range lists {
		if n := u.count(); n > 0 {
			*l = []string{}
			for range n - 1 {
				*l = append(*l, u.text())
			}
		}
	}
	return r
}
