package builder

import (
	"path/filepath"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/component"
)

// LockPath returns the path of a system's lock, STEM.lock.json in the folder of
// its first os.yml. If that is standard input or a URL, the lock is in the
// working folder.
func LockPath(file string) string {
	if !IsLocal(file) {
		return Stem(file) + ".lock.json"
	}
	return filepath.Join(filepath.Dir(file), Stem(file)+".lock.json")
}

// ReadLock reads the lock that the options name and returns its digest.
func ReadLock(o Options) (*component.Lock, string, error) {
	path := o.LockFile
	if path == "" {
		path = LockPath(o.Files[0])
	}
	return component.ReadLock(path)
}

// Pins are the inputs of a build, other than images, that go into the lock.
type Pins struct {
	// Builder is the version of the program.
	Builder string
	// KernelConfig is the digest of the kernel's configuration, or "" if it is
	// not known.
	KernelConfig string
	// Policy and PolicyDigest identify the policy pack. Both are "" without a
	// pack.
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
		lock.Kernel = &component.LockedKernel{Digest: k.Image.Digest, Configs: map[string]string{}}
		if p.KernelConfig != "" {
			lock.Kernel.Configs[r.OS.Arch] = p.KernelConfig
		}
	}
	if p.Policy != "" {
		lock.Policy = &component.LockedPolicy{Name: p.Policy, Digest: p.PolicyDigest, References: p.PolicyReferences}
	}
	return lock
}
