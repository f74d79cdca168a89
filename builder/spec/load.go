package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// Load reads os.yml files and merges them in order. A later file overrides
// single fields of the kernel section. Lists are appended. All errors of all
// files are joined; each is a *system.Error.
func Load(paths []string) (*Config, error) { return LoadWith(paths, nil) }

// Input is an os.yml that does not come from a local file.
type Input struct {
	// Name is how messages and outputs call it.
	Name string
	Data []byte
	// Dir is the folder that relative paths start from. Remote: the os.yml
	// comes from another machine, so it must not name files of this machine.
	Dir    string
	Remote bool
}

// LoadWith is like Load, but some paths are not local files. open returns the
// Input for such a path, and nil for a local file.
func LoadWith(paths []string, open func(path string) (*Input, error)) (*Config, error) {
	if len(paths) == 0 {
		return nil, system.BadInput("no os.yml given").Suggest("give at least one os.yml file")
	}
	var inputs []input
	var errs []error
	for _, p := range paths {
		in, err := read(p, open)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		in.name = distinct(in.name, inputs)
		inputs = append(inputs, in)
	}
	c, err := merge(inputs)
	return c, errors.Join(append(errs, err)...)
}

// input holds the bytes of one file, its name in messages and outputs, and its
// folder.
type input struct {
	name, dir string
	data      []byte
	remote    bool
}

func read(path string, open func(string) (*Input, error)) (input, error) {
	if open != nil {
		if in, err := open(path); err != nil || in != nil {
			if err != nil {
				return input{}, err
			}
			return input{name: in.Name, dir: in.Dir, data: in.Data, remote: in.Remote}, nil
		}
	}
	fail := func(err error) (input, error) {
		return input{}, system.BadInput("cannot read %s", path).Because(err).Suggest("give the path of a readable os.yml file")
	}
	data, err := bounded.ReadFile(path, MaxFileBytes)
	if err != nil {
		return fail(err)
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return fail(err)
	}
	return input{name: displayName(full), dir: filepath.Dir(full), data: data}, nil
}

// displayName returns the name of a file in outputs. It is relative to the
// working directory if the file is below it, else the base name. So outputs do
// not depend on where the project's folder is.
func displayName(full string) string {
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, full); err == nil && filepath.IsLocal(rel) {
			return filepath.ToSlash(rel)
		}
	}
	return filepath.Base(full)
}

// distinct adds a number to a name that another file already has.
func distinct(name string, taken []input) string {
	n, candidate := 1, name
	for i := 0; i < len(taken); i++ {
		if taken[i].name == candidate {
			n++
			candidate, i = fmt.Sprintf("%s (%d)", name, n), -1
		}
	}
	return candidate
}

// merge decodes the inputs and merges them.
func merge(inputs []input) (*Config, error) {
	c := &Config{}
	var problems []error
	var merged []map[string]any
	for _, in := range inputs {
		c.Sources = append(c.Sources, Source{
			Source: system.Source{Path: in.name, Digest: digests.Of(in.data)}, Dir: in.dir, Remote: in.remote,
		})
		doc, root, errs := decodeFile(in)
		problems = append(problems, errs...)
		if len(errs) == 0 {
			merged = append(merged, plain(root).(map[string]any))
		}
		c.add(doc)
	}
	if len(problems) == 0 {
		c.Merged = mergePlain(merged)
		problems = check(c)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return c, nil
}

func (c *Config) add(doc *document) {
	if k := doc.Kernel; k != nil {
		if c.Kernel.Origin == (system.Origin{}) {
			c.Kernel.Origin = k.Origin
		}
		override(&c.Kernel.Image, k.Image)
		override(&c.Kernel.Cmdline, k.Cmdline)
		override(&c.Kernel.Binary, k.Binary)
		override(&c.Kernel.Tar, k.Tar)
		override(&c.Kernel.Ucode, k.Ucode)
	}
	if doc.Init != nil {
		c.Init = append(c.Init, doc.Init.Items...)
	}
	sections := []struct {
		name system.Section
		from *[]Container
		to   *[]Container
	}{
		{system.SectionOnboot, doc.Onboot, &c.Onboot},
		{system.SectionOnshutdown, doc.Onshutdown, &c.Onshutdown},
		{system.SectionServices, doc.Services, &c.Services},
	}
	for _, s := range sections {
		if s.from == nil {
			continue
		}
		for _, container := range *s.from {
			container.Section = s.name
			*s.to = append(*s.to, container)
		}
	}
	if doc.Volumes != nil {
		c.Volumes = append(c.Volumes, *doc.Volumes...)
	}
	if doc.Files != nil {
		c.Files = append(c.Files, *doc.Files...)
	}
	if doc.Trust != nil {
		extend(&c.Trust.Image, doc.Trust.Image)
		extend(&c.Trust.Org, doc.Trust.Org)
	}
}

func override[T any](to **T, from *T) {
	if from != nil {
		*to = from
	}
}

func extend(to **List[string], from *List[string]) {
	switch {
	case from == nil:
	case *to == nil:
		*to = from
	default:
		(*to).Items = append((*to).Items, from.Items...)
	}
}

// decodeFile reads one document. If it returns no errors, root is not nil.
func decodeFile(in input) (*document, *yaml.Node, []error) {
	var doc document
	var errs []error
	report := func(line, column int, what, next string) {
		errs = append(errs, system.BadInput("%s", what).At(system.Position{File: in.name, Line: line, Column: column}).Suggest("%s", next))
	}
	root, second, err := parse(in.data)
	switch {
	case errors.Is(err, io.EOF):
		report(1, 1, "the file is empty", "write at least one section, such as services:")
	case err != nil:
		line, what := syntaxError(err)
		report(line, 1, "not valid YAML: "+what, "")
	case second > 0:
		report(second, 1, "the file has a second YAML document", "move the second document to another file: files are merged in order")
	}
	if len(errs) > 0 {
		return &doc, nil, errs
	}
	d := &decoder{
		origin: func(n *yaml.Node) system.Origin {
			return system.OriginAt(system.Position{File: in.name, Line: n.Line, Column: n.Column})
		},
		report: func(n *yaml.Node, _, what, next string) { report(n.Line, n.Column, what, next) },
	}
	expandPackages(root, Source{Dir: in.dir, Remote: in.remote}, func(n *yaml.Node, what, next string) { report(n.Line, n.Column, what, next) })
	d.into(root, &doc)
	return &doc, root, errs
}

// parse returns the root node of the first document. second is the line where a
// second document starts, or 0.
func parse(data []byte) (root *yaml.Node, second int, err error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, next yaml.Node
	if err := dec.Decode(&doc); err != nil {
		return nil, 0, err
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		return nil, max(next.Line, 1), nil
	case !errors.Is(err, io.EOF):
		return nil, 0, err
	}
	return doc.Content[0], 0, nil
}

var yamlLine = lazyre.New(`^line (\d+): `)

// syntaxError splits the parser's message into the line and the text.
func syntaxError(err error) (int, string) {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		if line, err := strconv.Atoi(m[1]); err == nil && line > 0 {
			return line, strings.TrimPrefix(text, m[0])
		}
	}
	return 1, text
}
