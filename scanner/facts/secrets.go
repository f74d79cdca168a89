package facts

import (
	"regexp"
	"sync"
)

// SecretWords is a regular expression of the words that a name has whose value
// is nobody's business. Rules find secrets by the same one: secret_words in
// rules/lib/secrets.rego, and a test holds the two together.
const SecretWords = `(?:password|passwd|passphrase|\bpass|[_.-](?:pass|pwd)|secret|token|(?:api|access|private|secret|encryption|master|session|cookie|jwt)[_-]?key(?:[_-]?base)?|credentials?)`

// Outputs hide more than rules find: any key is too much to tell, and too little
// for a finding.
var (
	secretName = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)` + SecretWords + `|(^|[^a-z0-9])key([^a-z0-9]|$)`)
	})
	secretSetting = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)((` + SecretWords + `)[a-z0-9_.-]*|(^|[^a-z0-9])keys?([._-][a-z0-9_.-]*)?)["']?\s*[=:]\s*\S` +
			`|--?[a-z0-9_.-]*` + SecretWords + `["']?[\s,]+["']?[^\s"'-]`)
	})
)

// Secretive: the value of a setting of this name is to be kept out of outputs.
func Secretive(name string) bool { return secretName().MatchString(name) }

// TellsSecret: a text gives a value to a name that is Secretive, or to an option
// of such a name.
func TellsSecret(text string) bool { return secretSetting().MatchString(text) }
