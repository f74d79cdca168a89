package builder

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/runtime"
	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// Options say what Resolve reads and where images may come from.
type Options struct {
	// Files are the os.yml files in merge order: paths, https URLs, or "-" for
	// Stdin.
	Files []string
	Stdin io.Reader
	// Contents are read instead of the files with these paths, which need not exist.
	// Relative paths in them start from the folder of the file.
	Contents map[string][]byte
	// Name is the name of the system. "" means the stem of the first file.
	Name string
	// Arch is the Go name of the architecture to build for.
	Arch string
	// Components, Cache and Offline are described at component.Options.
	Components []string
	Cache      string
	Offline    bool
	// Locked: every image must be in the lock, with the same digest. LockFile
	// is the path of the lock; "" means the path that LockPath returns for the
	// first file.
	Locked   bool
	LockFile string
	// Pins is described at component.Options.
	Pins map[string]string
	// RedirectTo and Fresh are described at component.Options.
	RedirectTo []string
	Fresh      bool
	// Jobs limits how many images the later steps read at the same time.
	Jobs int
	// TempDir is the folder for temporary files. "" means the system's default.
	TempDir string
}

// Resolved is a resolved system and the open store that its images are read
// from.
type Resolved struct {
	OS    *system.OS
	Store *component.Store
	// Lock and LockDigest (sha256:HEX of the file) are nil and "" unless
	// Options.Locked was set.
	Lock       *component.Lock
	LockDigest string
	// Trust is the place of the first entry of the trust section. It is the
	// zero Position without that section. Component.Signed says for which
	// images the section asks for a signature.
	Trust system.Position
	// Notes lists settings that have no effect and settings that are read in
	// another way than they are written. Neither is an error.
	Notes []runtime.Note
}

// Architectures returns the Go names of the supported target architectures.
func Architectures() []string { return []string{"amd64", "arm64", "riscv64"} }

var systemName = lazyre.New(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$`)

// Resolve reads the os.yml files, finds every image and makes every effective
// spec. It joins all errors of a step. The caller must close Resolved.Store.
func Resolve(ctx context.Context, o Options) (*Resolved, error) {
	config, err := spec.LoadWith(o.Files, func(path string) (*spec.Input, error) { return o.open(ctx, path) })
	if err != nil {
		return nil, err
	}
	r := &Resolved{OS: &system.OS{Name: o.Name, Arch: o.Arch}}
	if r.OS.Name == "" {
		r.OS.Name = Stem(o.Files[0])
	}
	if !systemName.MatchString(r.OS.Name) {
		return nil, system.BadInput("the name %q cannot be part of a file name", r.OS.Name).Suggest("choose another name with --name")
	}
	if !slices.Contains(Architectures(), o.Arch) {
		return nil, system.BadInput("unknown architecture %q", o.Arch).Suggest("use one of %s", strings.Join(Architectures(), ", "))
	}
	store := o.store()
	if o.Locked {
		if r.Lock, r.LockDigest, err = ReadLock(o); err != nil {
			return nil, err
		}
		store.Locked = r.Lock.Digests()
	}
	if r.Store, err = component.Open(store); err != nil {
		return nil, err
	}
	if err := r.fill(ctx, config, o); err != nil {
		return nil, errors.Join(err, r.Store.Close())
	}
	return r, nil
}

// fill builds the OS from the configuration.
func (r *Resolved) fill(ctx context.Context, config *spec.Config, o Options) error {
	for _, s := range config.Sources {
		r.OS.Sources = append(r.OS.Sources, s.Source)
	}
	parts := layout(config)
	if err := r.find(ctx, parts); err != nil {
		_, filesErr := files(config, config.IDs())
		return errors.Join(err, filesErr)
	}
	specsErr := r.specs(config, parts)
	var filesErr error
	r.OS.Files, filesErr = files(config, hostIDs(config, parts)) // specs has made the ranges of ids
	r.Trust = r.trust(config, parts)
	for _, p := range parts {
		r.OS.Components = append(r.OS.Components, p.component)
	}
	r.OS.Kernel = kernel(config, parts)
	return errors.Join(specsErr, filesErr)
}

// find looks up the images of all parts, each reference once, and reports every
// missing image. The lookups run in parallel, because they mostly wait for
// registries.
func (r *Resolved) find(ctx context.Context, parts []*part) error {
	type search struct {
		first *part
		image *system.Image
		err   error
	}
	byReference := map[string]*search{}
	var order []*search
	for _, p := range parts {
		if p.reference.V != "" && byReference[p.reference.V] == nil {
			s := &search{first: p}
			byReference[p.reference.V] = s
			order = append(order, s)
		}
	}
	const atOnce = 16
	slots := make(chan struct{}, atOnce)
	var wait sync.WaitGroup
	for _, s := range order {
		wait.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() { <-slots; wait.Done() }()
			s.image, s.err = r.Store.Find(ctx, s.first.reference.V, s.first.reference.Pos())
		}()
	}
	wait.Wait()
	var errs []error
	for _, s := range order {
		errs = append(errs, s.err)
	}
	for _, p := range parts {
		if s := byReference[p.reference.V]; s != nil {
			p.component.Image = s.image
		}
	}
	return component.Join(errs)
}

// kernel returns the kernel section. Its component is the first part, if the
// system has a kernel.
func kernel(config *spec.Config, parts []*part) system.Kernel {
	k := config.Kernel
	if !k.HasImage() {
		return system.Kernel{}
	}
	out := system.Kernel{Component: parts[0].component, Cmdline: k.Cmdline.Get(), Binary: "kernel", Tar: "kernel.tar", Ucode: string(k.Ucode.Get())}
	out.Origin = k.Origin
	out.Origin.Layer = system.LayerDefault
	if k.Cmdline != nil {
		out.Origin = k.Cmdline.Origin
	}
	if b := k.Binary.Get(); b != "" {
		out.Binary = string(b)
	}
	if k.Tar != nil {
		out.Tar = string(k.Tar.V)
	}
	return out
}
