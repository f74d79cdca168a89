package recipe

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// libraryRE matches the files that the dynamic linker finds by default.
var libraryRE = lazyre.New(`^(usr/)?lib(64)?(/[a-z0-9_]+-linux-[a-z0-9_]+)?/[^/]+$`)

func isLibrary(p string) bool {
	return libraryRE.MatchString(p) && strings.Contains(path.Base(p), ".so")
}

// isSpare matches libraries, and those in a folder beside them, which programs of one
// package find by their RUNPATH.
func isSpare(p string) bool {
	return isLibrary(p) || isLibrary(path.Join(path.Dir(path.Dir(p)), path.Base(p)))
}

// addLibraries adds the files from spare that the kept programs load: the dynamic
// linker, and every library that they need by name, with its own libraries. These are
// in the folders that the dynamic linker searches for all programs, or in folders that
// a file names for its own libraries. A library that is in no package is an error, so
// that every program of an image can start. A library that a program opens itself
// (dlopen) must be listed in include.
func addLibraries(t *tree, spare map[string]*node) error {
	byName := map[string][]string{}
	for _, nodes := range []map[string]*node{spare, t.nodes} {
		for p := range nodes {
			if isLibrary(p) {
				byName[path.Base(p)] = append(byName[path.Base(p)], p)
			}
		}
	}
	for _, places := range byName {
		sort.Strings(places)
	}
	private := map[string]bool{}
	for p := range t.nodes {
		private[path.Base(p)] = true
	}
	l := &linker{t, spare, byName, private, map[string]bool{}}
	var errs []error
	for _, n := range t.sorted() {
		errs = append(errs, l.need(n))
	}
	return errors.Join(errs...)
}

type linker struct {
	t      *tree
	spare  map[string]*node
	byName map[string][]string
	// private has the names of all files that the recipe includes.
	private map[string]bool
	done    map[string]bool
}

// need adds what n needs; n itself is in the tree.
func (l *linker) need(n *node) error {
	if n.typ != system.TypeFile || l.done[n.path] {
		return nil
	}
	l.done[n.path] = true
	interp, libs, folders, err := dynamic(n.content.reader())
	if err != nil {
		return system.Unusable("%s cannot be read", n.path).Because(err)
	}
	var errs []error
	if interp != "" {
		errs = append(errs, l.addInterpreter(n, interp))
	}
	for _, lib := range libs {
		place := l.find(n, lib, folders)
		if place == "" && l.private[lib] && !isLibrary(n.path) && strings.Contains(path.Base(n.path), ".so") {
			// A library that one program opens itself, such as those of Java, can need
			// another one that this program has opened before.
			continue
		}
		if place == "" {
			errs = append(errs, missing(n, lib))
			continue
		}
		errs = append(errs, l.take(place, 0))
	}
	return errors.Join(errs...)
}

// find returns the path of a library that n needs, "" if no package has it. folders are
// those of n's RUNPATH, which the dynamic linker searches first.
func (l *linker) find(n *node, lib string, folders []string) string {
	for _, dir := range folders {
		dir = strings.NewReplacer("$ORIGIN", "/"+path.Dir(n.path), "${ORIGIN}", "/"+path.Dir(n.path)).Replace(dir)
		p := strings.TrimPrefix(path.Join("/", dir, lib), "/")
		if path.IsAbs(dir) && (l.t.nodes[p] != nil || l.spare[p] != nil) {
			return p
		}
	}
	if places := l.byName[lib]; len(places) > 0 {
		return places[0]
	}
	return ""
}

func missing(n *node, what string) error {
	return system.Unusable("%s needs %s, which is in no package", n.path, what).
		Suggest("add the package that contains it, or remove that package from debian: exclude")
}

// addInterpreter adds the dynamic linker. If packages contain it below usr only, its
// usual name becomes a link.
func (l *linker) addInterpreter(n *node, interp string) error {
	p := strings.TrimPrefix(path.Clean(interp), "/")
	if !cleanPath(p) {
		return missing(n, interp)
	}
	if l.t.nodes[p] == nil && l.spare[p] == nil {
		if l.spare["usr/"+p] == nil && l.t.nodes["usr/"+p] == nil {
			return missing(n, interp)
		}
		l.t.nodes[p] = &node{path: p, typ: system.TypeSymlink, mode: 0o777, link: "/usr/" + p}
		p = "usr/" + p
	}
	return l.take(p, 0)
}

// take adds the file at p and the targets of its links to the tree.
func (l *linker) take(p string, hops int) error {
	n := l.t.nodes[p]
	if n == nil {
		if n = l.spare[p]; n == nil {
			return system.Unusable("library %s is in no package", p)
		}
		if err := l.t.addPackage(n); err != nil {
			return err
		}
	}
	if n.typ != system.TypeSymlink {
		return l.need(n)
	}
	if hops > 8 {
		return system.Unusable("library %s: too many links", p)
	}
	target := n.link
	if !path.IsAbs(target) {
		target = path.Join("/", path.Dir(p), target)
	}
	return l.take(strings.TrimPrefix(path.Clean(target), "/"), hops+1)
}

// dynamic reads the interpreter of an ELF file, the libraries that it needs, and the
// folders that it names for them (RUNPATH, or RPATH). All are empty for other files. The
// bytes are hostile.
func dynamic(r io.ReaderAt) (interp string, libs, folders []string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("invalid ELF file: %v", p)
		}
	}()
	magic := make([]byte, 4)
	if n, _ := r.ReadAt(magic, 0); n < 4 || string(magic) != elf.ELFMAG {
		return "", nil, nil, nil
	}
	f, err := elf.NewFile(r)
	if err != nil {
		return "", nil, nil, err
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return "", nil, nil, nil
	}
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP && p.Filesz < 4096 {
			b := make([]byte, p.Filesz)
			if _, err := io.ReadFull(p.Open(), b); err != nil {
				return "", nil, nil, err
			}
			interp = string(bytes.TrimRight(b, "\x00"))
		}
	}
	if libs, err = f.ImportedLibraries(); err != nil {
		return "", nil, nil, err
	}
	for _, tag := range []elf.DynTag{elf.DT_RUNPATH, elf.DT_RPATH} {
		all, err := f.DynString(tag)
		if err != nil {
			return "", nil, nil, err
		}
		if len(all) > 0 { // RPATH has no effect if there is a RUNPATH
			return interp, libs, strings.Split(all[0], ":"), nil
		}
	}
	return interp, libs, nil, nil
}
