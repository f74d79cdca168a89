package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy"
)

// The folder of the built-in rules is not a folder of other rules. One error says so.
func TestFolderOfBuiltinRules(t *testing.T) {
	t.Parallel()
	_, err := policy.Rules(t.Context(), policy.Options{Policy: "../rules"})
	var e *system.Error
	if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || strings.Count(err.Error(), "\n") > 0 {
		t.Fatalf("%v", err)
	}
	if !strings.Contains(err.Error(), "packages of the built-in rules") || !strings.Contains(e.Next, "rules test without a folder") {
		t.Errorf("%v; next: %s", err, e.Next)
	}
}
