package files

import (
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// credential is what a file holds in which programs keep credentials (.netrc,
// .pgpass, .npmrc): a word for one with a value, a URL with a password, or five
// fields of which the last one is.
var credential = lazyre.New(`(?i)(?:password|passwd|_auth(?:token)?|"auth"|secret_access_key|token)["']?[\s:=]+["']?[^\s"'$<{]{4,}|` +
	`://[^/\s:@]*:[^\s:@/$]{3,}@|^(?:[^\s:]+:){4}\S{3,}`)

// holdsCredential: the file at p is such a file and has one.
func holdsCredential(p string, head []byte) bool {
	return sensitive(p) == "user secret" && (strings.HasSuffix(p, "/.vault-token") || credential.Match(head))
}

// assignment gives a value to a name that says what it is.
var assignment = lazyre.New(`(?i)^[\s-]*(?:export\s+)?["']?([a-z0-9_.-]*` + facts.SecretWords +
	`(?:[_-]?[0-9]{1,2}|[_-][a-z])?)["']?\s*[=:]\s*["']?([^\s"'$/<{!*][^\s"'#,]{3,})`)

// noSecret are values that switch something, name a version, or refer to what
// stands elsewhere.
var noSecret = lazyre.New(`(?i)^(?:true|false|none|null|auto|file|files|compat|disabled?|enabled?|optional|required|prompt|env:.*|file:.*|[0-9]+(?:[.:][0-9]+)+\S*)[;,]?$`)

// SecretIn gives the kind of secret that a text holds which somebody writes to p,
// "" for none. It knows more than DetectSecret: a setting that names a password
// is one there, and may be anything in a file of others.
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
