package runtime

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Input is everything that an effective spec depends on.
type Input struct {
	// Container is the entry of os.yml. Its Name and Image are set.
	Container *spec.Container
	// Image is the image that the container's reference refers to. Label holds
	// the settings of its label, or nil.
	Image *system.Image
	Label *spec.Settings
	// Dir is the container's folder in the tree. FilesDir is the folder with
	// the image's files. If containers share an image, it is the folder of
	// another container. Neither has a leading slash.
	Dir, FilesDir string
	// IDs are the user and group ids of container names.
	IDs map[string]uint32
	// Volumes are the system's volumes by name. The value is true for a
	// read-only volume.
	Volumes map[string]bool
	// Users is the first id of the container's own range: see Ranges. It is 0 for a
	// container without `userns: auto`.
	Users uint32
	// Arch is the Go name of the architecture.
	Arch string
	// Profile is the content of the file that `seccomp` names, if it names a
	// file (see ProfilePath).
	Profile []byte
}

// Output is what the container is allowed to do, and the origin of each value.
type Output struct {
	// Config and Runtime are config.json and runtime.json.
	Config, Runtime []byte
	// Origins holds the origins by JSON pointer into Config, or into Runtime
	// with the prefix "runtime:". Namespaces also have an entry by type
	// ("/linux/namespaces/network"), even if the container uses the host's
	// namespace.
	Origins map[string]system.Origin
	// Notes lists the settings about which the user must know more.
	Notes []Note
}

// Note is a setting that has no effect, though it is not an error. If Works is
// set, the setting has an effect, but is not read as it is written, or may have
// consequences that os.yml does not show.
type Note struct {
	Works bool
	// Origin is the origin of the setting, Key its key in os.yml, and Value its
	// value there.
	Origin     system.Origin
	Key, Value string
	// Component is the ID of the component with the setting, or "".
	Component string
	Text      string
}

// build is one run of Effective.
type build struct {
	Input
	yaml, label *spec.Settings
	out         *Output
	errs        []error
	// mounts holds the mounts so far, by destination.
	mounts map[string]mount
}

// Effective makes the spec of one container. Errors are joined. Each is a
// *system.Error of the kind ErrInput for os.yml, or ErrUnusable for the image.
func Effective(in Input) (*Output, error) {
	b := &build{
		Input: in, yaml: &in.Container.Settings, label: in.Label,
		out: &Output{Origins: map[string]system.Origin{}}, mounts: map[string]mount{},
	}
	if b.label == nil {
		b.label = &spec.Settings{}
	}
	b.origin("", b.byDefault())
	s := &specs.Spec{Version: OCIVersion, Root: b.root(), Process: b.process(), Linux: b.linux()}
	s.Mounts = b.allMounts(s.Root.Readonly)
	s.Hostname = b.hostname()
	s.Annotations = b.annotations()
	s.Linux.Seccomp = b.seccomp(s.Process.Capabilities.Bounding)
	b.noteProfile(s.Process)
	b.out.Config = b.encode(s)
	b.out.Runtime = b.encode(b.runtime(s.Root.Readonly))
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return b.out, nil
}

// ReadOnly reports whether the container's root file system is read-only.
func ReadOnly(c *spec.Container, label *spec.Settings) bool {
	v := c.Readonly
	if v == nil && label != nil {
		v = label.Readonly
	}
	return v.Get()
}

// what returns the name of the container in messages.
func (b *build) what() string {
	return fmt.Sprintf("%s %q", b.Container.Section, b.Container.Name.V)
}

// fail adds an error about a value. For a value from the image, its place is
// that of the image reference.
func (b *build) fail(o system.Origin, next, format string, args ...any) {
	e := system.BadInput("%s: %s", b.what(), fmt.Sprintf(format, args...)).Suggest("%s", next)
	e.Pos = system.Position{File: o.File, Line: o.Line, Column: o.Column}
	switch o.Layer {
	case system.LayerLabel:
		e.Kind = system.ErrUnusable
		e.What += " (set by the label of image " + b.Image.Reference + ")"
	case system.LayerImage:
		e.Kind = system.ErrUnusable
		e.What += " (set by image " + b.Image.Reference + ")"
	}
	b.errs = append(b.errs, e)
}

// remark adds a note about a setting that works.
func (b *build) remark(o system.Origin, key, value, format string, args ...any) {
	b.note(o, key, value, format, args...)
	b.out.Notes[len(b.out.Notes)-1].Works = true
}

func (b *build) note(o system.Origin, key, value, format string, args ...any) {
	b.out.Notes = append(b.out.Notes, Note{
		Origin: o, Key: key, Value: value, Component: string(b.Container.Section) + "/" + b.Container.Name.V,
		Text: fmt.Sprintf(format, args...),
	})
}

func (b *build) origin(pointer string, o system.Origin) { b.out.Origins[pointer] = o }

// byDefault is the origin of a value that is not set. It has the place in
// os.yml where the value could be set.
func (b *build) byDefault() system.Origin {
	o := system.OriginAt(b.Container.Pos())
	o.Layer = system.LayerDefault
	return o
}

func (b *build) byImage() system.Origin {
	o := system.OriginAt(b.Container.Image.Pos())
	o.Layer = system.LayerImage
	return o
}

// pick returns the value of the highest layer that has one, and records its
// origin.
func pick[T any](b *build, pointer string, values ...*spec.Value[T]) *spec.Value[T] {
	for _, v := range values {
		if v != nil {
			b.origin(pointer, v.Origin)
			return v
		}
	}
	b.origin(pointer, b.byDefault())
	return nil
}

// pickText is like pick. "" counts as not set.
func pickText[T ~string](b *build, pointer string, values ...*spec.Value[T]) *spec.Value[T] {
	return pick(b, pointer, slices.DeleteFunc(values, func(v *spec.Value[T]) bool { return v.Get() == "" })...)
}

// pickList is like pick, for lists. It records the origin of an item that has
// another place than the list.
func pickList[T any](b *build, pointer string, lists ...*spec.List[T]) *spec.List[T] {
	for _, l := range lists {
		if l == nil {
			continue
		}
		b.origin(pointer, l.Origin)
		for i, item := range l.Items {
			b.originOf(pointer, i, item.Origin)
		}
		return l
	}
	b.origin(pointer, b.byDefault())
	return nil
}

// originOf records the origin of an element if it differs from the list's
// origin.
func (b *build) originOf(pointer string, i int, o system.Origin) {
	if o != b.out.Origins[pointer] {
		b.origin(fmt.Sprintf("%s/%d", pointer, i), o)
	}
}

// pickMap is like pick, for mappings.
func pickMap(b *build, pointer string, maps ...*spec.Map) map[string]string {
	for _, m := range maps {
		if m == nil {
			continue
		}
		b.origin(pointer, m.Origin)
		for _, p := range m.Items {
			if p.Origin != m.Origin {
				b.origin(pointer+"/"+escape(p.Key), p.Origin)
			}
		}
		return m.Get()
	}
	b.origin(pointer, b.byDefault())
	return nil
}

// escape escapes a key for a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// texts converts a list of any string type to strings.
func texts[T ~string](l *spec.List[T]) []string {
	var out []string
	for _, v := range l.Get() {
		out = append(out, string(v))
	}
	return out
}

func (b *build) root() *specs.Root {
	b.origin("/root", b.byDefault())
	return &specs.Root{Path: "rootfs", Readonly: pick(b, "/root/readonly", b.yaml.Readonly, b.label.Readonly).Get()}
}

func (b *build) annotations() map[string]string {
	return pickMap(b, "/annotations", b.yaml.Annotations, b.label.Annotations)
}

// hostname returns the host name. The container needs its own uts namespace for
// it. Without one, the name would change on the host, and no runtime starts
// such a container.
func (b *build) hostname() string {
	name := pickText(b, "/hostname", b.yaml.Hostname, b.label.Hostname)
	if name == nil {
		return ""
	}
	if !ownsNamespace(pickText(b, "/linux/namespaces/uts", b.yaml.Uts, b.label.Uts)) {
		b.note(name.Origin, "hostname", name.V, "hostname %q has no effect without `uts: new` and is ignored", name.V)
		return ""
	}
	return name.V
}

// encode writes indented JSON. The same value always gives the same bytes.
func (b *build) encode(v any) []byte {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		b.errs = append(b.errs, system.Unusable("%s", b.what()).Because(err))
	}
	return out.Bytes()
}

// below returns the absolute path of a place in the tree.
func below(dir string, elem ...string) string {
	return path.Join(append([]string{"/", dir}, elem...)...)
}
