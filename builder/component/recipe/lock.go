package recipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// LockName is the name of the lock, beside the recipe.
const LockName = "component.lock.json"

const maxLock = 4 << 20

// lockFile records the packages of a component. Archives remove old versions, so
// that a lock can stop working. Then the build fails: it never uses other packages.
type lockFile struct {
	SchemaVersion int                  `json:"schemaVersion"`
	Component     string               `json:"component"`
	Architectures map[string][]Package `json:"architectures"`
	// Kernels are the compiled kernels, by architecture.
	Kernels map[string]*CompiledKernel `json:"kernels,omitempty"`
}

// CompiledKernel is what a kernel was compiled from, and the result, as digests (sha256:HEX).
type CompiledKernel struct {
	Inputs string `json:"inputs"`
	Kernel string `json:"kernel"`
	Config string `json:"config"`
	// Tools are the versions of the programs that compiled it. They are a part of Inputs.
	// With them, anyone can compute Inputs again from the recipe and the packages of the
	// lock. Locks of earlier versions do not have them.
	Tools []string `json:"tools,omitempty"`
}

// Same reports whether two kernels have the same inputs and are equal.
func (k *CompiledKernel) Same(other *CompiledKernel) bool {
	return k.Inputs == other.Inputs && k.Kernel == other.Kernel && k.Config == other.Config
}

// LockedKernel is the kernel in the lock of a component, nil for none.
func LockedKernel(dir, arch string) (*CompiledKernel, error) {
	l, err := loadLock(filepath.Join(dir, LockName))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, system.BadInput("the lock cannot be read").At(system.Position{File: filepath.Join(dir, LockName)}).Because(err)
	}
	return l.Kernels[arch], nil
}

// lockedFor is the kernel of the lock. It fails if that was compiled from other inputs.
func lockedFor(rec *Recipe, arch, inputs string) (*CompiledKernel, error) {
	locked, err := LockedKernel(rec.Dir, arch)
	if err != nil {
		return nil, err
	}
	var bad *system.Error
	switch {
	case locked == nil:
		bad = system.Mismatch("the lock has no kernel for architecture %s", arch)
	case locked.Inputs != inputs:
		bad = system.Mismatch("the inputs of the kernel for %s are %s, but the lock has %s", arch, inputs, locked.Inputs)
	default:
		return locked, nil
	}
	return nil, bad.At(system.Position{File: filepath.Join(rec.Dir, LockName)}).Suggest("build with --write-lock instead of --locked")
}

// check compares a kernel with that of the lock. The same inputs must give the same kernel.
func (k *CompiledKernel) check(rec *Recipe, arch string) error {
	locked, err := lockedFor(rec, arch, k.Inputs)
	if err != nil || locked.Same(k) {
		return err
	}
	return system.Mismatch("the same inputs gave another kernel: %s with the configuration %s, but the lock has %s with %s", k.Kernel, k.Config, locked.Kernel, locked.Config).
		At(system.Position{File: filepath.Join(rec.Dir, LockName)})
}

// CheckKernelLock says whether the kernel of the lock follows from the recipe, from its files
// of options, and from this version of the code. The source and the tools are those of the
// lock: newer packages change nothing. Nothing is fetched or compiled, and no tool is needed.
func CheckKernelLock(dir, arch string) error {
	rec, err := Load(dir)
	if err != nil {
		return err
	}
	rec = rec.On(arch)
	in, err := kernelOptions(rec, arch)
	if err != nil {
		return err
	}
	if in == nil || rec.Debian == nil {
		return system.BadInput("%s compiles no kernel", rec.Path)
	}
	packages, err := readLock(rec, arch)
	if err != nil {
		return err
	}
	locked, err := LockedKernel(rec.Dir, arch)
	if err != nil {
		return err
	}
	for _, p := range packages {
		if !isKernelSource(p.Name) || !slices.ContainsFunc(rec.Debian.Packages, func(v Value) bool { return v.Text == p.Name }) {
			continue
		}
		var tools []string
		if locked != nil {
			tools = locked.Tools
		}
		inputs, err := in.Key(digests.FromHex(p.SHA256), tools)
		if err != nil {
			return err
		}
		_, err = lockedFor(rec, arch, inputs)
		return err
	}
	return system.Mismatch("the lock has no package with the source of the kernel").At(system.Position{File: filepath.Join(rec.Dir, LockName)}).
		Suggest("build with --write-lock")
}

// readLock returns the locked packages for arch.
func readLock(rec *Recipe, arch string) ([]Package, error) {
	name := filepath.Join(rec.Dir, LockName)
	l, err := loadLock(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil, system.BadInput("the lock %s does not exist", name).Suggest("build once with --write-lock")
	}
	if err != nil {
		return nil, system.BadInput("the lock cannot be read").At(system.Position{File: name}).Because(err)
	}
	packages := l.Architectures[arch]
	bad := system.Mismatch("the lock is for component %s, but the recipe is for %s", l.Component, rec.Reference())
	if l.Component == rec.Reference() {
		if len(packages) > 0 {
			return packages, nil
		}
		bad = system.Mismatch("the lock has no packages for architecture %s", arch)
	}
	return nil, bad.At(system.Position{File: name}).Suggest("build with --write-lock instead of --locked")
}

func loadLock(name string) (*lockFile, error) {
	data, err := bounded.ReadFile(name, maxLock)
	if err != nil {
		return nil, err
	}
	return parseLock(data)
}

func parseLock(data []byte) (*lockFile, error) {
	l := &lockFile{}
	if err := strictjson.DecodeKnown(data, l); err != nil {
		return nil, err
	}
	if l.SchemaVersion != 1 {
		return nil, fmt.Errorf("schemaVersion %d is unknown: this version of seaworthy reads 1", l.SchemaVersion)
	}
	for _, k := range l.Kernels {
		if k == nil || !digests.Valid(k.Inputs) || !digests.Valid(k.Kernel) || !digests.Valid(k.Config) {
			return nil, errors.New("the digests of a kernel are not valid")
		}
	}
	for _, packages := range l.Architectures {
		for _, p := range packages {
			if !debNameRE.MatchString(p.Name) || !debVerRE.MatchString(p.Version) || !debArchRE.MatchString(p.Architecture) || !digests.ValidHex(p.SHA256) {
				return nil, fmt.Errorf("package %q %q has an invalid name, version, architecture or SHA-256", p.Name, p.Version)
			}
		}
	}
	return l, nil
}

// compareLock reports how the resolved packages differ from the lock.
func compareLock(locked []Package, got []*debPackage) error {
	var errs []error
	want := map[string]Package{}
	for _, p := range locked {
		want[p.Name] = p
	}
	for _, p := range got {
		if w := want[p.Name]; w != p.Package {
			errs = append(errs, system.Mismatch("package %s: the lock has %s (sha256 %.12s), but the index has %s (sha256 %.12s)", p.Name, w.Version, w.SHA256, p.Version, p.SHA256).
				Suggest("build with --write-lock instead of --locked"))
		}
	}
	return errors.Join(errs...)
}

// writeLock records the packages and the kernel for arch, and keeps other architectures.
// kernel may be nil.
func writeLock(rec *Recipe, arch string, packages []*debPackage, kernel *CompiledKernel) error {
	name := filepath.Join(rec.Dir, LockName)
	l, err := loadLock(name)
	if err != nil || l.Component != rec.Reference() {
		l = &lockFile{SchemaVersion: 1, Component: rec.Reference()}
	}
	if l.Architectures == nil {
		l.Architectures = map[string][]Package{}
	}
	l.Architectures[arch] = nil
	for _, p := range packages {
		l.Architectures[arch] = append(l.Architectures[arch], p.Package)
	}
	delete(l.Kernels, arch)
	if kernel != nil {
		if l.Kernels == nil {
			l.Kernels = map[string]*CompiledKernel{}
		}
		l.Kernels[arch] = kernel
	}
	data, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	err = atomicfile.Write(name, append(data, '\n'), 0o644)
	if err != nil {
		return system.Unusable("%s cannot be written", name).Because(err)
	}
	return nil
}
