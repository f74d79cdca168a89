package scanner

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func options(pairs ...string) facts.KernelConfig {
	c := facts.KernelConfig{Options: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		c.Options["CONFIG_"+pairs[i]] = pairs[i+1]
	}
	return c
}

func shown(params []facts.Param) string {
	var out []string
	for _, p := range params {
		w := p.Name
		if p.Value != nil {
			w += "=" + *p.Value
		}
		if p.BuiltIn {
			w = "[" + w + "]"
		}
		out = append(out, w)
	}
	return strings.Join(out, " ")
}

// The kernel combines the boot loader's line with its own, as its architecture
// does.
func TestKernelLine(t *testing.T) {
	t.Parallel()
	own := func(pairs ...string) facts.KernelConfig {
		return options(append(pairs, "CMDLINE", "a=1 quiet")...)
	}
	for _, c := range []struct {
		arch, raw string
		config    facts.KernelConfig
		want      string
	}{
		{"amd64", "b=2", own(), "b=2"},
		{"amd64", "b=2", own("CMDLINE_BOOL", "y"), "[a=1] [quiet] b=2"},
		{"amd64", "b=2", own("CMDLINE_BOOL", "y", "CMDLINE_OVERRIDE", "y"), "[a=1] [quiet]"},
		{"amd64", "b=2", options("CMDLINE_BOOL", "y", "CMDLINE_OVERRIDE", "y"), ""},
		{"arm64", "b=2", own(), "b=2"},
		{"arm64", "", own(), "[a=1] [quiet]"},
		{"arm64", "b=2", own("CMDLINE_FORCE", "y"), "[a=1] [quiet]"},
		{"riscv64", "b=2", own("CMDLINE_EXTEND", "y"), "b=2 [a=1] [quiet]"},
		{"riscv64", "b=2 -- c", own("CMDLINE_EXTEND", "y"), "b=2 --"},
		{"amd64", "b=2", own("CMDLINE_BOOL", "y", "CMDLINE_FORCE", "y"), "[a=1] [quiet] b=2"},
	} {
		if got := shown(kernelLine(c.raw, c.arch, c.config).Params); got != c.want {
			t.Errorf("%s %q %v: %s, want %s", c.arch, c.raw, c.config.Options, got, c.want)
		}
	}
}

// The end of a line that is too long is ignored, and the word at the limit is
// cut.
func TestKernelLineCut(t *testing.T) {
	t.Parallel()
	for arch, limit := range map[string]int{"amd64": 2047, "arm64": 2047, "riscv64": 1023} {
		word := "lockdown=integrity"
		fits := strings.Repeat("x", limit-len(word)-1) + " " + word
		if line := kernelLine(fits, arch, options()); line.Cut != 0 || len(line.Params) != 2 {
			t.Errorf("%s: %d cut, %d words", arch, line.Cut, len(line.Params))
		}
		line := kernelLine("x"+fits, arch, options())
		if got := *line.Params[1].Value; line.Cut != 1 || got != "integrit" {
			t.Errorf("%s: %d cut, %q", arch, line.Cut, got)
		}
	}
}

// Early boot code splits the line at blanks, and ignores quotes and "--".
func TestEarlyWords(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		`a="x nokaslr y" -- pti=off`:    `a="x nokaslr y" -- pti=off`,
		"a\tb  c\u00a0d":                "a b c\u00a0d",
		"":                              "",
		strings.Repeat(" ", 3000) + "z": "z",
	} {
		if got := shown(kernelLine(raw, "amd64", options()).Early); got != want {
			t.Errorf("%q: %s, want %s", raw, got, want)
		}
	}
	replaced := kernelLine("nokaslr", "amd64", options("CMDLINE_BOOL", "y", "CMDLINE_OVERRIDE", "y", "CMDLINE", "quiet"))
	if got := shown(replaced.Early); got != "[quiet] nokaslr" {
		t.Errorf("early words of a line that is replaced: %s", got)
	}
}
