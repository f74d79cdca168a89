package kernel

import "strings"

// architecture is the architecture of a configuration: the Go name, "" if
// unknown. Each architecture's Kconfig always sets its own option. The header
// contains the architecture's folder in the kernel's sources.
func architecture(p *parsed) string {
	on := func(name string) bool { return p.options["CONFIG_"+name] == "y" }
	for _, a := range symbols {
		if on(a.symbol) && (a.and == "" || on(a.and)) {
			return a.arch
		}
	}
	folder, _, _ := strings.Cut(p.arch, " ")
	if goName, ok := folders[folder]; ok {
		return goName
	}
	return folder
}

// ArchOf is the architecture that the options of a configuration name: the Go name, ""
// if unknown.
func ArchOf(options map[string]string) string { return architecture(&parsed{options: options}) }

// symbols are checked in this order. The option in and must be set too.
var symbols = []struct{ symbol, and, arch string }{
	{"X86_64", "", "amd64"}, {"X86_32", "", "386 (32-bit x86)"},
	{"ARM64", "", "arm64"}, {"ARM", "", "arm (32-bit)"},
	{"RISCV", "32BIT", "riscv32"}, {"RISCV", "", "riscv64"},
	{"UML", "", "um (user mode)"},
}

// folders of the kernel's sources with another name in Go, or with two
// architectures.
var folders = map[string]string{
	"arm": "arm (32-bit)", "x86_64": "amd64", "i386": "386 (32-bit x86)", "x86": "", "riscv": "",
}
