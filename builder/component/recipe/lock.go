package recipe

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

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

// CompiledKernel is what a kernel was compiled from, and the result. All are digests
// (sha256:HEX).
type CompiledKernel struct {
	Inputs string `json:"inputs"`
	Kernel string `json:"kernel"`
	Config string `json:"config"`
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

// check compares a kernel with that of the lock. The same inputs must give the same kernel.
func (k *CompiledKernel) check(rec *Recipe, arch string) error {
	locked, err := LockedKernel(rec.Dir, arch)
	if err != nil || locked != nil && *locked == *k {
		return err
	}
	at := system.Position{File: filepath.Join(rec.Dir, LockName)}
	switch {
	case locked == nil:
		return system.Mismatch("the lock has no kernel for architecture %s", arch).At(at).Suggest("build with --write-lock instead of --locked")
	case locked.Inputs != k.Inputs:
		return system.Mismatch("the kernel was compiled from other inputs than that of the lock: %s, not %s", k.Inputs, locked.Inputs).At(at).
			Suggest("build with --write-lock instead of --locked")
	}
	return system.Mismatch("the same inputs gave another kernel: %s with the configuration %s, but the lock has %s with %s", k.Kernel, k.Config, locked.Kernel, locked.Config).At(at)
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
