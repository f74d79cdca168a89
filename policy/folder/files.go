// Package folder reads rule folders: the modules, tests, data files, packs, schemas
// and framework catalogues of a policy. It also packs a folder into a bundle and
// reads bundles.
//
// Folders and bundles are hostile input. All sizes and numbers are bounded, and no
// path leads out of the folder. Rego is only stored here, and not parsed.
package folder

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Limits are the limits of a rule folder.
type Limits struct {
	entries, files  int // files and folders of any kind; files of the rule folder
	fileBytes, size int // bytes of one file; of all files
	// noTests leaves out the tests.
	noTests bool
}

// SchemaPath is the path of the JSON schema for the key params of data files.
const SchemaPath = "data/params.schema.json"

// GuestLimits limit rules that are not built in, so that reading them is cheap.
// BuiltinLimits limit the rules in the program, which have about half a megabyte
// today.
var (
	GuestLimits   = Limits{entries: 20_000, files: 5000, fileBytes: 2 << 20, size: 8 << 20}
	BuiltinLimits = Limits{entries: 20_000, files: 5000, fileBytes: 2 << 20, size: 64 << 20}
)

// File is one file of a rule folder: its path in the folder, and its name in
// errors.
type File struct {
	Path    string `json:"path"`
	Name    string `json:"name"`
	Content []byte `json:"content"`
}

// Tree is a rule folder, with a list for each purpose of a file. Each list is in
// path order.
type Tree struct {
	Modules    []File `json:"modules,omitempty"`    // *.rego, without tests
	Tests      []File `json:"tests,omitempty"`      // *_test.rego
	Data       []File `json:"data,omitempty"`       // data/**.json
	Packs      []File `json:"packs,omitempty"`      // packs/*.yaml
	Schemas    []File `json:"schemas,omitempty"`    // data/params.schema.json
	Frameworks []File `json:"frameworks,omitempty"` // frameworks/*.yaml
}

// WithoutTests returns the same limits for reading a folder without its tests.
func (lim Limits) WithoutTests() Limits {
	lim.noTests = true
	return lim
}

// Read reads a rule folder. The names of its files in errors begin with prefix.
func Read(fsys fs.FS, prefix string, lim Limits) (*Tree, error) {
	t := &Tree{}
	entries, count, total := 0, 0, 0
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entries++; entries > lim.entries {
			return system.BadInput("%s: more than %d files and folders", prefix, lim.entries).Suggest("give a folder that contains only the rules")
		}
		hidden := strings.HasPrefix(d.Name(), ".") && p != "."
		if d.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		list := t.place(p)
		if hidden || list == nil || lim.noTests && list == &t.Tests {
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
			return system.BadInput("%s: the rule files have more than %d MiB", prefix+p, lim.size>>20)
		}
		*list = append(*list, File{Path: p, Name: prefix + p, Content: content})
		return nil
	})
	if err != nil {
		var known *system.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, system.BadInput("the rules in %s cannot be read", prefix).Because(err)
	}
	for _, list := range t.Lists() {
		slices.SortFunc(*list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	}
	return t, nil
}

// Lists are all lists of the tree, in a fixed order.
func (t *Tree) Lists() []*[]File {
	return []*[]File{&t.Modules, &t.Tests, &t.Data, &t.Packs, &t.Frameworks, &t.Schemas}
}

// place is the list for a path, or nil if the path belongs to no rule folder.
func (t *Tree) place(p string) *[]File {
	top, _, _ := strings.Cut(p, "/")
	switch path.Ext(p) {
	case ".rego":
		if strings.HasSuffix(p, "_test.rego") {
			return &t.Tests
		}
		return &t.Modules
	case ".json":
		switch {
		case p == SchemaPath:
			return &t.Schemas
		case top == "data" && !strings.HasSuffix(p, ".schema.json"):
			return &t.Data
		}
	case ".yaml", ".yml":
		switch top {
		case "packs":
			return &t.Packs
		case "frameworks":
			return &t.Frameworks
		}
	}
	return nil
}

func readLimited(fsys fs.FS, p, prefix string, most int) ([]byte, error) {
	// Check before opening: a pipe would wait for a writer forever.
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
