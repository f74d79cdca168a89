package recipe

import (
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const kernelTar = "kernel.tar"

// maxBuiltin limits the size of modules.builtin. That of Debian's kernels has 20 kB.
const maxBuiltin = 4 << 20

// arrangeKernel turns the files of a Debian kernel package into those that the
// kernel section of a system reads: kernel, config and kernel.tar. kernel.tar
// contains lib/modules/VERSION with the chosen modules and the files that depmod
// writes, and in boot/dtb the device trees that the recipe includes. Modules are
// only decompressed: other changes would break their signatures.
func arrangeKernel(t *tree, sp *spool, k *Kernel) error {
	var version string
	for _, p := range sortedKeys(t.nodes) {
		v, ok := strings.CutPrefix(p, "boot/vmlinuz-")
		if !ok {
			v, ok = strings.CutPrefix(p, "boot/vmlinux-")
		}
		if !ok {
			continue
		}
		if version != "" {
			return system.Unusable("the packages contain two kernels: %s and %s", version, v).At(k.Pos).Suggest("name only one kernel package")
		}
		version = v
		move(t, p, "kernel")
	}
	if version == "" {
		return system.Unusable("the packages do not contain boot/vmlinuz-VERSION").At(k.Pos).
			Suggest("name a kernel image under debian: packages, and include boot/**")
	}
	if t.nodes["boot/config-"+version] == nil {
		return system.Unusable("the packages do not contain boot/config-%s", version).At(k.Pos).
			Suggest("include boot/config-*: rules read the kernel configuration")
	}
	move(t, "boot/config-"+version, "config")
	for p := range t.nodes {
		if p == "boot" || strings.HasPrefix(p, "boot/") {
			delete(t.nodes, p)
		}
	}
	return arrangeModules(t, sp, k, version)
}

func move(t *tree, from, to string) {
	n := t.nodes[from]
	delete(t.nodes, from)
	n.path, n.mode = to, 0o644
	t.nodes[to] = n
}

func arrangeModules(t *tree, sp *spool, k *Kernel, version string) error {
	base := "lib/modules/" + version + "/"
	// If /lib is a link to usr/lib, packages use the longer name.
	for _, p := range sortedKeys(t.nodes) {
		if rest, ok := strings.CutPrefix(p, "usr/"+base); ok {
			n := t.nodes[p]
			delete(t.nodes, p)
			n.path = base + rest
			t.nodes[n.path] = n
		}
	}
	all := modules{}
	for _, n := range t.sorted() {
		file, ok := strings.CutPrefix(n.path, base)
		if !ok {
			continue
		}
		if n.typ == system.TypeFile && strings.Contains(path.Base(file), ".ko") {
			m, err := loadModule(t, sp, n, base)
			if err != nil {
				return system.Unusable("kernel module %s cannot be read", n.path).Because(err)
			}
			if all[m.name] != nil {
				return system.Unusable("modules %s and %s have the same name", all[m.name].file, m.file)
			}
			all[m.name] = m
		}
	}
	builtin, err := builtinModules(t.nodes[base+"modules.builtin"])
	if err != nil {
		return err
	}
	chosen, err := all.choose(k, builtin)
	if err != nil {
		return err
	}
	inTar := deviceTrees(t, version)
	for _, n := range t.sorted() {
		file, ok := strings.CutPrefix(n.path, base)
		if !ok {
			if strings.HasPrefix(n.path, "lib/modules") || strings.HasPrefix(n.path, "usr/lib/modules") {
				delete(t.nodes, n.path)
			}
			continue
		}
		m := chosen[moduleName(file)]
		isChosen := m != nil && m.node == n
		if !isChosen && file != "modules.builtin" && file != "modules.builtin.modinfo" && file != "modules.order" {
			delete(t.nodes, n.path)
			continue
		}
		n.hidden = true
		inTar = append(inTar, n)
	}
	for name, text := range map[string]string{"modules.dep": chosen.dep(), "modules.alias": chosen.alias(), "modules.softdep": chosen.softdep()} {
		c, err := sp.add(strings.NewReader(text))
		if err != nil {
			return err
		}
		inTar = append(inTar, &node{path: base + name, typ: system.TypeFile, mode: 0o644, content: c})
	}
	return addTar(t, sp, kernelTar, inTar, k.Pos)
}

// deviceTrees moves the device trees of a Debian kernel package to the folder that
// LinuxKit's kernel images have. They go into kernel.tar.
func deviceTrees(t *tree, version string) (out []*node) {
	for _, n := range t.sorted() {
		if file, ok := strings.CutPrefix(n.path, "usr/lib/linux-image-"+version+"/"); ok && n.typ == system.TypeFile && path.Ext(file) == ".dtb" {
			delete(t.nodes, n.path)
			n.path, n.hidden = "boot/dtb/"+file, true
			t.nodes[n.path] = n
			out = append(out, n)
		}
	}
	return out
}

// builtinModules are the names in modules.builtin, which may be missing: the modules
// that are a part of the kernel itself.
func builtinModules(list *node) ([]string, error) {
	if list == nil || list.typ != system.TypeFile {
		return nil, nil
	}
	data, err := list.content.bytes(maxBuiltin)
	if err != nil {
		return nil, err
	}
	var names []string
	for file := range strings.FieldsSeq(string(data)) {
		names = append(names, moduleName(file))
	}
	return names, nil
}

// loadModule stores a module without compression, and reads its .modinfo.
func loadModule(t *tree, sp *spool, n *node, base string) (*module, error) {
	if ext := path.Ext(n.path); ext != ".ko" {
		r, done, err := decompress(n.content.reader(), n.path)
		if err != nil {
			return nil, err
		}
		plain, err := sp.add(r)
		done()
		if err != nil {
			return nil, err
		}
		delete(t.nodes, n.path)
		n.path, n.content = strings.TrimSuffix(n.path, ext), plain
		t.nodes[n.path] = n
	}
	m := &module{name: moduleName(n.path), file: strings.TrimPrefix(n.path, base), node: n}
	return m, readModinfo(n.content.reader(), m)
}
