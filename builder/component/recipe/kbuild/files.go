package kbuild

import (
	"bufio"
	"encoding/json"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

const (
	maxConfig = 4 << 20
	maxImage  = 256 << 20
)

// compiled lists the files of the source that the compiler read for the kernel, sorted,
// one a line. Kbuild writes the names into a file .NAME.cmd beside each object. Files that
// only programs of the build use are not in the list. For a link, the list has its target.
func compiled(source string, files map[string]bool) ([]byte, error) {
	source, err := filepath.EvalSymlinks(source)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{}
	err = filepath.WalkDir(source, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := e.Name()
		if e.IsDir() {
			if at, _ := filepath.Rel(source, path); at == "scripts" || at == "tools" {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasPrefix(name, ".") || !strings.HasSuffix(name, ".cmd") {
			return nil
		}
		return readCmd(path, func(name string) { named[name] = true })
	})
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for name := range named {
		if !files[name] && filepath.IsLocal(name) {
			name = behind(source, name)
		}
		if files[name] {
			found[name] = true
		}
	}
	if len(found) == 0 {
		return nil, errors.New("no .cmd file names a file of the source")
	}
	return lines(slices.Sorted(maps.Keys(found))), nil
}

// behind is the file of the source to which a link leads, "" for none. The path of the
// source has no links.
func behind(source, name string) string {
	file, err := filepath.EvalSymlinks(filepath.Join(source, name))
	if err != nil {
		return ""
	}
	name, err = filepath.Rel(source, file)
	if err != nil {
		return ""
	}
	return name
}

// code lists the C, assembler and header files of a source, compiled or not, sorted, one a
// line.
func code(files map[string]bool) []byte {
	var names []string
	for name := range files {
		switch path.Ext(name) {
		case ".c", ".h", ".S":
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return lines(names)
}

func lines(names []string) []byte { return []byte(strings.Join(names, "\n") + "\n") }

// readCmd calls visit for the source and the headers that a .cmd file names.
func readCmd(path string, visit func(string)) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 8<<20) // a command line can be long
	inDeps := false
	for s.Scan() {
		text := s.Text()
		switch {
		case strings.HasPrefix(text, "source_"):
			_, name, _ := strings.Cut(text, ":= ")
			visit(filepath.Clean(name))
		case strings.HasPrefix(text, "deps_"):
			inDeps = true
		case inDeps && strings.HasPrefix(text, "  ") && !strings.Contains(text, "$("):
			visit(filepath.Clean(strings.TrimSpace(strings.TrimSuffix(text, `\`))))
		case text == "":
			inDeps = false
		}
	}
	return s.Err()
}

// part is one file of a kernel.
type part struct {
	name string
	data *[]byte
}

// built are the files that the build writes.
func (k *Kernel) built(image string) []part {
	return []part{{image, &k.Image}, {"modules.builtin", &k.Builtin}, {"modules.builtin.modinfo", &k.Modinfo}}
}

// kept are the files of a kernel in the cache.
func (k *Kernel) kept() []part {
	return append(k.built("image"), part{"config", &k.Config}, part{"sources", &k.Sources}, part{"code", &k.Code})
}

const about = "kernel.json"

// load reads a kernel of the cache.
func load(dir string) (*Kernel, error) {
	data, err := bounded.ReadFile(filepath.Join(dir, about), maxConfig)
	if err != nil {
		return nil, err
	}
	k := &Kernel{}
	if err := strictjson.DecodeKnown(data, k); err != nil {
		return nil, err
	}
	for _, f := range k.kept() {
		if *f.data, err = bounded.ReadFile(filepath.Join(dir, f.name), maxImage); err != nil {
			return nil, err
		}
	}
	return k, nil
}

// store writes a kernel into the cache. Another program sees all of it or nothing.
func (k *Kernel) store(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".new-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	data, err := json.MarshalIndent(k, "", "  ")
	if err != nil {
		return err
	}
	for _, f := range append(k.kept(), part{about, &data}) {
		if err := os.WriteFile(filepath.Join(tmp, f.name), *f.data, 0o644); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(dir); err != nil { // a damaged entry
		return err
	}
	return os.Rename(tmp, dir)
}
