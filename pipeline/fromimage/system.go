package fromimage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// listing is what one reading of the root found.
type listing struct {
	// last is the number of the entry that has a path at the end, and types its type.
	last  map[string]int
	count int
	types map[string]system.EntryType
	// folders are the folders that an entry describes.
	folders map[string]system.Entry
	// specs are the files that describe containers, by path.
	specs map[string][]byte
}

const (
	maxSpec       = 4 << 20
	maxContainers = 1000
)

// described finds the files that describe containers, in the layout of LinuxKit.
var described = lazyre.New(`^containers/(onboot|onshutdown|services)/([^/]+)/(config|runtime)\.json$`)

// System reads the root, and describes the image as a system: the kernel, the root as
// a component of the init section, and the containers in LinuxKit's layout.
func (im *Image) System(ctx context.Context) (*system.OS, error) {
	im.os = &system.OS{Name: im.name, Arch: im.arch}
	if len(im.lines) == 1 {
		im.os.Kernel.Cmdline = im.lines[0]
	}
	im.os.Kernel.Origin = system.Origin{Layer: system.LayerImage}
	if im.kernel != nil {
		c := im.component(system.SectionKernel, "kernel", 0)
		im.os.Kernel.Component, im.os.Kernel.Binary = c, kernelPath
		im.os.Components = append(im.os.Components, c)
	}
	if im.root == nil {
		return im.os, nil
	}
	im.tree = &listing{last: map[string]int{}, types: map[string]system.EntryType{}, folders: map[string]system.Entry{}, specs: map[string][]byte{}}
	if err := im.visit(ctx, []*place{im.root}, func(p *place, s *io.SectionReader) error {
		return inspect.Entries(p.item, s, im.tree.add)
	}); err != nil {
		im.missing(fmt.Sprintf("the files of the root cannot be read: %v", err), fromFiles...)
		im.root = nil
		return im.os, nil
	}
	im.os.Components = append(im.os.Components, im.component(system.SectionInit, "root", 0))
	return im.os, im.containers()
}

func (l *listing) add(e *system.Entry, body io.Reader) error {
	l.last[e.Path] = l.count
	l.count++
	l.types[e.Path] = e.Type
	if e.Type == system.TypeDir {
		l.folders[e.Path] = *e
	}
	if e.Type != system.TypeFile || !described.MatchString(e.Path) {
		return nil
	}
	if e.Size > maxSpec || len(l.specs) >= 2*maxContainers {
		return fmt.Errorf("%s has %d bytes, or there are more than %d containers", e.Path, e.Size, maxContainers)
	}
	b, err := io.ReadAll(io.LimitReader(body, maxSpec))
	l.specs[e.Path] = b
	return err
}

// component is a part of the image, in place of a component image.
func (im *Image) component(section system.Section, name string, index int) *system.Component {
	c := &system.Component{Section: section, Name: name, Index: index, Origins: map[string]system.Origin{"": {Layer: system.LayerImage}}}
	var all string
	for _, f := range im.files {
		all += f.digest + "\n"
	}
	c.Image = &system.Image{Name: im.name + "#" + c.ID(), Manifest: digests.Of([]byte(all + c.ID())), From: "image",
		Config: system.ImageConfig{Architecture: im.arch, OS: "linux"}}
	return c
}

// containers adds the containers of the root.
func (im *Image) containers() error {
	var found []string
	for p := range im.tree.specs {
		if path.Base(p) == "config.json" && im.tree.types[p] == system.TypeFile {
			found = append(found, path.Dir(p))
		}
	}
	slices.Sort(found)
	if len(found) == 0 {
		im.missing("the image has no containers in LinuxKit's layout, so the permissions of its programs are not known", "spec", "runtime", "effective spec", "sysctls")
		return nil
	}
	order := []system.Section{system.SectionOnboot, system.SectionOnshutdown, system.SectionServices}
	slices.SortStableFunc(found, func(a, b string) int { return slices.Index(order, sectionOf(a)) - slices.Index(order, sectionOf(b)) })
	taken := map[string]bool{}
	count := map[system.Section]int{}
	byFiles := map[string]*system.Component{}
	var errs []error
	for _, dir := range found {
		section := sectionOf(dir)
		name := path.Base(dir)
		if short := numbered.ReplaceAllString(name, ""); short != "" && !taken[string(section)+"/"+short] {
			name = short
		}
		taken[string(section)+"/"+name] = true
		c := im.component(section, name, count[section])
		count[section]++
		c.Dir = dir
		if err := im.spec(c); err != nil {
			errs = append(errs, err)
			continue
		}
		if first := byFiles[c.FilesDir]; first != nil {
			c.SharesFiles, c.Image = true, first.Image
		} else {
			byFiles[c.FilesDir] = c
		}
		im.os.Components = append(im.os.Components, c)
	}
	return errors.Join(errs...)
}

// numbered is the start of the folders of onboot and onshutdown.
var numbered = lazyre.New(`^[0-9]{3}-`)

func sectionOf(dir string) system.Section { return system.Section(strings.Split(dir, "/")[1]) }

// spec reads the spec of a container, and finds its files.
func (im *Image) spec(c *system.Component) error {
	at := c.Dir + "/config.json"
	bad := func(name string, err error) error {
		return system.Unusable("%s: /%s is not a valid runtime spec", im.root.file.path, name).Because(err).Suggest("do not boot this image")
	}
	var spec struct {
		Root struct {
			Path     string `json:"path"`
			ReadOnly bool   `json:"readonly"`
		} `json:"root"`
	}
	c.Spec = im.tree.specs[at]
	if err := errors.Join(strictjson.Check(c.Spec), json.Unmarshal(c.Spec, &spec)); err != nil {
		return bad(at, err)
	}
	if runtime, ok := im.tree.specs[c.Dir+"/runtime.json"]; ok {
		if err := strictjson.Check(runtime); err != nil {
			return bad(c.Dir+"/runtime.json", err)
		}
		c.Runtime = runtime
	} else {
		c.Runtime = []byte("{}")
	}
	c.ReadOnly = spec.Root.ReadOnly
	c.FilesDir = path.Join(c.Dir, spec.Root.Path)
	if path.IsAbs(spec.Root.Path) {
		c.FilesDir = strings.TrimPrefix(path.Clean(spec.Root.Path), "/")
	}
	// A writable root is an overlay over the folder lower.
	if lower := path.Join(path.Dir(c.FilesDir), "lower"); im.tree.types[lower] == system.TypeDir {
		c.FilesDir = lower
	}
	if !strings.HasPrefix(c.FilesDir, "containers/") || im.tree.types[c.FilesDir] != system.TypeDir {
		return bad(at, fmt.Errorf("its root %q is not a folder of the image", spec.Root.Path))
	}
	return ownMounts(c)
}

// kernelPath is the kernel among the entries for its component.
const kernelPath = "kernel"

// reading says how the scanner reads a component.
func reading(c *system.Component, all []*system.Component) scanner.Reading {
	how := scanner.Reading{}
	switch c.Section {
	case system.SectionKernel:
		how.Kernel = kernelPath
	case system.SectionInit:
		how.Devices, how.Root = true, true
	}
	for _, other := range all {
		if other.Image == c.Image && other.Spec != nil {
			how.Asked = append(how.Asked, scanner.Questions(other)...)
		}
	}
	slices.Sort(how.Asked)
	how.Asked = slices.Compact(how.Asked)
	return how
}
