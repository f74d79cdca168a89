package pipeline

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/diff"
)

// Lock pins all inputs of a build: the components, the kernel's configuration, the
// policy and the builder. It resolves without a lock, and evaluates the policy,
// because only a decision has some of the digests; the verdict does not matter.
// Unless Offline is set, it asks the registry for the current digest of each tag. It
// reads every image in full, even if the cache has its inventory, because later
// builds trust the pinned digests.
func Lock(ctx context.Context, o CheckOptions, version string) (*component.Lock, error) {
	o.Resolve.Locked, o.Resolve.Fresh, o.anyTag = false, true, true
	r, c, err := check(ctx, o, false)
	if err != nil {
		return nil, err
	}
	pins := builder.Pins{Builder: version, KernelConfig: c.Facts.Kernel.Config.Digest,
		Policy: c.Decision.Policy.Name, PolicyDigest: c.Decision.Policy.Digest}
	for _, p := range c.Decision.Policy.Parts {
		if p.Source == decision.SourceOCI {
			pins.PolicyReferences = append(pins.PolicyReferences,
				component.LockedReference{Reference: strings.TrimPrefix(p.Reference, policies.Scheme), Digest: p.Manifest})
		}
	}
	return builder.MakeLock(r.Resolved, pins), nil
}

// Move is an input that differs between two locks. Old is "" for an added input, New
// for a removed one.
type Move struct{ Resource, Old, New string }

// Moves lists the differences of two locks by resource. A nil old lock is empty.
func Moves(old, now *component.Lock) []Move {
	if old == nil {
		return nil
	}
	all := map[string]*Move{}
	at := func(p diff.Pin) *Move {
		if all[p.Resource] == nil {
			all[p.Resource] = &Move{Resource: p.Resource}
		}
		return all[p.Resource]
	}
	for _, p := range pins(old) {
		at(p).Old = strings.TrimSpace(p.Name + " " + p.Digest)
	}
	for _, p := range pins(now) {
		at(p).New = strings.TrimSpace(p.Name + " " + p.Digest)
	}
	var out []Move
	for _, resource := range slices.Sorted(maps.Keys(all)) {
		if m := *all[resource]; m.Old != m.New {
			out = append(out, m)
		}
	}
	return out
}

// checkLock compares the lock with the digests that only a decision has. A policy
// with another name than the locked one is the caller's choice and not an error.
func checkLock(lock *component.Lock, c *Checked) error {
	if lock == nil {
		return nil
	}
	arch, got := c.Facts.Arch, c.Facts.Kernel.Config.Digest
	switch want := lock.Config(arch); {
	case want == "" && got != "" && lock.Kernel != nil && len(lock.Kernel.Configs) > 0:
		return system.Mismatch("the lock is for %s, and not for %s", strings.Join(slices.Sorted(maps.Keys(lock.Kernel.Configs)), " and "), arch).
			Suggest("add this architecture to the lock: seaworthy lock --arch %s", arch)
	case want != "" && want != got:
		return system.Mismatch("the kernel configuration has the digest %s, but the lock has %s", got, want).Suggest(policies.NewLock)
	}
	if p, got := lock.Policy, c.Decision.Policy; p != nil && p.Name == got.Name && p.Digest != got.Digest {
		return system.Mismatch("policy %s has the digest %s, but the lock has %s", got.Name, got.Digest, p.Digest).Suggest(policies.NewLock)
	}
	return nil
}
