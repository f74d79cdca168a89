package spec

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

var (
	volumeName    = lazyre.New(`^[a-z0-9_-]+$`)
	containerName = lazyre.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,75}$`)
	platform      = lazyre.New(`^[a-z0-9]+/[a-z0-9]+(/[a-z0-9.]+)?$`)
)

// checker checks conditions that concern several values. It runs after all
// files are merged.
type checker struct {
	c       *Config
	ids     map[string]uint32
	volumes map[string]system.Position
	errs    []error
}

func check(c *Config) []error {
	k := &checker{c: c, ids: c.IDs(), volumes: map[string]system.Position{}}
	k.kernel()
	k.listVolumes()
	for _, ref := range c.Init {
		k.image("init", &ref)
	}
	k.containers()
	k.files()
	for _, lists := range []*List[string]{c.Trust.Image, c.Trust.Org} {
		if lists != nil {
			for _, item := range lists.Items {
				if item.V == "" {
					k.errorf(item.Pos(), "remove the empty entry", "trust: the name is empty")
				}
			}
		}
	}
	return k.errs
}

func (k *checker) errorf(pos system.Position, next, format string, args ...any) {
	if len(k.errs) < maxErrors {
		k.errs = append(k.errs, system.BadInput(format, args...).At(pos).Suggest("%s", next))
	}
}

func (k *checker) kernel() {
	kernel := k.c.Kernel
	switch {
	case kernel.Origin == (system.Origin{}):
	case kernel.Image == nil:
		k.errorf(position(kernel.Origin), "add image: to the kernel section", "the kernel section has no image")
	default:
		k.image("kernel", kernel.Image)
	}
}

// HasImage reports whether the system has a kernel. It has none with
// `image: none` and without a kernel section.
func (kernel *Kernel) HasImage() bool {
	return kernel.Image != nil && kernel.Image.V != "none"
}

func (k *checker) image(what string, ref *Value[string]) {
	if ref.V == "" || strings.ContainsAny(ref.V, " \t\r\n") {
		k.errorf(ref.Pos(), "write an image reference", "%s: %q is not an image reference", what, ref.V)
	}
}

func (k *checker) containers() {
	first := map[string]*Container{}
	for _, c := range k.c.Containers() {
		what := string(c.Section) + " entry"
		if c.Name == nil {
			k.errorf(c.Pos(), "add name:", "%s has no name", what)
		} else {
			what = fmt.Sprintf("%s %q", c.Section, c.Name.V)
			if !containerName.MatchString(c.Name.V) {
				k.errorf(c.Name.Pos(), "use letters, digits, `-`, `_` and `.`, starting with a letter or digit", "%s: the name cannot be used as a folder name", what)
			}
			// An onboot step may run twice, because its folder has a number. A
			// service has only one folder.
			key := string(c.Section) + "/" + c.Name.V
			if other := first[key]; other == nil {
				first[key] = c
			} else if c.Section == system.SectionServices {
				k.errorf(c.Name.Pos(), "rename one of the two", "duplicate %s: the first is at %s", what, other.Pos())
			}
		}
		if c.Image == nil {
			k.errorf(c.Pos(), "add image:", "%s has no image", what)
		} else {
			k.image(what, c.Image)
		}
		for _, bad := range settingsErrors(&c.Settings) {
			k.errorf(bad.pos, bad.next, "%s: %s", what, bad.what)
		}
		k.references(what, &c.Settings)
	}
}

// references checks that the settings of a container name only existing
// containers and volumes.
func (k *checker) references(what string, s *Settings) {
	id := func(key string, v *Value[ID]) {
		if v == nil || v.V.Name == "" {
			return
		}
		if _, known := k.ids[v.V.Name]; !known {
			k.errorf(v.Pos(), "write a number, or the name of a container of this system", "%s: %s: no container has the name %q", what, key, v.V.Name)
		}
	}
	id("uid", s.UID)
	id("gid", s.GID)
	if s.AdditionalGids != nil {
		for i := range s.AdditionalGids.Items {
			id("additionalGids", &s.AdditionalGids.Items[i])
		}
	}
	for _, binds := range []*List[Bind]{s.Binds, s.BindsAdd} {
		if binds == nil {
			continue
		}
		for _, b := range binds.Items {
			if _, known := k.volumes[b.V.Source]; !known && !strings.HasPrefix(b.V.Source, "/") {
				k.errorf(b.Pos(), "add the volume to volumes:, or write an absolute path", "%s: unknown volume %q", what, b.V.Source)
			}
		}
	}
}

// IDs returns the user and group id of each container name. The ids start at
// 100 and follow the order of the containers. If several containers have the
// same name, the last one's id counts.
func (c *Config) IDs() map[string]uint32 {
	ids := map[string]uint32{}
	for i, container := range c.Containers() {
		ids[container.Name.Get()] = uint32(100 + i)
	}
	return ids
}

func (k *checker) listVolumes() {
	for _, v := range k.c.Volumes {
		pos := position(v.Origin)
		if v.Name == nil {
			k.errorf(pos, "add name:", "a volume has no name")
			continue
		}
		name := v.Name.V
		if !volumeName.MatchString(name) {
			k.errorf(v.Name.Pos(), "use a-z, 0-9, `-` and `_`", "volume %q: bad name", name)
		}
		if other, there := k.volumes[name]; there {
			k.errorf(v.Name.Pos(), "rename one of the two", "duplicate volume %q: the first is at %s", name, other)
		} else {
			k.volumes[name] = pos
		}
		if v.Image != nil {
			k.image(fmt.Sprintf("volume %q", name), v.Image)
		}
		switch format := v.Format.Get(); {
		case v.Format != nil && format != "filesystem" && format != "oci":
			k.errorf(v.Format.Pos(), "write filesystem or oci", "volume %q: unknown format %q", name, format)
		case format == "oci" && v.Image == nil:
			k.errorf(v.Format.Pos(), "add image:", "volume %q: format oci needs an image", name)
		case format != "oci" && v.Platforms != nil:
			k.errorf(position(v.Platforms.Origin), "add format: oci", "volume %q: platforms needs format oci", name)
		}
		if v.Platforms != nil {
			for _, p := range v.Platforms.Items {
				if !platform.MatchString(p.V) {
					k.errorf(p.Pos(), "write OS/ARCH or OS/ARCH/VARIANT", "volume %q: %q is not a platform", name, p.V)
				}
			}
		}
	}
}

// files checks each entry and finds entries whose paths conflict.
func (k *checker) files() {
	type place struct {
		file *File
		pos  system.Position
	}
	seen := map[string]place{}
	for i := range k.c.Files {
		f := &k.c.Files[i]
		p, ok := k.file(f)
		for _, id := range []*Value[ID]{f.UID, f.GID} {
			if id != nil && id.V.Name != "" {
				if _, known := k.ids[id.V.Name]; !known {
					k.errorf(id.Pos(), "write a number, or the name of a container of this system", "file %q: no container has the name %q", f.Path.Get(), id.V.Name)
				}
			}
		}
		if !ok {
			continue
		}
		// A later os.yml may replace a file, but two entries in one os.yml are
		// an error.
		if other, there := seen[p]; there && other.pos.File == f.Pos().File {
			k.errorf(f.Path.Pos(), "keep one of the two", "duplicate file %q: the first is at %s", f.Path.V, other.pos)
		}
		seen[p] = place{f, f.Pos()}
	}
	for i := range k.c.Files {
		f := &k.c.Files[i]
		for dir := path.Dir(f.Clean()); dir != "."; dir = path.Dir(dir) {
			if other, there := seen[dir]; there && f.Path != nil && !other.file.Directory.Get() {
				k.errorf(f.Path.Pos(), "", "file %q is below %q, which is not a folder (%s)", f.Path.V, dir, other.pos)
			}
		}
	}
}

// Clean returns the entry's path relative to the root. It returns "." for an
// entry without a path.
func (f *File) Clean() string { return path.Clean(strings.TrimPrefix(f.Path.Get(), "/")) }

func (k *checker) hasVolume(name string) bool {
	return name != "" && slices.ContainsFunc(k.c.Volumes, func(v Volume) bool { return v.Name.Get() == name })
}

func (k *checker) file(f *File) (string, bool) {
	if f.Path == nil {
		k.errorf(f.Pos(), "add path:", "a file has no path")
		return "", false
	}
	text, clean := f.Path.V, f.Clean()
	if climbs(text) || clean == "." || strings.HasPrefix(clean, "/") {
		k.errorf(f.Path.Pos(), "write a path inside the root file system, without `..`", "file %q is outside the root file system", text)
		return "", false
	}
	if place := system.Reserved(clean); place != "" && !k.hasVolume(system.InVolume(clean)) {
		if strings.HasPrefix(clean, "containers/volumes/") {
			k.errorf(f.Path.Pos(), "use a path below containers/volumes/NAME/lower, and list NAME in volumes:", "file %q is not in a volume", text)
			return "", false
		}
		k.errorf(f.Path.Pos(), "change the component instead", "file %q: only the builder can write to %s", text, place)
		return "", false
	}
	var kinds []string
	for name, set := range map[string]bool{
		"directory": f.Directory.Get(), "symlink": f.Symlink != nil, "contents": f.Contents != nil,
		"source": f.Source != nil, "metadata": f.Metadata != nil,
	} {
		if set {
			kinds = append(kinds, name)
		}
	}
	slices.Sort(kinds)
	switch {
	case len(kinds) == 0:
		k.errorf(f.Pos(), "add contents:, source:, symlink:, metadata: or directory: true", "file %q has no contents", text)
	case len(kinds) > 1:
		k.errorf(f.Pos(), "keep only one of them", "file %q has %s", text, strings.Join(kinds, " and "))
	case f.Metadata != nil && f.Metadata.V != "yaml" && f.Metadata.V != "json":
		k.errorf(f.Metadata.Pos(), "write yaml or json", "file %q: unknown metadata %q", text, f.Metadata.V)
	case f.Symlink != nil && f.Symlink.V == "":
		k.errorf(f.Symlink.Pos(), "write the link's target", "file %q: symlink is empty", text)
	case f.Source != nil && f.Source.V == "":
		k.errorf(f.Source.Pos(), "write the path of a file", "file %q: source is empty", text)
	default:
		return clean, true
	}
	return "", false
}
