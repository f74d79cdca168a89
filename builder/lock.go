package builder

import (
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/component"
)

// LockPath is where the lock of a system lies: beside its first os.yml, as
// STEM.lock.json; in the working folder for one that lies in no file.
func LockPath(file string) string {
	if !IsLocal(file) {
		return Stem(file) + ".lock.json"
	}
	return filepath.Join(filepath.Dir(file), Stem(file)+".lock.json")
}

// ReadLock reads the lock that the options mean, and gives its digest.
func ReadLock(o Options) (*component.Lock, string, error) {
	path := o.LockFile
	if path == "" {
		path = LockPath(o.Files[0])
	}
	return component.ReadLock(path)
}

// Pins are the inputs of a build beside its images, for the lock.
type Pins struct {
	// Builder is the version of the program.
	Builder string
	// KernelConfig is the digest of the kernel's configuration, "" where it is
	// not known.
	KernelConfig string
	// Policy and PolicyDigest name the policy pack; "" for none.
	Policy, PolicyDigest string
	// PolicyReferences are the policies that came from a registry.
	PolicyReferences []component.LockedReference
}

// MakeLock pins every image of a system by digest.
func MakeLock(r *Resolved, p Pins) *component.Lock {
	lock := &component.Lock{SchemaVersion: component.LockVersion, Builder: p.Builder}
	for _, c := range r.OS.Components {
		if c.Image == nil {
			continue
		}
		if one := component.LockComponent(c.Image); !slices.Contains(lock.Components, one) {
			lock.Components = append(lock.Components, one)
		}
	}
	if k := r.OS.Kernel.Component; k != nil {
		lock.Kernel = &component.LockedKernel{Digest: k.Image.Digest, Config: p.KernelConfig}
	}
	if p.Policy != "" {
		lock.Policy = &component.LockedPolicy{Name: p.Policy, Digest: p.PolicyDigest, References: p.PolicyReferences}
	}
	return lock
}
