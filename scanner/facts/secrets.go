package facts

import (
	"regexp"
	"sync"
)

// SecretWords is a regular expression for words in names whose values must be
// secret. Rules find secrets with the same expression: secret_words in
// rules/lib/secrets.rego. A test compares the two.
const SecretWords = `(?:password|passwd|passphrase|\bpass|[_.-](?:pass|pwd)|secret|token|(?:api|access|private|secret|encryption|master|session|cookie|jwt)[_-]?key(?:[_-]?base)?|credentials?)`

// Outputs hide more than rules find: any key is too much to print, but too
// little for a finding.
var (
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)` + SecretWords + `|(^|[^a-z0-9])key([^a-z0-9]|$)`)
	})
	secretSetting = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)((` + SecretWords + `)[a-z0-9_.-]*|(^|[^a-z0-9])keys?([._-][a-z0-9_.-]*)?)["']?\s*[=:]\s*\S` +
			`|--?[a-z0-9_.-]*` + SecretWords + `["']?[\s,]+["']?[^\s"'-]`)
	})
)

// Secretive reports whether the value of a setting with this name must not
// appear in outputs.
func Secretive(name string) bool { return secretName().MatchString(name) }

// RevealsSecret reports whether a text gives a value to a Secretive name, or to
// an option with such a name.
func RevealsSecret(text string) bool { return secretSetting().MatchString(text) }
