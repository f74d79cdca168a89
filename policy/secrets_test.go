package policy

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/rules"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// The names that rules treat as secrets are the names whose values outputs hide.
func TestSecretWords(t *testing.T) {
	t.Parallel()
	text, err := fs.ReadFile(rules.FS(), "lib/secrets.rego")
	if err != nil {
		t.Fatal(err)
	}
	if want := "\nsecret_words := `" + facts.SecretWords + "`\n"; !strings.Contains(string(text), want) {
		t.Errorf("rules/lib/secrets.rego lacks%s", want)
	}
}
