package pipeline_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// A decision with duplicate members, or members that differ only in case, is
// ambiguous and rejected.
func TestReadDecisionDuplicateMembers(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"twice":        "{\"schemaVersion\": 1,\n\"verdict\": \"deny\", \"verdict\": \"pass\"}",
		"another case": "{\"schemaVersion\": 1,\n\"Verdict\": \"pass\"}",
		"in a finding": "{\"schemaVersion\": 1,\n\"findings\": [{\"state\": \"fail\", \"State\": \"pass\"}]}",
		"more follows": "{\"schemaVersion\": 1}\n {}",
	} {
		path := filepath.Join(t.TempDir(), "decision.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := pipeline.ReadDecision(path); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "decision.json:") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
