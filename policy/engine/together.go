package engine

import (
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// OverallName returns the name of several policies together in a decision.
func OverallName(parts []decision.PolicyPart) string {
	var names []string
	for _, p := range parts {
		if p.IncludedBy == "" {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, "+")
}

// OverallDigest returns the digest of the only policy, or of the list of all
// policies.
func OverallDigest(parts []decision.PolicyPart) string {
	var b strings.Builder
	var digest string
	count := 0
	for _, p := range parts {
		if p.IncludedBy == "" {
			count, digest = count+1, p.Digest
			fmt.Fprintf(&b, "%d %s %s\n", len(p.Name), p.Name, p.Digest)
		}
	}
	if count == 1 {
		return digest
	}
	return digests.Of([]byte(b.String()))
}
