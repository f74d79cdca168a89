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

// Lock pins everything that a build takes in: the components, the kernel's
// configuration, the policy and the builder. It resolves without a lock and
// decides, for the digests that only a decision knows; the verdict does not
// matter. It asks the registry for the current digest of each tag, unless that is
// Offline, and reads every image, whatever the cache says: what is pinned here
// is trusted from now on.
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

// Move is an input that another lock had otherwise: Old is "" for a new one,
// New for one that is gone.
type Move struct{ Resource, Old, New string }

// Moves lists what differs between two locks, in the order of their resources.
// An old lock that is nil had nothing.
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

// checkLock compares with the lock what only the decision knows. A policy of
// another name than the locked one is the caller's choice.
func checkLock(lock *component.Lock, c *Checked) error {
	if lock == nil {
		return nil
	}
	if k, got := lock.Kernel, c.Facts.Kernel.Config.Digest; k != nil && k.Config != "" && k.Config != got {
		return system.Mismatch("the kernel configuration is %s, but the lock has %s", got, k.Config).Suggest(policies.NewLock)
	}
	if p, got := lock.Policy, c.Decision.Policy; p != nil && p.Name == got.Name && p.Digest != got.Digest {
		return system.Mismatch("policy %s is %s, but the lock has %s", got.Name, got.Digest, p.Digest).Suggest(policies.NewLock)
	}
	return nil
}
