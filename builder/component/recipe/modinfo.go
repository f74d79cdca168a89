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
	// name has underscores, as in modprobe and the kernel.
	name string
	// file is its path below lib/modules/VERSION.
	file     string
	depends  []string
	aliases  []string
	softdeps []string
	node     *node
}

// moduleName is the name of a module file: vfat for kernel/fs/fat/vfat.ko.
func moduleName(file string) string {
	base, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(base, "-", "_")
}

// readModinfo sets the values from .modinfo. The bytes are hostile.
func readModinfo(r io.ReaderAt, m *module) (err error) {
	// debug/elf has panicked on hostile headers before.
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("invalid ELF file: %v", p)
		}
	}()
	f, err := elf.NewFile(r)
	if err != nil {
		return err
	}
	s := f.Section(".modinfo")
	if s == nil {
		return fmt.Errorf("not a kernel module: the section .modinfo is missing")
	}
	if s.Size > maxModinfo {
		return fmt.Errorf(".modinfo has %d bytes; the limit is %d", s.Size, maxModinfo)
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

// softNames are the modules or aliases in "pre: a b post: c".
func softNames(softdep string) []string {
	var out []string
	for _, w := range strings.Fields(softdep) {
		if w != "pre:" && w != "post:" {
			out = append(out, w)
		}
	}
	return out
}
