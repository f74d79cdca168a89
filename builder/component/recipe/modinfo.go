package recipe

import (
	"debug/elf"
	"fmt"
	"io"
	"path"
	"strings"
)

const maxModinfo = 4 << 20

// module is a kernel module, as its .modinfo section describes it.
type module struct {
	// name with underscores, as modprobe and the kernel know it.
	name string
	// file is its path below lib/modules/VERSION.
	file     string
	depends  []string
	aliases  []string
	softdeps []string
	node     *node
}

// moduleName gives the name of a module file: kernel/fs/fat/vfat.ko is vfat.
func moduleName(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

// readModinfo fills what .modinfo says. The bytes may be anything.
func readModinfo(r io.ReaderAt, m *module) (err error) {
	// debug/elf has panicked on hostile headers before.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("broken ELF file: %v", p)
		}
	}()
	f, err := elf.NewFile(r)
	if err != nil {
		return err
	}
	s := f.Section(".modinfo")
	if s == nil {
		return fmt.Errorf("no .modinfo section: no kernel module")
	}
	if s.Size > maxModinfo {
		return fmt.Errorf(".modinfo of %d bytes", s.Size)
	}
	data, err := s.Data()
	if err != nil {
		return err
	}
	for _, field := range strings.Split(string(data), "\x00") {
		key, value, ok := strings.Cut(field, "=")
		if !ok || strings.ContainsAny(value, "\n") {
			continue
		}
		switch key {
		case "depends":
			for _, d := range strings.Split(value, ",") {
				if d != "" {
					m.depends = append(m.depends, strings.ReplaceAll(d, "-", "_"))
				}
			}
		case "alias":
			m.aliases = append(m.aliases, value)
		case "softdep":
			m.softdeps = append(m.softdeps, value)
		}
	}
	return nil
}

// softNames gives the modules or aliases of "pre: a b post: c".
func softNames(softdep string) []string {
	var out []string
	for _, w := range strings.Fields(softdep) {
		if w != "pre:" && w != "post:" {
			out = append(out, w)
		}
	}
	return out
}
