package files

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// credential matches the content of files in which programs keep credentials
// (.netrc, .pgpass, .npmrc): a word for a password with a value, a URL with a
// password, or five fields of which the last is the password.
var credential = lazyre.New(`(?i)(?:password|passwd|_auth(?:token)?|"auth"|secret_access_key|token)["']?[\s:=]+["']?[^\s"'$<{]{4,}|` +
	`://[^/\s:@]*:[^\s:@/$]{3,}@|^(?:[^\s:]+:){4}\S{3,}`)

// holdsCredential reports whether p is such a file and contains a credential.
func holdsCredential(p string, head []byte) bool {
	return sensitive(p) == "user secret" && (strings.HasSuffix(p, "/.vault-token") || credential.Match(head))
}

// assignment matches a setting whose name is that of a secret.
var assignment = lazyre.New(`(?i)^[\s-]*(?:export\s+)?["']?([a-z0-9_.-]*` + facts.SecretWords +
	`(?:[_-]?[0-9]{1,2}|[_-][a-z])?)["']?\s*[=:]\s*["']?([^\s"'$/<{!*][^\s"'#,]{3,})`)

// noSecret matches values that are switches, versions, or references to a value
// elsewhere.
var noSecret = lazyre.New(`(?i)^(?:true|false|none|null|auto|file|files|compat|disabled?|enabled?|optional|required|prompt|env:.*|file:.*|[0-9]+(?:[.:][0-9]+)+\S*)[;,]?$`)

// SecretIn returns the kind of secret in a text that os.yml writes to p, "" for
// none. It finds more than DetectSecret: a setting with the name of a password
// is a secret in such a text, but may be anything in files of an image.
func SecretIn(p, text string) string {
	if holdsCredential(p, []byte(text)) {
		return "credential"
	}
	if strings.IndexByte(text, 0) >= 0 {
		return ""
	}
	for line := range strings.SplitSeq(text, "\n") {
		if m := assignment.FindStringSubmatch(line); m != nil && !noSecret.MatchString(m[2]) {
			return "password or token"
		}
	}
	return ""
}
