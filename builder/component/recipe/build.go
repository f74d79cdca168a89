package recipe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe/layout"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// Options say what to build, and where to write it.
type Options struct {
	// Dir is the folder with component.yml. BuildAll sets it.
	Dir string
	// Output is the OCI layout for the image. It is created if it is missing.
	Output string
	// Arch is the Go name of the architecture.
	Arch string
	// StateDir keeps apt's lists and packages between builds. "" is the folder
	// seaworthy in the user's cache folder.
	StateDir string
	// ModuleRoot is the folder of go.mod for Go programs. "" searches Dir and
	// the folders above it.
	ModuleRoot string
	// Locked uses exactly the packages of component.lock.json. WriteLock writes
	// that file.
	Locked, WriteLock bool
	// Time is the time of every file and of the image. The zero Time is
	// 1970-01-01.
	Time time.Time
	// Progress receives one line for each step. It may be nil.
	Progress func(string)
}

// Result is the image that was built.
type Result struct {
	// Reference is the name for os.yml: seaworthy/NAME:VERSION.
	Reference string
	// Digest is that of the index, which locks pin. Manifest is that of Arch.
	Digest, Manifest string
	// Recipe is the digest (sha256:HEX) of component.yml.
	Recipe string
	// Packages are those with files in the image, by name.
	Packages []Package
	// Size is the size of the compressed layer.
	Size int64
	// Unchanged says that the layout had the image already.
	Unchanged bool
	// Kernel is the kernel that the component compiled. It is nil for other components,
	// and for an image that is unchanged.
	Kernel *CompiledKernel
}

var archRE = lazyre.New(`^[a-z0-9]{2,16}$`)

// openSource opens the packages for a recipe. Another goroutine cannot use them
// before done is called.
type openSource func(ctx context.Context, rec *Recipe, progress func(string)) (src packageSource, done func(), err error)

// build makes the image of one component and adds it to the layout. It replaces an
// older image of the same reference. A failed build does not change the layout.
func build(ctx context.Context, o Options, open openSource) (*Result, error) {
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if !archRE.MatchString(o.Arch) {
		return nil, system.BadInput("architecture %q is invalid", o.Arch).Suggest("write a Go architecture, such as amd64")
	}
	if o.Time.IsZero() {
		o.Time = time.Unix(0, 0)
	}
	o.Time = o.Time.UTC().Truncate(time.Second)
	rec, err := Load(o.Dir)
	if err != nil {
		return nil, err
	}
	rec = rec.On(o.Arch)
	label, err := rec.Label(o.Arch)
	if err != nil {
		return nil, err
	}
	programs, done, err := compile(ctx, rec, o.ModuleRoot, o.Arch, o.Progress)
	defer done()
	if err != nil {
		return nil, err
	}
	project, err := kernelProject(ctx, rec, o.Arch)
	if err != nil {
		return nil, err
	}
	now := &made{}
	if now.Inputs, err = inputs(ctx, o, rec, label, programs, project); err != nil {
		return nil, system.BadInput("the files of the recipe cannot be read").At(system.Position{File: rec.Path}).Because(err)
	}
	packages, last, err := findPackages(ctx, o, rec, now, open)
	if err != nil {
		return nil, err
	}
	if last != nil {
		return last, nil
	}
	sp, err := newSpool()
	if err != nil {
		return nil, system.Unusable("a temporary file cannot be created").Because(err)
	}
	defer sp.Close()
	t := newTree()
	if rec.Debian != nil {
		o.Progress("unpacking")
		if err := unpack(ctx, t, sp, rec, packages); err != nil {
			return nil, err
		}
	}
	var kernel *CompiledKernel
	if project != nil {
		if kernel, err = addKernel(ctx, o, rec, t, sp, project, packages); err != nil {
			return nil, err
		}
		if o.Locked {
			if err := kernel.check(rec, o.Arch); err != nil {
				return nil, err
			}
		}
	}
	if rec.Kernel != nil {
		o.Progress("choosing kernel modules")
		if err := arrangeKernel(t, sp, rec.Kernel); err != nil {
			return nil, err
		}
	}
	if err := errors.Join(addOwn(ctx, t, sp, rec), addPrograms(t, sp, programs)); err != nil {
		return nil, err
	}
	if err := errors.Join(addAccounts(t, sp, rec), addJoins(t, sp, rec), addTars(t, sp, rec)); err != nil {
		return nil, err
	}
	kept, err := addPackageLists(t, sp, packages)
	if err != nil {
		return nil, err
	}
	if err := t.finish(); err != nil {
		return nil, err
	}
	o.Progress("packing")
	r, err := pack(o, rec, label, t, sp, kept)
	if err != nil {
		return nil, err
	}
	if o.WriteLock && rec.Debian != nil {
		if err := writeLock(rec, o.Arch, packages, kernel); err != nil {
			return nil, err
		}
	}
	r.Kernel = kernel
	now.Manifest, now.Kept, now.Size = r.Manifest, r.Packages, r.Size
	return r, now.write(o.StateDir, o.Arch, rec)
}

// defaultState is the state folder without --state-dir.
func defaultState() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", system.BadInput("the state folder is unknown").Because(err)
	}
	return filepath.Join(cache, "seaworthy"), nil
}

// findPackages resolves and fetches the packages of the recipe, and records them in
// now. If the last image has the same inputs, it returns that image instead.
func findPackages(ctx context.Context, o Options, rec *Recipe, now *made, open openSource) ([]*debPackage, *Result, error) {
	last := readMade(o.StateDir, o.Arch, rec)
	if o.WriteLock || o.Locked && rec.Kernel != nil && rec.Kernel.Source != nil {
		last = nil // the packages must be resolved, and the kernel compared
	}
	if rec.Debian == nil {
		if o.Locked || o.WriteLock {
			o.Progress("the recipe has no packages: there is nothing to lock")
		}
		if last.same(now.Inputs, "") {
			return nil, unchanged(o, rec, last), nil
		}
		return nil, nil, nil
	}
	var locked []Package
	if o.Locked {
		var err error
		if locked, err = readLock(rec, o.Arch); err != nil {
			return nil, nil, err
		}
	}
	src, done, err := open(ctx, rec, o.Progress)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	now.Lists = src.lists()
	if last != nil && locked == nil && now.Lists != "" && last.Inputs == now.Inputs && last.Lists == now.Lists {
		if r := unchanged(o, rec, last); r != nil {
			return nil, r, nil
		}
	}
	packages, err := gather(ctx, src, rec, o.Arch, locked, o.Progress)
	if err != nil {
		return nil, nil, err
	}
	if locked != nil {
		if err := compareLock(locked, packages); err != nil {
			return nil, nil, err
		}
	}
	now.Packages = packagesDigest(packages)
	if last.same(now.Inputs, now.Packages) {
		if r := unchanged(o, rec, last); r != nil {
			last.Lists = now.Lists
			return nil, r, last.write(o.StateDir, o.Arch, rec)
		}
	}
	return packages, nil, nil
}

// unchanged is the last image, nil if the layout does not have it.
func unchanged(o Options, rec *Recipe, last *made) *Result {
	if _, err := os.Stat(filepath.Join(o.Output, ocispec.ImageIndexFile)); err != nil {
		return nil
	}
	l, err := layout.Open(o.Output)
	if err != nil {
		return nil // building reports it
	}
	defer l.Close()
	index, ok := l.Has(rec.names(), o.Arch, last.Manifest)
	if !ok {
		return nil
	}
	return &Result{Reference: rec.Reference(), Recipe: rec.Digest, Digest: index.String(), Manifest: last.Manifest, Packages: last.Kept, Size: last.Size, Unchanged: true}
}

func pack(o Options, rec *Recipe, label string, t *tree, sp *spool, kept []Package) (*Result, error) {
	lay, err := writeLayer(t, sp, o.Time)
	if err != nil {
		return nil, system.Unusable("the layer cannot be packed").Because(err)
	}
	l, err := layout.Open(o.Output)
	if err != nil {
		return nil, system.Unusable("layout %s cannot be opened", o.Output).Because(err)
	}
	defer l.Close()
	index, manifest, err := l.Put(rec.names(), o.Arch, layout.Blob{Digest: digest.Digest(lay.digest), Size: lay.blob.len, Reader: lay.blob.reader()},
		imageConfig(rec, o.Arch, label, lay, o.Time))
	if err != nil {
		return nil, system.Unusable("layout %s cannot be written", o.Output).Because(err)
	}
	return &Result{Reference: rec.Reference(), Recipe: rec.Digest, Digest: index.String(), Manifest: manifest.String(), Packages: kept, Size: lay.blob.len}, nil
}

// kindOf is the kind of an error, ErrUnusable without one.
func kindOf(err error) error {
	for _, kind := range []error{system.ErrMismatch, system.ErrInput} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	return system.ErrUnusable
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
