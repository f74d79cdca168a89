package files

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

const (
	// keepBack is the part of a window that is searched again with the next
	// one, so that a secret across the border is found. It is longer than any
	// pattern needs.
	keepBack = 2 << 10
	// textual is the length of the beginning that must contain no zero byte in
	// a text file.
	textual = 512
	// headed is the length of the beginning that is searched for the marks of
	// file formats.
	headed = 64
)

// pattern is one kind of secret: an anchor for a fast search, and an expression
// that must match there.
type pattern struct {
	kind   string
	anchor string
	// expr is matched from the anchor on, at most keepBack bytes.
	expr *lazyre.Regexp
	// bounded: no letter or digit precedes the anchor.
	bounded bool
	// next holds the bytes of which one follows the anchor; "" means any.
	next string
	// not excludes examples from vendors' documentation.
	not []string
	// inside must match the decoded base64, nil if any content matches. The
	// anchor is the beginning of a group of four characters.
	inside *lazyre.Regexp
	// deep: binary files are searched too. wide: the anchor has two bytes for
	// each character.
	deep, wide bool
}

// pemKey is a private key in PEM, with plain line breaks or with line breaks as
// in the source of programs.
var pemKey = lazyre.New(`^-----BEGIN (?:[A-Z0-9]+ ){0,4}PRIVATE KEY(?: BLOCK)?-----(?:[\s"'+\\]|\\n|\\r)+` +
	`(?:[A-Za-z-]+: [^\n]{1,200}(?:\s|\\n)+)*` +
	`(?:[A-Za-z0-9+/=]{16}(?:[A-Za-z0-9+/=\s]|\\n|\\r){24}|(?:[A-Za-z0-9+/=]{1,15}\s*\n\s*){5})`)

// derKey is a private key in DER at the beginning of a file: PKCS #8, plain or
// encrypted (PBES2), PKCS #1, or SEC 1.
var derKey = lazyre.New(`(?s)^\x30(?:[\x00-\x7f]|\x81.|\x82..)(?:` +
	`\x02\x01[\x00\x01]\x30.\x06[\x03-\x0b]|` +
	`\x30(?:[\x00-\x7f]|\x81.)\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d|` +
	`\x02\x01\x00\x02(?:[\x20-\x7f]|\x81.|\x82..)[\x00\x80-\xff]|` +
	`\x02\x01\x01\x04[\x20\x30\x42])`)

// keyStore is the beginning of a Java key store whose first entry is a private
// key and not a certificate.
var keyStore = lazyre.New(`(?s)^\xfe\xed\xfe\xed.{8}\x00\x00\x00\x01`)

// base64Text is one or more lines of base64.
var base64Text = lazyre.New(`^(?:[A-Za-z0-9+/]|\s|\\n){60,}`)

// keyBag begins a private key in a PKCS #12 file (RFC 7292, appendix D), plain or
// encrypted.
const keyBag = "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01"

// Kinds of keys and tokens with their own form. A header without a body, as
// programs and manuals print it, is not a key. Certificates and public keys are
// not secrets.
var patterns = []pattern{
	{kind: "private key", anchor: "-----BEGIN ", expr: pemKey, deep: true},
	{kind: "private key", anchor: "-\x00-\x00-\x00-\x00-\x00B\x00E\x00G\x00I\x00N\x00 \x00", expr: pemKey, deep: true, wide: true},
	{kind: "private key", anchor: keyBag + "\x01\xa0", expr: lazyre.New(`^`), deep: true},
	{kind: "private key", anchor: keyBag + "\x02\xa0", expr: lazyre.New(`^`), deep: true},
	{kind: "OpenVPN key", anchor: "-----BEGIN OpenVPN Static key", expr: lazyre.New(`^-----BEGIN OpenVPN Static key V1-----\s+[0-9a-f]{32}`)},
	{kind: "private key", anchor: "untrusted comment: ", expr: lazyre.New(`^untrusted comment: [^\n]*secret key[^\n]*\nRW[A-Za-z0-9+/]{60}`)},
	{kind: "private key", anchor: "private-key", deep: true, expr: lazyre.New(
		`^private-key ?\((?:3:)?(?:rsa|dsa|ecc|elg) ?\((?:[0-9]:[a-z]+[0-9]{1,4}:|[a-z]+ (?:#[0-9A-F]{8}|[A-Za-z0-9]))`)},
	{kind: "private key", anchor: "---- BEGIN SSH2 ", expr: lazyre.New(
		`^---- BEGIN SSH2 (?:ENCRYPTED )?PRIVATE KEY ----\s+(?:[A-Za-z0-9-]+: [^\n]{1,200}\s+)*[A-Za-z0-9+/=]{40}`)},
	{kind: "private key", anchor: "PuTTY-User-Key-File-", expr: lazyre.New(`^PuTTY-User-Key-File-[123]: [a-z0-9-]+\s+Encryption: `)},
	// PEM in base64, as in kubeconfigs and Kubernetes secrets, also at an
	// offset of one or two bytes.
	{kind: "private key", anchor: "LS0tLS1CRUdJTi", bounded: true, expr: base64Text, inside: pemKey},
	{kind: "private key", anchor: "LS0tQkVHSU4g", expr: base64Text, inside: pemKey},
	{kind: "private key", anchor: "LS0tLUJFR0lO", expr: base64Text, inside: pemKey},
	// The same without the first and last line. A sequence of 128 or more bytes
	// begins with MIE to MIL.
	{kind: "private key", anchor: "MI", next: "EFGHIJKL", bounded: true, expr: base64Text, inside: derKey},
	{kind: "private key", anchor: "MC4CAQAwBQYDK2V", bounded: true, expr: base64Text, inside: derKey},
	{kind: "private key", anchor: "MHcCAQEEI", bounded: true, expr: base64Text, inside: derKey},
	{kind: "WireGuard key", anchor: "PrivateKey", bounded: true, expr: lazyre.New(`^PrivateKey["']?\s*[=:]\s*["']?[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=`)},
	{kind: "age secret key", anchor: "AGE-SECRET-KEY-", bounded: true, expr: lazyre.New(`^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]{58}\b`)},
	{kind: "AWS access key", anchor: "AKIA", bounded: true, not: []string{"AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"},
		expr: lazyre.New(`^AKIA[A-Z2-7]{16}\b`)},
	{kind: "AWS access key", anchor: "ASIA", bounded: true, not: []string{"ASIAIOSFODNN7EXAMPLE"},
		expr: lazyre.New(`^ASIA[A-Z2-7]{16}\b`)},
	{kind: "GitHub token", anchor: "ghp_", bounded: true, expr: lazyre.New(`^ghp_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "gho_", bounded: true, expr: lazyre.New(`^gho_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "ghs_", bounded: true, expr: lazyre.New(`^ghs_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "ghu_", bounded: true, expr: lazyre.New(`^ghu_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "github_pat_", bounded: true, expr: lazyre.New(`^github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b`)},
	{kind: "GitLab token", anchor: "glpat-", bounded: true, expr: lazyre.New(`^glpat-[A-Za-z0-9_-]{20}`)},
	{kind: "Slack token", anchor: "xox", bounded: true, expr: lazyre.New(`^xox[abprs]-[0-9]{8,14}-[0-9A-Za-z-]{16,}`)},
	{kind: "Google API key", anchor: "AIza", bounded: true, expr: lazyre.New(`^AIza[0-9A-Za-z_-]{35}(?:[^0-9A-Za-z_-]|$)`)},
	{kind: "Stripe key", anchor: "sk_live_", bounded: true, expr: lazyre.New(`^sk_live_[0-9A-Za-z]{24,}`)},
	{kind: "npm token", anchor: "npm_", bounded: true, expr: lazyre.New(`^npm_[A-Za-z0-9]{36}\b`)},
	{kind: "PyPI token", anchor: "pypi-AgEIcHlwaS5vcmc", bounded: true, expr: lazyre.New(`^pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}`)},
}

// DetectSecret returns the kind of secret in data, "" for none: "private key",
// "AWS access key", "GitHub token", and so on. It never returns the secret.
func DetectSecret(data []byte) string {
	var f Finder
	if _, err := f.Write(data); err != nil {
		return ""
	}
	return f.Kind()
}

// Finder searches a stream for a secret, one window at a time. The zero value
// is ready. Kind is final after the last Write.
type Finder struct {
	kind    string
	buf     []byte
	head    []byte // the first bytes
	from    int    // offset in buf of the first byte that is not searched yet
	seen    int64
	decided bool // a secret is found, or the search is complete
	binary  bool // the file is not a text file
}

func (f *Finder) Write(p []byte) (int, error) {
	n := len(p)
	f.head = append(f.head, p[:min(len(p), max(0, headed-len(f.head)))]...)
	for !f.decided && len(p) > 0 {
		if cap(f.buf) == 0 {
			f.buf = make([]byte, 0, 16*keepBack)
		}
		take := min(len(p), cap(f.buf)-len(f.buf))
		f.binary = f.binary || f.seen < textual && bytes.IndexByte(p[:min(len(p), int(textual-f.seen))], 0) >= 0
		f.buf = append(f.buf, p[:take]...)
		f.seen += int64(take)
		p = p[take:]
		if len(f.buf) == cap(f.buf) {
			f.look(len(f.buf) - keepBack)
			// One byte more stays: the byte before the next anchor.
			f.buf = append(f.buf[:0], f.buf[len(f.buf)-keepBack-1:]...)
			f.from = 1
		}
	}
	return n, nil
}

func (f *Finder) Kind() string {
	if !f.decided {
		f.look(len(f.buf))
	}
	if head := latin1(f.head); f.kind == "" && (derKey.MatchString(head) || keyStore.MatchString(head)) {
		f.kind = "private key"
	}
	f.decided = true
	return f.kind
}

// reset prepares f for another stream, and keeps its memory.
func (f *Finder) reset() { *f = Finder{buf: f.buf[:0], head: f.head[:0]} }

// look searches for anchors that begin in buf[from:end]. Of several secrets, the one
// whose pattern comes first in patterns counts.
func (f *Finder) look(end int) {
	// Libraries contain the keys of their self-tests, which are public.
	program := bytes.HasPrefix(f.head, []byte("\x7fELF")) || bytes.HasPrefix(f.head, []byte("!<arch>\n"))
	var a *anchors
	switch {
	case f.binary && program:
		return
	case f.binary:
		a = deepAnchors()
	default:
		a = allAnchors()
	}
	first := len(patterns)
	a.each(f.buf, f.from, end, func(i, at int) {
		if i < first && patterns[i].matches(f.buf, at) {
			first = i
		}
	})
	if first < len(patterns) {
		f.kind, f.decided = patterns[first].kind, true
	}
}

func (p *pattern) matches(buf []byte, at int) bool {
	if p.bounded && at > 0 && wordByte(buf[at-1]) {
		return false
	}
	if after := at + len(p.anchor); p.next != "" && (after >= len(buf) || strings.IndexByte(p.next, buf[after]) < 0) {
		return false
	}
	window := buf[at:min(len(buf), at+keepBack)]
	if p.wide {
		window = bytes.ReplaceAll(window, []byte{0}, nil)
	}
	m := p.expr.Find(window)
	if m == nil {
		return false
	}
	switch p.inside {
	case nil:
		return !slices.ContainsFunc(p.not, func(s string) bool { return strings.HasPrefix(string(m), s) })
	case pemKey:
		_, rest, ok := bytes.Cut(unbase64(m), []byte("BEGIN "))
		return ok && pemKey.Match(append([]byte("-----BEGIN "), rest...))
	}
	return p.inside.MatchString(latin1(unbase64(m)))
}

// unbase64 decodes base64 that may be truncated or broken into lines.
func unbase64(b []byte) []byte {
	b = bytes.Join(bytes.Fields(bytes.ReplaceAll(b, []byte(`\n`), nil)), nil)
	out := make([]byte, base64.StdEncoding.DecodedLen(len(b)))
	n, _ := base64.StdEncoding.Decode(out, b[:len(b)/4*4])
	return out[:n]
}

// latin1 is a text with one character for each byte, which is what patterns
// read.
func latin1(b []byte) string {
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
