package policy

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// limits bound a folder of rules.
type limits struct {
	entries, files  int // of any kind; of ours
	fileBytes, size int // of one file; of all
}

// Somebody else's rules are bounded so that reading them stays cheap; what is
// linked into the program is half a megabyte today.
var (
	guestLimits   = limits{entries: 20_000, files: 5000, fileBytes: 2 << 20, size: 8 << 20}
	builtinLimits = limits{entries: 20_000, files: 5000, fileBytes: 2 << 20, size: 64 << 20}
)

// file is one file of a rule folder. Name is how errors call it.
type file struct {
	path, name string
	content    []byte
}

// tree is a rule folder, sorted out by what its files are for. Each list is in
// path order.
type tree struct {
	modules []file // *.rego, without tests
	tests   []file // *_test.rego
	data    []file // data/**.json
	packs   []file // packs/*.yaml
	schemas []file // data/params.schema.json
	// frameworks are frameworks/*.yaml.
	frameworks []file
}

// readTree reads a rule folder. Names in errors are prefixed.
func readTree(fsys fs.FS, prefix string, lim limits) (*tree, error) {
	t := &tree{}
	entries, count, total := 0, 0, 0
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entries++; entries > lim.entries {
			return system.BadInput("%s: more than %d files and folders", prefix, lim.entries).Suggest("give the folder that holds the rules alone")
		}
		hidden := strings.HasPrefix(d.Name(), ".") && p != "."
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		list := t.place(p)
		if hidden || list == nil {
			return nil
		}
		if count++; count > lim.files {
			return system.BadInput("%s: more than %d rule files", prefix+p, lim.files)
		}
		content, err := readLimited(fsys, p, prefix, lim.fileBytes)
		if err != nil {
			return err
		}
		if total += len(content); total > lim.size {
			return system.BadInput("%s: the rule files hold more than %d MiB", prefix+p, lim.size>>20)
		}
		*list = append(*list, file{path: p, name: prefix + p, content: content})
		return nil
	})
	if err != nil {
		var known *system.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, system.BadInput("rules in %s", prefix).Because(err)
	}
	for _, list := range t.lists() {
		slices.SortFunc(*list, func(a, b file) int { return strings.Compare(a.path, b.path) })
	}
	return t, nil
}

func (t *tree) lists() []*[]file {
	return []*[]file{&t.modules, &t.tests, &t.data, &t.packs, &t.frameworks, &t.schemas}
}

// place says which list a path belongs to; nil: none.
func (t *tree) place(p string) *[]file {
	top, _, _ := strings.Cut(p, "/")
	switch path.Ext(p) {
	case ".rego":
		if strings.HasSuffix(p, "_test.rego") {
			return &t.tests
		}
		return &t.modules
	case ".json":
		switch {
		case p == paramsSchema:
			return &t.schemas
		case top == "data" && !strings.HasSuffix(p, ".schema.json"):
			return &t.data
		}
	case ".yaml", ".yml":
		switch top {
		case "packs":
			return &t.packs
		case "frameworks":
			return &t.frameworks
		}
	}
	return nil
}

func readLimited(fsys fs.FS, p, prefix string, most int) ([]byte, error) {
	// Before it is opened: a pipe would wait for a writer for ever.
	info, err := fs.Stat(fsys, p)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, system.BadInput("%s%s: not a regular file", prefix, p)
	}
	f, err := fsys.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := bounded.Read(f, int64(most))
	if errors.As(err, new(bounded.TooLarge)) {
		return nil, system.BadInput("%s%s", prefix, p).Because(err)
	}
	return content, err
}
