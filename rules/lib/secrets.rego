# Texts that look like secrets. A finding never contains the text itself.
package seaworthy.lib

# secret_in: the text has a known token, or a value with the name of a secret.
secret_in(text) if regex.match(token, text)

secret_in(text) if {
	some m in regex.find_all_string_submatch_n(named_secret, text, -1)
	not is_switch_value(m[count(m) - 1])
}

# A longer name (TOKEN_TTL, PASSWORD_FILE) describes a secret. Its value counts only
# if it looks like a secret: it has letters of both cases and digits.
secret_in(text) if {
	some m in regex.find_all_string_submatch_n(longer_name, text, -1)
	value := m[count(m) - 1]
	regex.match(`[a-z]`, value)
	regex.match(`[A-Z]`, value)
	regex.match(`[0-9]`, value)
}

# is_switch_value: the value is a switch or a version.
is_switch_value(value) if regex.match(`(?i)^(true|false|none|null|auto|disabled?|enabled?|optional|required|[0-9]+([.:][0-9]+)+\S*)[;,]?$`, value)

# token is one pattern for all known tokens.
token := concat("|", [sprintf("(?:%s)", [p]) | some p in tokens])

tokens := [
	`\bgh[pousr]_[A-Za-z0-9]{20,}`,
	`\bgithub_pat_[A-Za-z0-9_]{20,}`,
	`\bglpat-[A-Za-z0-9_-]{16,}`,
	`\b(AKIA|ASIA)[A-Z0-9]{16}\b`,
	`\bxox[abprs]-[A-Za-z0-9-]{10,}`,
	`\bsk_live_[A-Za-z0-9]{16,}`,
	`\bAIza[0-9A-Za-z_-]{35}`,
	`\bnpm_[A-Za-z0-9]{36}\b`,
	`\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}`,
	`\bAGE-SECRET-KEY-(PQ-)?1[0-9A-Z]{58}\b`,
	`-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----`,
	# The same in base64: plain, RSA, EC, DSA, OPENSSH, ENCRYPTED, PGP.
	`LS0tLS1CRUdJTi(BQUklWQVRFIEtF|BSU0EgUFJJVkFURSBLRV|BFQyBQUklWQVRFIEtF|BEU0EgUFJJVkFURSBLRV|BPUEVOU1NIIFBSSVZBVEUgS0|BFTkNSWVBURUQgUFJJVkFURSBLRV|BQR1AgUFJJVkFURSBLRV)`,
	`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.`,
	`://[^/\s:@]*:[^/\s:@$]{3,}@`,
	`[^\s:@/=]:[^\s:@/$]{3,}@(tcp|unix)\(`,
	`\biscsi:[^\s:@/]+:[^\s:@/$]{3,}[:@]`,
	`(?i)\bbearer\s+[A-Za-z0-9._~+/-]{20,}`,
	`(?i)authorization:\s*basic\s+[A-Za-z0-9+/]{8,}`,
	`[a-z_][a-z0-9_-]*:[^\s"':$]{3,}["']?\s*\|\s*(/usr/sbin/)?chpasswd\b`,
]

# secret_words are the words at the end of names of secrets. "pass" and "pwd" count
# only as separate words, unlike BYPASS and PWD.
secret_words := `(?:password|passwd|passphrase|\bpass|[_.-](?:pass|pwd)|secret|token|(?:api|access|private|secret|encryption|master|session|cookie|jwt)[_-]?key(?:[_-]?base)?|credentials?)`

# named_secret matches NAME=value, or "NAME": "value" in JSON, where NAME ends in a
# secret word and an optional number. A variable or a path is not a secret.
named_secret := sprintf(`(?i)(?:^|[^a-z0-9])[a-z0-9_.-]*%s(?:[_-]?[0-9]{1,2}|[_-][a-z])?(?:\s*=|["']\s*:)\s*["']?([^\s"'$/<{][^\s"']{3,})`, [secret_words])

longer_name := sprintf(`(?i)(?:^|[^a-z0-9])[a-z0-9_.-]*%s[_.-][a-z0-9_.-]+=["']?([A-Za-z0-9+=_-]{12,})(?:["'\s]|$)`, [secret_words])

# literal_dollar_secret: the value of a secret contains a dollar sign. The environment
# does not expand variables, so such a value counts unless it is only a variable.
literal_dollar_secret(line) if {
	some m in regex.find_all_string_submatch_n(sprintf(`(?i)^[a-z0-9_.-]*%s(?:[_-]?[0-9]{1,2}|[_-][a-z])?=(\$.{3,})$`, [secret_words]), line, 1)
	not regex.match(`^\$(\{.*\}|\(.*\)|[A-Za-z_][A-Za-z0-9_]*)$`, m[1])
}

# option_secret matches an option and its value: --password hunter2.
option_secret := sprintf(`(?i)(^|\s)--?[a-z0-9_.-]*%s(\s+|=)["']?[^\s"'$/<{-][^\s"']{3,}`, [secret_words])

secret_in(text) if regex.match(option_secret, text)

# secret_name is the name of the secret, or "token".
secret_name(text) := name if {
	regex.match(named_secret, text)
	contains(text, "=")
	m := regex.find_all_string_submatch_n(sprintf(`(?i)([a-z0-9_.-]*%s(?:[_-]?[0-9]{1,2}|[_-][a-z])?)\s*=`, [secret_words]), text, 1)[0]
	name := m[1]
} else := split(text, "=")[0] if {
	regex.match(`^[A-Za-z0-9_.-]{1,64}=`, text)
} else := "token"
