package scanner

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// lineLimits are the longest command lines that the kernels of each
// architecture accept, in bytes, with the zero at the end: COMMAND_LINE_SIZE in
// arch/ARCH/include/uapi/asm/setup.h (x86: include/asm/setup.h).
var lineLimits = map[string]int{"amd64": 2048, "arm64": 2048, "riscv64": 1024}

// kernelLine is the command line that the kernel uses: the boot loader's line,
// combined with the line that is built into the kernel.
func kernelLine(raw, arch string, config facts.KernelConfig) facts.Cmdline {
	out := facts.Cmdline{Raw: raw}
	out.BuiltIn = builtIn(arch, config.Options)
	var parts []linePart
	loader, own := linePart{text: raw}, linePart{text: out.BuiltIn.Text, builtIn: true}
	switch out.BuiltIn.Mode {
	case facts.BuiltInInstead:
		parts = []linePart{own}
	case facts.BuiltInBefore:
		parts = []linePart{own, loader}
	case facts.BuiltInAfter:
		parts = []linePart{loader, own}
	case facts.BuiltInDefault:
		if parts = []linePart{loader}; raw == "" {
			parts = []linePart{own}
		}
	default:
		parts = []linePart{loader}
	}
	var line strings.Builder
	from := 0 // where the built-in line begins and ends
	to := 0
	for i, p := range parts {
		if i > 0 {
			line.WriteByte(' ')
		}
		if p.builtIn {
			from, to = line.Len(), line.Len()+len(p.text)
		}
		line.WriteString(p.text)
	}
	text := line.String()
	if limit := lineLimits[arch]; limit > 0 && len(text) > limit-1 {
		out.Cut = len(text) - (limit - 1)
		text = text[:limit-1]
	}
	words := splitLine(text)
	out.Params = make([]facts.Param, len(words))
	for i, w := range words {
		out.Params[i] = w.Param
		out.Params[i].BuiltIn = w.at >= from && w.at < to
	}
	// Boot code that runs earlier may see the boot loader's whole line, because
	// it runs before the line is cut or replaced.
	out.Early = earlyWords(raw, out.BuiltIn)
	return out
}

type linePart struct {
	text    string
	builtIn bool
}

// builtIn is the command line in the kernel's configuration, and how the kernel
// combines it with the boot loader's line: arch/x86/kernel/setup.c, and
// drivers/of/fdt.c for the others.
func builtIn(arch string, options map[string]string) facts.BuiltIn {
	text := options["CONFIG_CMDLINE"]
	on := func(name string) bool { return options[name] == "y" }
	switch {
	case arch == "amd64" && !on("CONFIG_CMDLINE_BOOL"):
		return facts.BuiltIn{}
	case arch == "amd64" && on("CONFIG_CMDLINE_OVERRIDE"), arch != "amd64" && on("CONFIG_CMDLINE_FORCE"):
		return facts.BuiltIn{Text: text, Mode: facts.BuiltInInstead}
	case text == "":
		return facts.BuiltIn{}
	case arch == "amd64":
		return facts.BuiltIn{Text: text, Mode: facts.BuiltInBefore}
	case on("CONFIG_CMDLINE_EXTEND"):
		return facts.BuiltIn{Text: text, Mode: facts.BuiltInAfter}
	}
	return facts.BuiltIn{Text: text, Mode: facts.BuiltInDefault}
}

// earlyWords are the words that early boot code finds in the line. That code
// knows neither quotes nor "--" (arch/x86/lib/cmdline.c): only blanks separate
// words.
func earlyWords(raw string, own facts.BuiltIn) []facts.Param {
	out := []facts.Param{}
	add := func(text string, inside bool) {
		for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' }) {
			p := facts.Param{Name: w, Index: len(out), BuiltIn: inside}
			if name, value, ok := strings.Cut(w, "="); ok {
				p.Name, p.Value = name, &value
			}
			out = append(out, p)
		}
	}
	if own.Mode != facts.BuiltInDefault || raw == "" {
		add(own.Text, true)
	}
	add(raw, false)
	return out
}
