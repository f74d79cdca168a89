package engine

import (
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// overallName is how a decision calls several policies together.
func OverallName(parts []decision.PolicyPart) string {
	var names []string
	for _, p := range parts {
		if p.IncludedBy == "" {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, "+")
}

// overallDigest is the one part's digest, or that of the list of them all.
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
