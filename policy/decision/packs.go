package decision

import "slices"

// packs are the built-in packs in order. Each includes the one before it.
var packs = []string{"baseline", "hardened", "strict"}

// Packs returns the names of the built-in packs. Each pack includes the one before
// it.
func Packs() []string { return slices.Clone(packs) }

// PackRank orders the built-in packs: baseline is 1, and a larger pack has a higher
// rank. The rank of any other policy is 0.
func PackRank(name string) int { return slices.Index(packs, name) + 1 }

// These rules need a built image, so verify evaluates them. Before the build they are
// not applicable.
const (
	// RuleSubjects checks that the statements are about the files of the image.
	RuleSubjects = "SUP-012"
	// RuleReproduced checks that a second build has the same bytes.
	RuleReproduced = "SUP-018"
	// RuleSealed checks that a trusted key signed the image, with provenance.
	RuleSealed = "SUP-019"
)
