package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Lock pins everything that a build takes in: the components, the kernel's
// configuration, the policy and the builder. It resolves without a lock and
// decides, for the digests that only a decision knows; the verdict does not
// matter. It reads every image, whatever the cache says: what is pinned here is
// trusted from now on.
func Lock(ctx context.Context, o CheckOptions, version string) (*component.Lock, error) {
	o.Resolve.Locked, o.anyTag = false, true
	r, c, err := check(ctx, o, false)
	if err != nil {
		return nil, err
	}
	pins := builder.Pins{Builder: version, KernelConfig: c.Facts.Kernel.Config.Digest,
		Policy: c.Decision.Policy.Name, PolicyDigest: c.Decision.Policy.Digest}
	for _, p := range c.Decision.Policy.Parts {
		if p.Source == decision.SourceOCI {
			pins.PolicyReferences = append(pins.PolicyReferences,
				component.LockedReference{Reference: strings.TrimPrefix(p.Reference, OCIScheme), Digest: p.Manifest})
		}
	}
	return builder.MakeLock(r.Resolved, pins), nil
}

// checkLock holds what only the decision knows against the lock. A policy of
// another name than the locked one is the caller's choice.
func checkLock(lock *component.Lock, c *Checked) error {
	if lock == nil {
		return nil
	}
	if k, got := lock.Kernel, c.Facts.Kernel.Config.Digest; k != nil && k.Config != "" && k.Config != got {
		return mismatch(fmt.Sprintf("the kernel's configuration is %s, locked is %s", got, k.Config))
	}
	if p, got := lock.Policy, c.Decision.Policy; p != nil && p.Name == got.Name && p.Digest != got.Digest {
		return mismatch(fmt.Sprintf("policy %s is %s, locked is %s", got.Name, got.Digest, p.Digest))
	}
	return nil
}

func mismatch(what string) error {
	return &system.Error{Kind: system.ErrMismatch, What: what, Next: "if the change is meant, write the lock again: seaworthy lock"}
}
