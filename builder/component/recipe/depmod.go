package recipe

import (
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// modules maps the names of a kernel's modules to the modules.
type modules map[string]*module

// choose returns the modules that the recipe names, their dependencies, and those
// soft dependencies that this kernel has. A name is also satisfied by a module that
// is built in: this differs between architectures.
func (all modules) choose(k *Kernel, builtin []string) (modules, error) {
	chosen := modules{}
	var errs []error
	var queue []string
	take := func(v Value, must bool) {
		pattern, found := strings.ReplaceAll(v.Text, "-", "_"), false
		for _, name := range sortedKeys(all) {
			if ok, _ := path.Match(pattern, name); ok {
				queue, found = append(queue, name), true
			}
		}
		for _, name := range builtin {
			ok, _ := path.Match(pattern, name)
			found = found || ok
		}
		if !found && must {
			errs = append(errs, system.BadInput("this kernel has no module %q, and it is not built in", v.Text).At(v.Pos).
				Suggest("if the system works without it, list it under optional"))
		}
	}
	for _, v := range k.Modules {
		take(v, true)
	}
	for _, v := range k.Optional {
		take(v, false)
	}
	if len(k.Modules)+len(k.Optional) == 0 {
		queue = sortedKeys(all)
	}
	byAlias := all.aliases()
	for len(queue) > 0 {
		m := all[queue[0]]
		queue = queue[1:]
		if chosen[m.name] != nil {
			continue
		}
		chosen[m.name] = m
		for _, d := range m.depends {
			if all[d] == nil {
				errs = append(errs, system.Unusable("module %s depends on %s, which is not in the kernel package", m.name, d))
				continue
			}
			queue = append(queue, d)
		}
		for _, s := range m.softdeps {
			for _, name := range softNames(s) {
				if n := strings.ReplaceAll(name, "-", "_"); all[n] != nil {
					queue = append(queue, n)
				}
				queue = append(queue, byAlias[name]...)
			}
		}
	}
	return chosen, errors.Join(errs...)
}

// aliases maps plain aliases to modules.
func (all modules) aliases() map[string][]string {
	out := map[string][]string{}
	for _, name := range sortedKeys(all) {
		for _, a := range all[name].aliases {
			out[a] = append(out[a], name)
		}
	}
	return out
}

// byFile are the modules in the order of their files.
func (all modules) byFile() []*module {
	out := make([]*module, 0, len(all))
	for _, m := range all {
		out = append(out, m)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].file < out[j].file })
	return out
}

// dep is modules.dep in depmod's format: the file of each module, and the files of
// all modules that it needs. They can be loaded from right to left.
func (all modules) dep() string {
	var b strings.Builder
	for _, m := range all.byFile() {
		b.WriteString(m.file + ":")
		for _, d := range all.needs(m) {
			b.WriteString(" " + d.file)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// needs lists the modules that m needs. Each module comes before its own needs.
func (all modules) needs(m *module) []*module {
	var order []*module
	seen := map[string]bool{m.name: true}
	var visit func(*module)
	visit = func(m *module) {
		for _, name := range m.depends {
			if d := all[name]; d != nil && !seen[name] {
				seen[name] = true
				visit(d)
				order = append(order, d)
			}
		}
	}
	visit(m)
	for i, j := 0, len(order)-1; i < j; i, j = i+1, j-1 {
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// alias is modules.alias in depmod's format.
func (all modules) alias() string {
	var b strings.Builder
	b.WriteString("# Aliases extracted from modules themselves.\n")
	for _, m := range all.byFile() {
		for _, a := range m.aliases {
			fmt.Fprintf(&b, "alias %s %s\n", a, m.name)
		}
	}
	return b.String()
}

// softdep is modules.softdep in depmod's format.
func (all modules) softdep() string {
	var b strings.Builder
	b.WriteString("# Soft dependencies extracted from modules themselves.\n")
	for _, m := range all.byFile() {
		for _, s := range m.softdeps {
			fmt.Fprintf(&b, "softdep %s %s\n", m.name, s)
		}
	}
	return b.String()
}
