package decision

import "slices"

// packs are the built-in packs, in order: each holds the one before it.
var packs = []string{"baseline", "hardened", "strict"}

// Packs lists the built-in packs; each contains the one before it.
func Packs() []string { return slices.Clone(packs) }

// PackRank orders built-in packs: baseline is 1, and a larger pack has a higher
// rank. Any other policy is 0.
func PackRank(name string) int { return slices.Index(packs, name) + 1 }

// The rules that only a built image can answer, so that verify answers them.
// Before that they are not applicable.
const (
	// RuleSubjects: the statements are about the files that are there.
	RuleSubjects = "SUP-012"
	// RuleReproduced: a second build has the same bytes.
	RuleReproduced = "SUP-018"
	// RuleSealed: signed by a trusted key, with provenance.
	RuleSealed = "SUP-019"
)
