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

// Input is all that an effective spec depends on.
type Input struct {
	// Container is the entry of os.yml. Its Name and Image are set.
	Container *spec.Container
	// Image is what its reference resolved to, and Label the image's label, nil
	// without one.
	Image *system.Image
	Label *spec.Settings
	// Dir is the container's folder in the tree, FilesDir the one that holds
	// the image's files; it is another container's where they share an image.
	// Neither has a leading slash.
	Dir, FilesDir string
	// IDs are the user and group ids of container names.
	IDs map[string]uint32
	// Volumes are the system's volumes by name, true for read-only ones.
	Volumes map[string]bool
	// Arch is the Go name of the architecture.
	Arch string
	// Profile is the content of the file that `seccomp` names, where it names
	// one (see ProfilePath).
	Profile []byte
}

// Output is what the container is allowed to do, and who said so.
type Output struct {
	// Config and Runtime are config.json and runtime.json.
	Config, Runtime []byte
	// Origins by JSON pointer into Config, or into Runtime with the prefix
	// "runtime:". A namespace has its origin at its type, too, also where
	// the container shares the host's: "/linux/namespaces/network".
	Origins map[string]system.Origin
	// Notes say what the input asks for that cannot be, or is read otherwise.
	Notes []Note
}

// Note is a setting that has no effect, though it is no error; or, where Works
// is set, one that is not read as it is written.
type Note struct {
	Works bool
	// Origin of the setting, its Key in os.yml, and its Value there.
	Origin     system.Origin
	Key, Value string
	// Component is the ID of the component that it belongs to, "" for none.
	Component string
	Text      string
}

// build is one run of Effective.
type build struct {
	Input
	yaml, label *spec.Settings
	out         *Output
	errs        []error
	// mounts by destination, while they are collected.
	mounts map[string]mount
}

// Effective makes the spec of one container. Errors are joined; each is a
// *system.Error: of the kind ErrInput for what os.yml says, ErrUnusable for
// what the image says.
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
	b.out.Config = b.encode(s)
	b.out.Runtime = b.encode(b.runtime(s.Root.Readonly))
	if len(b.errs) > 0 {
		return nil, errors.Join(b.errs...)
	}
	return b.out, nil
}

// ReadOnly: the container's root filesystem is read-only.
func ReadOnly(c *spec.Container, label *spec.Settings) bool {
	v := c.Readonly
	if v == nil && label != nil {
		v = label.Readonly
	}
	return v.Get()
}

// what names the container in messages.
func (b *build) what() string {
	return fmt.Sprintf("%s %q", b.Container.Section, b.Container.Name.V)
}

// fail reports an error about a value: its place, or that of the image where
// the value comes from there.
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

func (b *build) note(o system.Origin, key, value, format string, args ...any) {
	b.out.Notes = append(b.out.Notes, Note{
		Origin: o, Key: key, Value: value, Component: string(b.Container.Section) + "/" + b.Container.Name.V,
		Text: fmt.Sprintf(format, args...),
	})
}

func (b *build) origin(pointer string, o system.Origin) { b.out.Origins[pointer] = o }

// byDefault is the origin of a value that is not set, with the place where os.yml
// could.
func (b *build) byDefault() system.Origin {
	o := b.Container.Pos().Origin()
	o.Layer = system.LayerDefault
	return o
}

func (b *build) byImage() system.Origin {
	o := b.Container.Image.Pos().Origin()
	o.Layer = system.LayerImage
	return o
}

// pick gives the value of the highest layer that has one, and notes its origin.
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

// pickText is pick for keys where "" means that nothing is said.
func pickText[T ~string](b *build, pointer string, values ...*spec.Value[T]) *spec.Value[T] {
	return pick(b, pointer, slices.DeleteFunc(values, func(v *spec.Value[T]) bool { return v.Get() == "" })...)
}

// pickList is pick for lists; each item whose place differs gets it noted.
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

// originOf notes the origin of an element where it is not its list's.
func (b *build) originOf(pointer string, i int, o system.Origin) {
	if o != b.out.Origins[pointer] {
		b.origin(fmt.Sprintf("%s/%d", pointer, i), o)
	}
}

// pickMap is pick for mappings.
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

// escape writes a key as part of a JSON pointer (RFC 6901).
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// texts gives a list of texts of any type as strings.
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

// hostname needs a uts namespace of the container's own: without one, the name
// would be the host's, and no runtime starts the container.
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

// encode writes JSON for people, the same bytes each time.
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

// below makes an absolute path of a place in the tree.
func below(dir string, elem ...string) string {
	return path.Join(append([]string{"/", dir}, elem...)...)
}
