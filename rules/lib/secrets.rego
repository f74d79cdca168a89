# What looks like a secret in a text. The text itself never goes into a finding.
package seaworthy.lib

# secret_in: a known token, or a telling name with a value.
secret_in(text) if {
	some pattern in token_patterns
	regex.match(pattern, text)
}

secret_in(text) if regex.match(named_secret, text)

token_patterns := [
	`\bgh[pousr]_[A-Za-z0-9]{20,}`,
	`\bgithub_pat_[A-Za-z0-9_]{20,}`,
	`\bglpat-[A-Za-z0-9_-]{16,}`,
	`\b(AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\bxox[abprs]-[A-Za-z0-9-]{10,}`,
	`\bsk_live_[A-Za-z0-9]{16,}`,
	`-----BEGIN [A-Z ]*PRIVATE KEY-----`,
	`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`,
	`://[^/\s:@]+:[^/\s:@$]{3,}@`,
]

# NAME=value, where NAME ends in a word for a secret; a value that is a variable,
# a path or a switch is none.
named_secret := `(?i)(^|[^a-z0-9])[a-z0-9_.-]*(password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?)\s*=\s*["']?[^\s"'$/<{][^\s"']{3,}`

# secret_name is what stands before the first "=", or a word for the kind.
secret_name(text) := name if {
	regex.match(named_secret, text)
	m := regex.find_all_string_submatch_n(`(?i)([a-z0-9_.-]*(?:password|passwd|passphrase|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credentials?))\s*=`, text, 1)[0]
	name := m[1]
} else := split(text, "=")[0] if {
	regex.match(`^[A-Za-z0-9_.-]{1,64}=`, text)
} else := "token"
