package decision

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// resourceKinds are the prefixes of resources.
var resourceKinds = []string{"component:", "kernel:", "cmdline:", "sysctl:", "file:", "image:"}

// ResourceKinds returns the prefixes that a resource can have.
func ResourceKinds() []string { return slices.Clone(resourceKinds) }

// IsResource reports whether s has the form in which findings name resources.
func IsResource(s string) bool {
	return slices.ContainsFunc(resourceKinds, func(kind string) bool {
		return len(s) > len(kind) && strings.HasPrefix(s, kind)
	})
}

// ruleID is compiled on first use, because few commands need it.
var ruleID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Z0-9]{1,15}-[0-9]{1,6}$`) })

// IsRuleID reports whether s has the form of a rule's id: CAP-001.
func IsRuleID(s string) bool { return ruleID().MatchString(s) }
