package whence

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of an index that is read.
const (
	maxLine     = 64 << 10
	maxPackages = 1 << 20
)

// Index is what an index says about a system, without its files.
type Index struct {
	Name, Arch string
	Components []Component
}

// Origin says where a file comes from.
type Origin struct {
	Component Component
	// Package is nil if no package owns the file.
	Package *Package
	// Layer is the digest of the layer, "" if it is not from a layer. It is layer
	// Number of Layers, counted from 1, the lowest.
	Layer          string
	Number, Layers int
	File           File
}

// Find reads an index, and finds the file at path, relative to the root of the system.
// Without such a file, the Origin is nil.
func Find(r io.Reader, at string) (*Index, *Origin, error) {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	p := &parser{at: at}
	for n := 1; s.Scan(); n++ {
		if err := p.line(n, s.Text()); err != nil {
			return nil, nil, fmt.Errorf("the index is damaged in line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return nil, nil, fmt.Errorf("the index cannot be read: %w", err)
	}
	if p.index.Name == "" {
		return nil, nil, errors.New("the index is empty")
	}
	return &p.index, p.found, nil
}

// parser reads line after line.
type parser struct {
	at       string
	index    Index
	layers   []string
	packages []Package
	folder   string
	found    *Origin
}

var errFields = errors.New("it has a wrong number of fields")

// lineFields is how many fields follow the kind of a line.
var lineFields = map[string]int{"component": 5, "layer": 1, "package": 3, "folder": 1}

func (p *parser) line(n int, text string) error {
	f := strings.Split(text, "\t")
	for i := range f {
		f[i] = unescape(f[i])
	}
	kind, fields := f[0], f[1:]
	if n == 1 {
		if kind != "seaworthy-whence" || len(fields) != 3 || fields[0] != version || fields[1] == "" {
			return errors.New("it is not an index that this program can read")
		}
		p.index.Name, p.index.Arch = fields[1], fields[2]
		return nil
	}
	want, known := lineFields[kind]
	switch {
	case strings.HasPrefix(kind, "="):
		return p.file(kind[1:], fields)
	case !known:
		return fmt.Errorf("%.40q is unknown", kind)
	case len(fields) != want:
		return errFields
	}
	switch kind {
	case "component":
		p.index.Components = append(p.index.Components, Component{fields[0], fields[1], fields[2], fields[3], fields[4]})
		p.layers, p.packages, p.folder = nil, nil, ""
	case "layer":
		p.layers = append(p.layers, fields[0])
	case "package":
		p.packages = append(p.packages, Package{fields[0], fields[1], fields[2]})
	case "folder":
		p.folder = fields[0]
	}
	if len(p.packages) > maxPackages || len(p.layers) > maxPackages || len(p.index.Components) > maxPackages {
		return errors.New("it has too many packages, layers or components")
	}
	return nil
}

func (p *parser) file(digest string, fields []string) error {
	if len(fields) != 3 || len(p.index.Components) == 0 {
		return errFields
	}
	c := p.index.Components[len(p.index.Components)-1]
	if path.Join(c.Root, p.folder, fields[2]) != p.at {
		return nil
	}
	o := &Origin{Component: c, Layers: len(p.layers), File: File{Path: path.Join(p.folder, fields[2])}}
	err := o.File.Digest.UnmarshalText([]byte(digest))
	if err != nil {
		return err
	}
	if o.File.Package, err = number(fields[0], len(p.packages)); err != nil {
		return err
	}
	if o.File.Layer, err = number(fields[1], len(p.layers)); err != nil {
		return err
	}
	if i := o.File.Package; i > 0 {
		o.Package = &p.packages[i-1]
	}
	if o.Number = o.File.Layer; o.Number > 0 {
		o.Layer = p.layers[o.Number-1]
	}
	p.found = o
	return nil
}

// number reads a number from 0 to most.
func number(text string, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, fmt.Errorf("%.40q is not a number from 0 to %d", text, most)
	}
	return n, nil
}

var unescapes = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n")

func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	return unescapes.Replace(s)
}

// Of returns the component with the own folder, or the root, that contains at, a path
// relative to the root of the system; nil if at is in none of them.
func (x *Index) Of(at string) *Component {
	i := slices.IndexFunc(x.Components, func(c Component) bool {
		return c.Folder != "" && (at == c.Folder || strings.HasPrefix(at, c.Folder+"/"))
	})
	if i < 0 {
		return nil
	}
	return &x.Components[i]
}
