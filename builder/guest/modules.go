package guest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
)

// Limits for the files in lib/modules/VERSION. Debian's full kernel has 4,000
// modules and 40,000 aliases.
const (
	maxModuleFile = 64 << 20
	maxModules    = 1 << 16
	maxAliases    = 1 << 20
	maxModuleDeps = 256
)

// Modules holds what depmod wrote about a kernel's modules. Names have
// underscores, as in the kernel's output.
type Modules struct {
	files   map[string]string   // name -> path below lib/modules/VERSION
	deps    map[string][]string // name -> names of the needed modules; each needs those on its right
	builtin map[string]bool
	exact   map[string][]string // aliases without wildcards
	// globs holds the aliases with wildcards, by the text before the first
	// colon ("pci"): a modalias matches only aliases of its own bus.
	globs map[string][]glob
}

type glob struct{ pattern, module string }

// ParseModules reads modules.dep, modules.alias and modules.builtin. nil means
// that the file does not exist. Paths that leave the folder and unreadable
// lines are errors.
func ParseModules(dep, alias, builtin []byte) (*Modules, error) {
	m := &Modules{files: map[string]string{}, deps: map[string][]string{}, builtin: map[string]bool{}, exact: map[string][]string{}, globs: map[string][]glob{}}
	for _, p := range []struct {
		name string
		data []byte
		line func(string) error
	}{{"modules.dep", dep, m.depLine}, {"modules.alias", alias, m.aliasLine}, {"modules.builtin", builtin, m.builtinLine}} {
		if err := eachLine(p.data, p.line); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return m, nil
}

func eachLine(data []byte, f func(string) error) error {
	if len(data) > maxModuleFile {
		return fmt.Errorf("%d bytes, more than %d", len(data), maxModuleFile)
	}
	sc := bufio.NewScanner(bytes.NewReader(data))
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		if err := f(line); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return sc.Err()
}

// depLine: "kernel/a/b.ko: kernel/c.ko kernel/d.ko".
func (m *Modules) depLine(line string) error {
	file, rest, ok := strings.Cut(line, ":")
	if !ok {
		return fmt.Errorf("no colon in %q", line)
	}
	if !isLocal(file) {
		return fmt.Errorf("bad path %q", file)
	}
	if len(m.files) >= maxModules {
		return fmt.Errorf("more than %d modules", maxModules)
	}
	name := moduleName(file)
	if name == "" {
		return fmt.Errorf("not a module: %q", file)
	}
	m.files[name] = file
	var deps []string
	for d := range strings.FieldsSeq(rest) {
		if !isLocal(d) {
			return fmt.Errorf("bad path %q", d)
		}
		deps = append(deps, moduleName(d))
	}
	if len(deps) > maxModuleDeps {
		return fmt.Errorf("%s needs more than %d modules", name, maxModuleDeps)
	}
	m.deps[name] = deps
	return nil
}

// aliasLine: "alias pci:v00001AF4d*sv* virtio_pci".
func (m *Modules) aliasLine(line string) error {
	f := strings.Fields(line)
	if len(f) != 3 || f[0] != "alias" {
		return fmt.Errorf("not an alias: %q", line)
	}
	if len(m.exact)+len(m.globs) >= maxAliases {
		return fmt.Errorf("more than %d aliases", maxAliases)
	}
	pattern, module := f[1], canonical(f[2])
	if !strings.ContainsAny(pattern, `*?[\`) {
		m.exact[canonical(pattern)] = append(m.exact[canonical(pattern)], module)
		return nil
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Errorf("bad pattern %q", pattern)
	}
	bus, _, _ := strings.Cut(pattern, ":")
	if strings.ContainsAny(bus, `*?[\`) {
		bus = ""
	}
	m.globs[bus] = append(m.globs[bus], glob{pattern, module})
	return nil
}

func (m *Modules) builtinLine(line string) error {
	if !isLocal(line) {
		return fmt.Errorf("bad path %q", line)
	}
	m.builtin[moduleName(line)] = true
	return nil
}

// moduleName returns the name of the module in a file: "virtio_net" for
// kernel/drivers/net/virtio-net.ko.xz.
func moduleName(file string) string {
	name, _, ok := strings.Cut(path.Base(file), ".ko")
	if !ok {
		return ""
	}
	return canonical(name)
}

func canonical(name string) string { return strings.ReplaceAll(name, "-", "_") }

// Match returns the modules for a modalias, or for an alias such as
// "fs-overlay". They are in the order of modules.alias, each once.
func (m *Modules) Match(alias string) []string {
	if len(alias) > 4096 {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	add := func(module string) {
		if !seen[module] {
			seen[module] = true
			out = append(out, module)
		}
	}
	for _, module := range m.exact[canonical(alias)] {
		add(module)
	}
	bus, _, _ := strings.Cut(alias, ":")
	for _, b := range []string{bus, ""} {
		for _, g := range m.globs[b] {
			if matchGlob(g.pattern, alias) {
				add(g.module)
			}
		}
		if bus == "" {
			break
		}
	}
	return out
}

// matchGlob works like fnmatch(3) without flags. Unlike path.Match, * and ?
// also match a slash, because aliases for of: and acpi: may contain one.
func matchGlob(pattern, s string) bool {
	const slash, stand = "/", "\x01"
	ok, err := path.Match(strings.ReplaceAll(pattern, slash, stand), strings.ReplaceAll(s, slash, stand))
	return ok && err == nil
}

var errNoModule = errors.New("no such module")

// Order returns the files to load for the module name, in order. The result is
// empty if the module is built into the kernel.
func (m *Modules) Order(name string) ([]string, error) {
	name = canonical(name)
	if m.builtin[name] {
		return nil, nil
	}
	file, ok := m.files[name]
	if !ok {
		return nil, fmt.Errorf("module %q: %w", name, errNoModule)
	}
	// depmod lists all needed modules, the nearest first. They must be loaded
	// from right to left.
	deps := m.deps[name]
	var out []string
	for i := len(deps) - 1; i >= 0; i-- {
		f, ok := m.files[deps[i]]
		if !ok {
			return nil, fmt.Errorf("module %q needs %q: %w", name, deps[i], errNoModule)
		}
		out = append(out, f)
	}
	return append(out, file), nil
}

// ParseModulesLoad reads a file of modules-load.d. Each line has one module
// name. # and ; start comments.
func ParseModulesLoad(data []byte) ([]string, error) {
	var out []string
	err := eachLine(data, func(line string) error {
		if line[0] == ';' {
			return nil
		}
		if !validName(line) {
			return fmt.Errorf("bad module name %q", line)
		}
		out = append(out, line)
		return nil
	})
	return out, err
}
