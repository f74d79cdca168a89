package scanner

import (
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// show writes parameters as NAME or NAME=VALUE between bars.
func show(params []facts.Param) string {
	var b strings.Builder
	for i, p := range params {
		if p.Index != i {
			fmt.Fprintf(&b, "!%d", p.Index)
		}
		b.WriteString("|" + p.Name)
		if p.Value != nil {
			b.WriteString("=" + *p.Value)
		}
	}
	return b.String()
}

func TestCmdline(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ raw, want string }{
		{"", ""},
		{"  \t ", ""},
		{"quiet", "|quiet"},
		{"console=ttyS0  console=tty0", "|console=ttyS0|console=tty0"},
		{"root=LABEL=x a=b=c", "|root=LABEL=x|a=b=c"},
		{"a= b", "|a=|b"},
		{`dyndbg="file a.c +p; func b" x`, "|dyndbg=file a.c +p; func b|x"},
		{`"dyndbg=file a.c" x`, "|dyndbg=file a.c|x"},
		{`"quiet" x`, "|quiet|x"},
		{`a="b c`, "|a=b c"},
		{`a=b"c d"e f`, `|a=b"c d"e|f`},
		{`a="" b`, "|a=|b"},
		{`a=" b`, "|a= b"},
		{"=x y", "|=x|y"},
		{"slab_nomerge -- lockdown=confidentiality", "|slab_nomerge|--"},
		{"--x=1 a", "|--x=1|a"},
		{"a\nb\vc", "|a|b|c"},
		{"sysctl.kernel.kptr_restrict=2", "|sysctl.kernel.kptr_restrict=2"},
	} {
		if got := show(Cmdline(c.raw)); got != c.want {
			t.Errorf("Cmdline(%q) = %q, want %q", c.raw, got, c.want)
		}
	}
	if Cmdline("") == nil {
		t.Error("an empty command line gives null")
	}
}

func FuzzCmdline(f *testing.F) {
	f.Add(`a="b c" "d=e f" -- g`)
	f.Add(`"`)
	f.Add(`=""`)
	f.Fuzz(func(t *testing.T, raw string) {
		for i, p := range Cmdline(raw) {
			if p.Index != i || p.Name == "" && p.Value == nil {
				t.Fatalf("parameter %d: %+v", i, p)
			}
			if !strings.Contains(raw, p.Name) || p.Value != nil && !strings.Contains(raw, *p.Value) {
				t.Fatalf("%+v is not in %q", p, raw)
			}
		}
	})
}
