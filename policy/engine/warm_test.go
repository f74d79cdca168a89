package engine

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/folder"
	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// A rule that doubles a text forty times is stopped by the bound on memory,
// long before its deadline.
func TestMemory(t *testing.T) {
	var b strings.Builder
	b.WriteString("s00 := \"0123456789abcdef\"\n\n")
	for i := range 40 {
		n, prev := itoa(i+1), itoa(i)
		b.WriteString("s" + n + " := concat(\"\", [s" + prev + ", s" + prev + "])\n\n")
	}
	b.WriteString(policytest.Fires("CAP-001", "x := count(s40)"))
	tree, err := folder.Read(policytest.With(policytest.BaseFS(), map[string]string{"os/CAP-001.rego": policytest.RuleFile("CAP-001", b.String())}), "rules/", folder.BuiltinLimits)
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(tree)
	if err != nil {
		t.Fatal(err)
	}
	set, err := builtinSet(l, "baseline")
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile(set, "2026-11-20", nil, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.runWithin(context.Background(), policytest.Facts(), time.Hour, 48<<20)
	policytest.WantError(t, err, system.ErrUnusable, "too much memory")
}

func itoa(i int) string { return string([]byte{byte('0' + i/10), byte('0' + i%10)}) }

// A helper that gives its results by key is part of the query as a whole.
func TestWarmQuery(t *testing.T) {
	fs := policytest.KeyedTable()
	tree, err := folder.Read(fs, "rules/", folder.BuiltinLimits)
	if err != nil {
		t.Fatal(err)
	}
	l, err := New(tree)
	if err != nil {
		t.Fatal(err)
	}
	s, err := builtinSet(l, "hardened")
	if err != nil {
		t.Fatal(err)
	}
	p, err := compile(s, "2026-11-20", nil, true)
	if err != nil {
		t.Fatal(err)
	}
	var whole []string
	for _, e := range p.warm(s.rules) {
		whole = append(whole, e.String())
	}
	if got := strings.Join(whole, "; "); got != "_ = data.seaworthy.tables.t.fail; _ = data.seaworthy.tables.t.none; _ = data.seaworthy.tables.t.single" {
		t.Errorf("evaluated as a whole: %s", got)
	}
}
