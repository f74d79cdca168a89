package recipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe/kbuild"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// FileName is the recipe's name in its folder.
const FileName = "component.yml"

const maxRecipe = 1 << 20

var (
	nameRE    = lazyre.New(`^[a-z0-9]+([._-][a-z0-9]+)*$`)
	versionRE = lazyre.New(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$`)
	// packageRE is Debian policy 5.6.7, with the placeholder {arch} and an
	// optional =VERSION.
	packageRE = lazyre.New(`^[a-z0-9]([a-z0-9+.-]|\{arch\})+(=[A-Za-z0-9.+:~-]+)?$`)
	suiteRE   = lazyre.New(`^[a-z][a-z0-9-]*$`)
	userRE    = lazyre.New(`^[a-z_][a-z0-9_-]{0,31}$`)
)

// Load reads DIR/component.yml. It reports all errors at once. Each is an ErrInput
// with its place.
func Load(dir string) (*Recipe, error) {
	name := filepath.Join(dir, FileName)
	data, err := bounded.ReadFile(name, maxRecipe)
	if err != nil {
		return nil, system.BadInput("recipe %s cannot be read", name).Because(err).Suggest("give the folder that contains %s", FileName)
	}
	rec, err := parse(name, data)
	if err != nil {
		return nil, err
	}
	rec.Path, rec.Dir, rec.Digest = name, dir, digests.Of(data)
	return rec, nil
}

func parse(file string, data []byte) (*Recipe, error) {
	root, err := strictyaml.Parse(file, data)
	switch {
	case root == nil && err != nil:
		return nil, err
	case root == nil:
		return nil, system.BadInput("the recipe is empty").At(system.Position{File: file}).Suggest("add at least name and version")
	}
	r := &reader{strictyaml.Reader{Name: file}}
	rec := &Recipe{}
	rec.read(r, root)
	return rec, errors.Join(err, r.Err())
}

func (rec *Recipe) read(r *reader, root *yaml.Node) {
	var architectures *yaml.Node
	text := func(p *string) func(*yaml.Node) { return func(n *yaml.Node) { *p = r.Text(n) } }
	var confined *confine
	var config map[string]any
	globs := func(p *[]string) func(*yaml.Node) { return func(n *yaml.Node) { *p = r.globs(n) } }
	r.Fields(root, "the recipe", map[string]func(*yaml.Node){
		"name":    func(n *yaml.Node) { rec.Name = r.match(n, nameRE, "name") },
		"version": func(n *yaml.Node) { rec.Version = r.match(n, versionRE, "version") },
		"tags": func(n *yaml.Node) {
			r.List(n, func(c *yaml.Node) { rec.Tags = append(rec.Tags, r.match(c, versionRE, "tag")) })
		},
		"description": text(&rec.Description),
		"licenses":    text(&rec.Licenses),
		"source":      text(&rec.Source),
		"debian":      func(n *yaml.Node) { rec.Debian = r.debian(n) },
		"include":     globs(&rec.Include),
		"exclude":     globs(&rec.Exclude),
		"libraries":   func(n *yaml.Node) { rec.Libraries = r.Bool(n) },
		"files":       func(n *yaml.Node) { r.List(n, func(c *yaml.Node) { rec.Files = append(rec.Files, r.ownFile(c)) }) },
		"go": func(n *yaml.Node) {
			r.List(n, func(c *yaml.Node) { rec.Programs = append(rec.Programs, r.program(c)) })
		},
		"symlinks": func(n *yaml.Node) {
			r.List(n, func(c *yaml.Node) { rec.Symlinks = append(rec.Symlinks, r.symlink(c)) })
		},
		"users":  func(n *yaml.Node) { r.List(n, func(c *yaml.Node) { rec.Users = append(rec.Users, r.user(c)) }) },
		"groups": func(n *yaml.Node) { r.List(n, func(c *yaml.Node) { rec.Groups = append(rec.Groups, r.group(c)) }) },
		"tar": func(n *yaml.Node) {
			r.List(n, func(c *yaml.Node) { rec.Tars = append(rec.Tars, Tar(r.collection(c, "a tarball"))) })
		},
		"join": func(n *yaml.Node) {
			r.List(n, func(c *yaml.Node) { rec.Joins = append(rec.Joins, Join(r.collection(c, "a joined file"))) })
		},
		"kernel":  func(n *yaml.Node) { rec.Kernel = r.kernel(n) },
		"image":   func(n *yaml.Node) { rec.Image = r.image(n) },
		"health":  func(n *yaml.Node) { rec.Health = r.health(n) },
		"confine": func(n *yaml.Node) { confined = r.confine(n) },
		"config":  func(n *yaml.Node) { config, rec.Profile = r.label(n) },

		"architectures": func(n *yaml.Node) { architectures = n },
	})
	if confined != nil {
		if config == nil {
			config = map[string]any{}
		}
		confined.fill(config)
	}
	if config != nil {
		var err error
		if rec.Config, err = json.Marshal(config); err != nil {
			r.fail(root, "config cannot be written as JSON: %v", err)
		}
	}
	for _, need := range []struct{ key, value string }{{"name", rec.Name}, {"version", rec.Version}} {
		if need.value == "" && !r.Failed() {
			r.fail(root, "the recipe needs a %s", need.key)
		}
	}
	if rec.Kernel != nil && rec.Debian == nil {
		r.fail(root, "kernel needs debian: packages, with a kernel image")
	}
	if rec.Debian == nil && (len(rec.Include)+len(rec.Exclude) > 0 || rec.Libraries) {
		r.fail(root, "include, exclude and libraries apply to packages, but the recipe has no debian: packages")
	}
	if architectures != nil {
		rec.variants(r, root, architectures)
	}
}

func (r *reader) match(n *yaml.Node, re *lazyre.Regexp, what string) string {
	s := r.Text(n)
	if s != "" && !re.MatchString(s) || s == "" && n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
		r.fail(n, "%s %q must match %s", what, s, re)
		return ""
	}
	return s
}

func (r *reader) globs(n *yaml.Node) []string {
	var out []string
	r.List(n, func(c *yaml.Node) {
		g := strings.TrimPrefix(r.Text(c), "/")
		if g == "" || !doublestar.ValidatePattern(g) {
			r.fail(c, "invalid pattern %q", g)
			return
		}
		out = append(out, strings.TrimSuffix(g, "/"))
	})
	return out
}

func (r *reader) debian(n *yaml.Node) *Debian {
	d := &Debian{}
	r.Fields(n, "debian", map[string]func(*yaml.Node){
		"packages": func(n *yaml.Node) {
			d.Packages = r.values(n)
			for i, p := range d.Packages {
				if !packageRE.MatchString(p.Text) {
					r.fail(n.Content[i], "%q is not a package name", p.Text)
				}
			}
		},
		"depends": func(n *yaml.Node) { d.Depends = r.Bool(n) },
		"exclude": func(n *yaml.Node) { d.Exclude = r.globs(n) },
		"suite":   func(n *yaml.Node) { d.Suite = r.match(n, suiteRE, "suite") },
	})
	if len(d.Packages) == 0 {
		r.fail(n, "debian needs packages")
	}
	if len(d.Exclude) > 0 && !d.Depends {
		r.fail(n, "debian: exclude has no effect without depends: true")
	}
	return d
}

func (r *reader) ownFile(n *yaml.Node) File {
	f := File{Pos: r.Pos(n)}
	kinds, modeGiven := 0, false
	r.Fields(n, "a file", map[string]func(*yaml.Node){
		"path":      func(n *yaml.Node) { f.Path = r.path(n) },
		"source":    func(n *yaml.Node) { kinds++; f.Source = r.source(n) },
		"contents":  func(n *yaml.Node) { kinds++; f.Contents = r.Text(n) },
		"directory": func(n *yaml.Node) { kinds++; f.Directory = r.Bool(n) },
		"apparmor":  func(n *yaml.Node) { kinds++; f.AppArmor = r.source(n) },
		"mode":      func(n *yaml.Node) { modeGiven = true; f.Mode = r.mode(n) },
		"uid":       func(n *yaml.Node) { f.UID = r.id(n) },
		"gid":       func(n *yaml.Node) { f.GID = r.id(n) },
	})
	if n.Kind == yaml.MappingNode && (f.Path == "" || kinds != 1) && !r.Failed() {
		r.fail(n, "a file needs path and one of source, contents, apparmor, directory: true")
	}
	if !modeGiven {
		f.Mode = 0o644
		if f.Directory {
			f.Mode = 0o755
		}
	}
	return f
}

// source is a path below the recipe's folder.
func (r *reader) source(n *yaml.Node) string {
	s := r.Text(n)
	if s != "" && !cleanPath(s) {
		r.fail(n, "source %q must be in the folder of the recipe", s)
		return ""
	}
	return s
}

func (r *reader) program(n *yaml.Node) Program {
	p := Program{Pos: r.Pos(n)}
	r.Fields(n, "a Go program", map[string]func(*yaml.Node){
		"package": func(n *yaml.Node) {
			p.Package = r.Text(n)
			if rel, ok := strings.CutPrefix(p.Package, "./"); !ok || !cleanPath(rel) {
				r.Bad(n, "write the path from the root of the module: ./cmd/NAME", "package %q is not a folder of the module", p.Package)
			}
		},
		"path": func(n *yaml.Node) { p.Path = r.path(n) },
	})
	if n.Kind == yaml.MappingNode && (p.Path == "" || p.Package == "") && !r.Failed() {
		r.fail(n, "a Go program needs package and path")
	}
	return p
}

func (r *reader) symlink(n *yaml.Node) Symlink {
	s := Symlink{Pos: r.Pos(n)}
	r.Fields(n, "a symlink", map[string]func(*yaml.Node){
		"path":   func(n *yaml.Node) { s.Path = r.path(n) },
		"target": func(n *yaml.Node) { s.Target = r.Text(n) },
	})
	if n.Kind == yaml.MappingNode && (s.Path == "" || s.Target == "") && !r.Failed() {
		r.fail(n, "a symlink needs path and target")
	}
	return s
}

// collection is what Tar and Join have.
type collection struct {
	Path    string
	Include []string
	Pos     system.Position
}

func (r *reader) collection(n *yaml.Node, what string) collection {
	t := collection{Pos: r.Pos(n)}
	r.Fields(n, what, map[string]func(*yaml.Node){
		"path":    func(n *yaml.Node) { t.Path = r.path(n) },
		"include": func(n *yaml.Node) { t.Include = r.globs(n) },
	})
	if n.Kind == yaml.MappingNode && (t.Path == "" || len(t.Include) == 0) && !r.Failed() {
		r.fail(n, "%s needs path and include", what)
	}
	return t
}

func (r *reader) kernel(n *yaml.Node) *Kernel {
	k := &Kernel{Pos: r.Pos(n)}
	patterns := func(n *yaml.Node) []Value {
		vs := r.values(n)
		for i, v := range vs {
			if _, err := path.Match(v.Text, ""); v.Text == "" || err != nil {
				r.fail(n.Content[i], "invalid module pattern %q", v.Text)
			}
		}
		return vs
	}
	r.Fields(n, "kernel", map[string]func(*yaml.Node){
		"modules":  func(n *yaml.Node) { k.Modules = patterns(n) },
		"optional": func(n *yaml.Node) { k.Optional = patterns(n) },
		"source":   func(n *yaml.Node) { k.Source = r.kernelSource(n) },
	})
	if k.Source != nil && len(k.Modules)+len(k.Optional) > 0 {
		r.fail(n, "a kernel that is compiled from source has no modules: remove modules and optional, and set the options in the base")
	}
	return k
}

// options reads the name of one file with options of a kernel, or a list of names.
func (r *reader) options(n *yaml.Node) []string {
	if n.Kind != yaml.SequenceNode {
		if name := r.optionsFile(n); name != "" {
			return []string{name}
		}
		return nil
	}
	var out []string
	for _, item := range n.Content {
		out = append(out, r.optionsFile(item))
	}
	return out
}

// optionsFile reads the name of a file with options of a kernel. Kernels share such files,
// so it may be in a folder beside that of the recipe.
func (r *reader) optionsFile(n *yaml.Node) string {
	s := r.Text(n)
	if beside, ok := strings.CutPrefix(s, "../"); s != "" && !cleanPath(s) && !(ok && cleanPath(beside)) {
		r.fail(n, "%q must be in the folder of the recipe, or in one beside it", s)
		return ""
	}
	return s
}

func (r *reader) kernelSource(n *yaml.Node) *KernelSource {
	s := &KernelSource{Pos: r.Pos(n)}
	r.Fields(n, "source", map[string]func(*yaml.Node){
		"base":     func(n *yaml.Node) { s.Base = r.options(n) },
		"policy":   func(n *yaml.Node) { s.Policy = r.optionsFile(n) },
		"compiler": func(n *yaml.Node) { s.Compiler = r.match(n, kbuild.CompilerRE, "compiler") },
	})
	if n.Kind == yaml.MappingNode && (len(s.Base) == 0 || s.Policy == "" || s.Compiler == "") && !r.Failed() {
		r.fail(n, "source needs base, policy (files with options of the kernel) and compiler (such as gcc-12)")
	}
	return s
}

// cleanPath reports whether p is relative, separated by slashes, and free of empty
// parts, "." and "..".
func cleanPath(p string) bool {
	return p != "" && p != "." && p == path.Clean(p) && p != ".." && !path.IsAbs(p) &&
		!strings.HasPrefix(p, "../") && !strings.ContainsRune(p, 0)
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Reference is the short name that os.yml uses.
func (rec *Recipe) Reference() string { return fmt.Sprintf("seaworthy/%s:%s", rec.Name, rec.Version) }

// names are the full references of the image for annotations: first with the
// version, then with each tag.
func (rec *Recipe) names() []string {
	out := []string{"docker.io/" + rec.Reference()}
	for _, tag := range rec.Tags {
		if name := "docker.io/seaworthy/" + rec.Name + ":" + tag; !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}
