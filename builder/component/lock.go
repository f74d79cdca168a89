package component

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// LockVersion is the schemaVersion that this package reads and writes.
const LockVersion = 1

// Lock is os.lock.json: every input of a build, with its digest.
type Lock struct {
	SchemaVersion int `json:"schemaVersion"`
	// Builder is the version of the program that wrote the lock.
	Builder    string            `json:"builder"`
	Components []LockedComponent `json:"components"`
	// Kernel is nil for a system without one.
	Kernel *LockedKernel `json:"kernel,omitempty"`
	Policy *LockedPolicy `json:"policy,omitempty"`
}

// LockedComponent pins one image reference.
type LockedComponent struct {
	// Reference is copied from os.yml; Name is its full form.
	Reference string `json:"reference"`
	Name      string `json:"name"`
	// Digest is the digest of Name: that of the index if there is one.
	Digest string `json:"digest"`
	// Manifest is not written any more: Digest pins the manifest of every platform.
	Manifest string `json:"manifest,omitempty"`
}

// LockedKernel pins the image of the kernel, and the configuration in it.
type LockedKernel struct {
	Digest string `json:"digest"`
	// Configs are the digests of the configurations, by architecture.
	Configs map[string]string `json:"configs,omitempty"`
	// Config is that of the only architecture in older locks. It is not written.
	Config string `json:"config,omitempty"`
}

// Config is the digest of the kernel's configuration for an architecture, "" if it is
// not locked.
func (l *Lock) Config(arch string) string {
	switch k := l.Kernel; {
	case k == nil:
		return ""
	case k.Configs[arch] != "":
		return k.Configs[arch]
	default:
		return k.Config
	}
}

// KeepArchitectures takes the configurations for other architectures from an earlier
// lock with the same kernel.
func (l *Lock) KeepArchitectures(before *Lock) {
	if before == nil || before.Kernel == nil || l.Kernel == nil || before.Kernel.Digest != l.Kernel.Digest {
		return
	}
	for arch, digest := range before.Kernel.Configs {
		if l.Kernel.Configs[arch] == "" {
			l.Kernel.Configs[arch] = digest
		}
	}
}

// LockedPolicy pins the policy pack.
type LockedPolicy struct {
	Name   string `json:"name"`
	Digest string `json:"digest"`
	// References are the policies that came from a registry.
	References []LockedReference `json:"references,omitempty"`
}

// LockedReference pins an artifact that is not an image, by its manifest digest.
type LockedReference struct {
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
}

// PolicyReferences are the policies that came from a registry. It is never nil.
func (l *Lock) PolicyReferences() []LockedReference {
	if l.Policy == nil || l.Policy.References == nil {
		return []LockedReference{}
	}
	return l.Policy.References
}

// LockComponent is the entry of img in a lock.
func LockComponent(img *system.Image) LockedComponent {
	return LockedComponent{Reference: img.Reference, Name: img.Name, Digest: img.Digest}
}

// ReadLock reads a lock file strictly, and returns its digest. Mistakes are an
// ErrInput, and all of them are reported at once.
func ReadLock(path string) (*Lock, string, error) {
	raw, err := bounded.ReadFile(path, maxLock)
	if err != nil {
		return nil, "", system.BadInput("lock cannot be read: %v", err).At(system.Position{File: path}).Suggest("run seaworthy lock to write it")
	}
	l, err := parseLock(path, raw)
	if err != nil {
		return nil, "", err
	}
	return l, digests.Of(raw), nil
}

func parseLock(path string, raw []byte) (*Lock, error) {
	bad := func(at int64, format string, args ...any) error {
		pos := system.Position{File: path}
		if at >= 0 {
			pos = system.PositionOf(path, raw, at)
		}
		return system.BadInput("lock: "+format, args...).At(pos).Suggest("run seaworthy lock to write it again")
	}
	var l Lock
	if place := (*strictjson.Error)(nil); errors.As(strictjson.CheckFor(raw, &l), &place) {
		return nil, bad(place.Offset, "%s", place.What)
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&l); err != nil {
		if t := (*json.UnmarshalTypeError)(nil); errors.As(err, &t) {
			return nil, bad(t.Offset, "%v", err)
		}
		return nil, bad(-1, "%v", err)
	}
	if l.SchemaVersion != LockVersion {
		return nil, bad(-1, "schemaVersion %d is unknown: this version of seaworthy reads %d", l.SchemaVersion, LockVersion)
	}
	var errs []error
	for _, err := range l.problems() {
		errs = append(errs, bad(-1, "%v", err))
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return &l, nil
}

// problems lists the contradictions and wrong values that Write never writes.
func (l *Lock) problems() []error {
	var errs []error
	digest := func(what, d string, optional bool) {
		if !digests.Valid(d) && (d != "" || !optional) {
			errs = append(errs, fmt.Errorf("%s: %q is not a digest (sha256: and 64 hexadecimal digits)", what, d))
		}
	}
	seen := map[string]string{}
	for _, c := range l.Components {
		r, err := oci.ParseReference(c.Reference)
		switch {
		case err != nil:
			errs = append(errs, err)
		case r.Name != c.Name:
			errs = append(errs, fmt.Errorf("the entry of %q must have the name %q, not %q", c.Reference, r.Name, c.Name))
		case r.Digest != "" && r.Digest != c.Digest:
			errs = append(errs, fmt.Errorf("the entry of %q has another digest: %s", c.Reference, c.Digest))
		}
		digest(c.Reference, c.Digest, false)
		digest(c.Reference+": manifest", c.Manifest, true)
		if d, ok := seen[c.Name]; ok && d != c.Digest {
			errs = append(errs, fmt.Errorf("%s has two entries with different digests", c.Name))
		}
		seen[c.Name] = c.Digest
	}
	if k := l.Kernel; k != nil {
		digest("kernel", k.Digest, false)
		digest("kernel config", k.Config, true)
		for _, arch := range slices.Sorted(maps.Keys(k.Configs)) {
			digest("kernel config for "+arch, k.Configs[arch], false)
		}
	}
	if p := l.Policy; p != nil {
		digest("policy "+p.Name, p.Digest, false)
		for _, r := range p.References {
			digest("policy "+r.Reference, r.Digest, false)
			if q, err := oci.ParseReference(r.Reference); err != nil {
				errs = append(errs, err)
			} else if q.Digest != "" && q.Digest != r.Digest {
				errs = append(errs, fmt.Errorf("the entry of policy %q has another digest: %s", r.Reference, r.Digest))
			}
		}
	}
	return errs
}

// Digests maps full references to digests, for Options.Locked. It is never nil.
func (l *Lock) Digests() map[string]string {
	out := make(map[string]string, len(l.Components))
	for _, c := range l.Components {
		out[c.Name] = c.Digest
	}
	return out
}

// Encode is the file's content: sorted by name, each reference once.
func (l *Lock) Encode() ([]byte, error) {
	out := *l
	out.SchemaVersion = LockVersion
	out.Components = slices.Clone(l.Components)
	slices.SortFunc(out.Components, func(a, b LockedComponent) int {
		return strings.Compare(a.Name+"\x00"+a.Reference+"\x00"+a.Digest, b.Name+"\x00"+b.Reference+"\x00"+b.Digest)
	})
	out.Components = slices.Compact(out.Components)
	if out.Components == nil {
		out.Components = []LockedComponent{}
	}
	if errs := out.problems(); len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(out)
	return b.Bytes(), err
}

// Write writes the lock beside path, and renames it into place.
func (l *Lock) Write(path string) error {
	raw, err := l.Encode()
	if err == nil {
		err = atomicfile.Write(path, raw, 0o644)
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", path, err)
	}
	return nil
}
