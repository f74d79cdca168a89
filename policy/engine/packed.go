package engine

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/compiled"
	"github.com/seaworthy-os/seaworthy/policy/folder"
)

// packer writes byte strings, their lengths first.
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

func (p *packer) list(texts []string) {
	p.count(len(texts))
	for _, t := range texts {
		p.text(t)
	}
}

// modules writes what unpacker.modules reads, in the order of the files.
func (p *packer) modules(files []string, all map[string]*ready) {
	for _, name := range files {
		m := all[name]
		p.text(name)
		p.text(m.pkg)
		p.count(len(m.leads))
		for _, to := range m.leads {
			p.count(slices.Index(files, to.from.Name))
		}
		p.rule(m.rule)
		p.text(m.module)
	}
}

// links writes what unpacker.links reads.
func (p *packer) links(files []string, k *links) {
	total := 0
	for _, to := range k.reaches {
		total += len(to)
	}
	for _, name := range files {
		p.count(k.numbers[name].count)
	}
	p.count(total)
	for _, to := range k.reaches {
		p.count(len(to))
		for _, n := range to {
			p.count(n)
		}
	}
}

// How a constant is kept.
const (
	keptInCache    = iota // the evaluation finds it as if it had evaluated the rule
	keptAsDocument        // it is a part of data, and takes the place of the rule
	keptAsTable           // so is it, and it is equal to a table
)

// constants writes what unpacker.constants reads. Where it cannot be a document, a
// second name of a table is not worth keeping.
func (p *packer) constants(known []constant, tables map[string]ast.Value, c *ast.Compiler) {
	documents := !usesWith(c)
	var out packer
	count := 0
	for _, k := range known {
		table := ""
		for _, key := range slices.Sorted(maps.Keys(tables)) {
			if tables[key].Compare(k.value.Value) == 0 {
				table = key
				break
			}
		}
		rules := rulesOf(k.ref, c)
		document := documents && len(rules) > 0 && isDocument(k.value)
		if table != "" && !document {
			continue
		}
		count++
		name := strings.Join(ground(k.ref), "\n")
		switch {
		case !document:
			out.count(keptInCache)
			out.value(name, k.value)
			continue
		case table != "":
			out.count(keptAsTable)
			out.text(name)
			out.text(table)
		default:
			out.count(keptAsDocument)
			out.value(name, k.value)
		}
		out.count(len(rules))
		for _, n := range rules {
			out.count(n)
		}
	}
	p.count(count)
	p.out, p.err = append(p.out, out.out...), cmp.Or(p.err, out.err)
}

// packs writes what unpacker.packs reads.
func (p *packer) packs(l *Library, all map[string]*ready) error {
	known := *l
	known.built = &built{modules: all}
	p.count(len(l.Packs))
	for _, name := range slices.Sorted(maps.Keys(l.Packs)) {
		packs, err := folder.Chain(l.Packs, name)
		if err != nil {
			return err
		}
		s := known.assembleReady(name, packs)
		if s == nil {
			return system.Unusable("pack %s", name)
		}
		p.text(name)
		p.text(l.Packs[name].From.Path)
		p.list(l.Packs[name].Includes)
		p.list(l.Packs[name].Rules)
		p.text(s.Digest())
	}
	return nil
}

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

// unpacker reads what packer wrote. What is damaged reads as empty.
type unpacker struct {
	in  string
	bad bool
}

// number reads a number.
func (u *unpacker) number() int {
	n := 0
	for i := 0; i < len(u.in) && i < binary.MaxVarintLen32; i++ {
		b := u.in[i]
		n |= int(b&0x7f) << (7 * i)
		if b < 0x80 {
			u.in = u.in[i+1:]
			return n
		}
	}
	u.bad = true
	return 0
}

// count is a length, or a number of things that take a byte each at least.
func (u *unpacker) count() int {
	n := u.number()
	if u.bad = u.bad || n > len(u.in); u.bad {
		return 0
	}
	return n
}

// below is a number that is less than most.
func (u *unpacker) below(most int) int {
	n := u.number()
	if u.bad = u.bad || n >= most; u.bad {
		return 0
	}
	return n
}

func (u *unpacker) get() string {
	n := u.count()
	s := u.in[:n]
	u.in = u.in[n:]
	return s
}

func (u *unpacker) list() []string {
	n := u.count()
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = u.get()
	}
	return out
}

// modules reads those of the files, by name.
func (u *unpacker) modules(files []folder.File) map[string]*ready {
	out := make(map[string]*ready, len(files))
	all := make([]ready, len(files))
	for i := range all {
		m := &all[i]
		if name := u.get(); name != files[i].Name {
			u.bad = true
		}
		m.from, m.pkg = files[i], u.get()
		m.leads = make([]*ready, u.count())
		for j := range m.leads {
			m.leads[j] = &all[u.below(len(all))]
		}
		m.rule, m.module = u.rule(), u.get()
		out[m.from.Name] = m
	}
	return out
}

// links reads those of the rules in the files.
func (u *unpacker) links(files []folder.File) *links {
	k := &links{numbers: make(map[string]span, len(files))}
	rules := 0
	for _, f := range files {
		n := u.count()
		k.numbers[f.Name] = span{rules, n}
		rules += n
	}
	free := make([]int, u.count())
	if u.bad = u.bad || rules > len(u.in); u.bad {
		return k
	}
	k.reaches = make([][]int, rules)
	for i := range k.reaches {
		n := u.count()
		if u.bad = u.bad || n > len(free); u.bad {
			break
		}
		k.reaches[i], free = free[:n:n], free[n:]
		for j := range k.reaches[i] {
			k.reaches[i][j] = u.below(rules)
		}
	}
	return k
}

// packs reads those of the files, and the digest of each, by name.
func (u *unpacker) packs(files []folder.File) (map[string]*folder.Pack, map[string]string) {
	n := u.count()
	packs, digests := make(map[string]*folder.Pack, n), make(map[string]string, n)
	for range n {
		p := &folder.Pack{Name: u.get(), Builtin: true}
		path := u.get()
		at := slices.IndexFunc(files, func(f folder.File) bool { return f.Path == path })
		if u.bad = u.bad || at < 0; u.bad {
			break
		}
		p.From, p.Includes, p.Rules = files[at], u.list(), u.list()
		packs[p.Name], digests[p.Name] = p, u.get()
	}
	return packs, digests
}

// constants reads those of a build whose modules and tables are there.
func (u *unpacker) constants(out *built) {
	out.links.documents = map[int]bool{}
	for range u.count() {
		kept, path := u.below(keptAsTable+1), strings.Split(u.get(), "\n")
		last := path[len(path)-1]
		switch kept {
		case keptInCache:
			ref := ast.Ref{ast.DefaultRootDocument}
			for _, name := range path {
				ref = append(ref, ast.StringTerm(name))
			}
			out.constants[last] = append(out.constants[last], &value{ref, compiled.NewValue(u.get())})
			continue
		case keptAsTable:
			table := out.data.below[u.get()]
			if u.bad = u.bad || table == nil; u.bad {
				return
			}
			out.data.add(path, table.value)
		case keptAsDocument:
			out.data.add(path, compiled.NewValue(u.get()))
		}
		for range u.count() {
			out.links.documents[u.below(len(out.links.reaches))] = true
		}
	}
}

func (u *unpacker) rule() *readyRule {
	r := &readyRule{}
	texts, lists := r.parts()
	for i, t := range texts {
		if *t = u.get(); i == 0 && *t == "" {
			return nil // it has no id
		}
	}
	for _, l := range lists {
		if n := u.count(); n > 0 {
			*l = []string{}
			for range n - 1 {
				*l = append(*l, u.get())
			}
		}
	}
	return r
}
