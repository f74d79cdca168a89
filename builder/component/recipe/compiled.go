package recipe

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe/kbuild"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Files of an image with a compiled kernel, beside kernel, config and kernel.tar.
const (
	// kernelSources has the names of the source files that were compiled.
	kernelSources = "kernel.sources"
	// kernelCode has the names of all C, assembler and header files of the source. With
	// kernelSources, it tells a file that was not compiled from a file that does not exist.
	kernelCode = "kernel.code"
	// kernelBuild says from what the kernel was made.
	kernelBuild = "kernel.build.json"
)

// kernelRevision is the version of the code that makes the files of an image from a compiled
// kernel, as revision is for all images.
const kernelRevision = 2

// kernelProject is the kernel that the recipe compiles, nil for none. A missing tool is
// reported here, before anything is fetched.
func kernelProject(ctx context.Context, rec *Recipe, arch string) (*kbuild.Project, error) {
	in, err := kernelOptions(rec, arch)
	if in == nil || err != nil {
		return nil, err
	}
	return kbuild.Prepare(ctx, *in)
}

// kernelOptions is what the recipe says of the kernel that it compiles, nil for none.
func kernelOptions(rec *Recipe, arch string) (*kbuild.Inputs, error) {
	if rec.Kernel == nil || rec.Kernel.Source == nil {
		return nil, nil
	}
	s := rec.Kernel.Source
	in := &kbuild.Inputs{Arch: arch, Compiler: s.Compiler}
	dir, err := filepath.Abs(rec.Dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(filepath.Dir(dir))
	if err != nil {
		return nil, system.Unusable("the folder above the recipe cannot be opened").Because(err)
	}
	defer root.Close()
	read := func(name string) (kbuild.Config, error) {
		data, err := readText(root, filepath.Join(filepath.Base(dir), name))
		if err != nil {
			return kbuild.Config{}, system.BadInput("the options %q cannot be read", name).At(s.Pos).Because(err)
		}
		return kbuild.Config{Name: filepath.Join(rec.Dir, name), Data: data}, nil
	}
	for _, name := range s.Base {
		part, err := read(name)
		if err != nil {
			return nil, err
		}
		in.Base = append(in.Base, part)
	}
	if in.Policy, err = read(s.Policy); err != nil {
		return nil, err
	}
	return in, nil
}

// addKernel compiles the kernel, and replaces the archive of the source by the files that a
// Debian kernel package has.
func addKernel(ctx context.Context, o Options, rec *Recipe, t *tree, sp *spool, project *kbuild.Project, packages []*debPackage) (*CompiledKernel, error) {
	pos := rec.Kernel.Source.Pos
	archive, err := sourceArchive(t, pos)
	if err != nil {
		return nil, err
	}
	var from *debPackage
	for _, p := range packages {
		if p.Name == archive.owner {
			from = p
		}
	}
	if o.Locked { // say it before the minutes that compiling takes
		if _, err := lockedFor(rec, o.Arch, project.Key(digests.FromHex(from.SHA256))); err != nil {
			return nil, err
		}
	}
	delete(t.nodes, archive.path)
	k, err := project.Build(ctx, archive.content.reader(), digests.FromHex(from.SHA256), filepath.Join(o.StateDir, "kernels"), o.Progress)
	if err != nil {
		return nil, err
	}
	about, err := json.MarshalIndent(struct {
		SchemaVersion int     `json:"schemaVersion"`
		Source        Package `json:"source"`
		*kbuild.Kernel
	}{1, from.Package, k}, "", "  ")
	if err != nil {
		return nil, err
	}
	modules := "lib/modules/" + k.Release + "/"
	for _, f := range []struct {
		path string
		data []byte
	}{
		{"boot/vmlinuz-" + k.Release, k.Image}, {"boot/config-" + k.Release, k.Config},
		{modules + "modules.builtin", k.Builtin}, {modules + "modules.builtin.modinfo", k.Modinfo},
		{kernelSources, k.Sources}, {kernelCode, k.Code}, {kernelBuild, append(about, '\n')},
	} {
		c, err := sp.add(bytes.NewReader(f.data))
		if err != nil {
			return nil, err
		}
		if err := t.put(&node{path: f.path, typ: system.TypeFile, mode: 0o644, content: c}, pos); err != nil {
			return nil, err
		}
	}
	return &CompiledKernel{Inputs: k.Inputs, Kernel: digests.Of(k.Image), Config: digests.Of(k.Config), Tools: k.Tools}, nil
}

// KernelInputs is the digest (sha256:HEX) of what the kernel of a component would be compiled
// from, with the packages that apt offers now. Nothing is fetched or compiled.
func KernelInputs(ctx context.Context, o Options) (string, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	rec, err := Load(o.Dir)
	if err != nil {
		return "", err
	}
	rec = rec.On(o.Arch)
	project, err := kernelProject(ctx, rec, o.Arch)
	if err != nil {
		return "", err
	}
	if project == nil {
		return "", system.BadInput("%s compiles no kernel", rec.Path)
	}
	if o.StateDir == "" {
		if o.StateDir, err = defaultState(); err != nil {
			return "", err
		}
	}
	s := newSources(o)
	defer s.Close()
	src, done, err := s.open(ctx, rec, o.Progress)
	if err != nil {
		return "", err
	}
	defer done()
	return kernelInputs(ctx, src, rec, o.Arch, project)
}

func kernelInputs(ctx context.Context, src packageSource, rec *Recipe, arch string, project *kbuild.Project) (string, error) {
	var wants []string
	for _, p := range rec.Debian.Packages {
		wants = append(wants, strings.ReplaceAll(p.Text, "{arch}", arch))
	}
	packages, err := src.resolve(ctx, wants, rec.Debian.Depends)
	if err != nil {
		return "", err
	}
	for _, p := range packages {
		if isKernelSource(p.Name) {
			return project.Key(digests.FromHex(p.SHA256)), nil
		}
	}
	return "", system.Unusable("no package has the source of a kernel").At(rec.Kernel.Source.Pos).Suggest("name a package such as linux-source-6.12 under debian: packages")
}

func isKernelSource(name string) bool { return strings.HasPrefix(name, "linux-source-") }

// sourceArchive is the archive of the source in the packages.
func sourceArchive(t *tree, pos system.Position) (*node, error) {
	var found *node
	for _, p := range sortedKeys(t.nodes) {
		if ok, _ := path.Match("usr/src/linux-source-*.tar.xz", p); !ok || t.nodes[p].typ != system.TypeFile {
			continue
		}
		if found != nil {
			return nil, system.Unusable("the packages contain the source of two kernels: %s and %s", found.path, p).At(pos).Suggest("name only one package")
		}
		found = t.nodes[p]
	}
	if found == nil {
		return nil, system.Unusable("the packages do not contain usr/src/linux-source-VERSION.tar.xz").At(pos).
			Suggest("name a package such as linux-source-6.12 under debian: packages, and include usr/src/**")
	}
	return found, nil
}
