package files

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
)

const (
	// keepBack is how much of one window is looked at again with the next, so
	// that a secret across the border is seen whole. It is longer than all
	// that a pattern needs.
	keepBack = 2 << 10
	// textual is how much of a file must be without a zero byte for it to be
	// text.
	textual = 512
)

// pattern is one kind of secret: what is searched for quickly, and what must
// then hold around it.
type pattern struct {
	kind   string
	anchor string
	// expr is matched from the anchor on, at most keepBack bytes.
	expr *regexp.Regexp
	// bounded: no letter or digit stands before the anchor.
	bounded bool
	// not excludes matches that vendors' documentation shows.
	not []string
}

// Kinds of keys and tokens that have a form of their own. A header without a
// body, as programs and manuals print it, is not a key. Certificates and
// public keys are not secrets.
var patterns = []pattern{
	{kind: "private key", anchor: "-----BEGIN ", expr: regexp.MustCompile(
		`^-----BEGIN (?:RSA |EC |DSA |OPENSSH |ENCRYPTED |ANY )?PRIVATE KEY-----(?:\s|\\n|\\r)+(?:[A-Za-z-]+: [^\n]{1,200}(?:\s|\\n)+)*[A-Za-z0-9+/=]{16}(?:[A-Za-z0-9+/=\s]|\\n|\\r){24}`)},
	{kind: "private key", anchor: "-----BEGIN PGP PRIVATE KEY BLOCK-----", expr: regexp.MustCompile(
		`^-----BEGIN PGP PRIVATE KEY BLOCK-----\s+(?:[A-Za-z-]+: [^\n]{1,200}\s+)*[A-Za-z0-9+/=]{40}`)},
	{kind: "private key", anchor: "-----BEGIN ENCRYPTED ", expr: regexp.MustCompile(
		`^-----BEGIN ENCRYPTED (?:COSIGN|SIGSTORE) PRIVATE KEY-----\s+[A-Za-z0-9+/=]{40}`)},
	{kind: "age secret key", anchor: "AGE-SECRET-KEY-1", bounded: true, expr: regexp.MustCompile(`^AGE-SECRET-KEY-1[0-9A-Z]{58}\b`)},
	{kind: "AWS access key", anchor: "AKIA", bounded: true, not: []string{"AKIAIOSFODNN7EXAMPLE", "AKIAI44QH8DHBEXAMPLE"},
		expr: regexp.MustCompile(`^AKIA[A-Z2-7]{16}\b`)},
	{kind: "AWS access key", anchor: "ASIA", bounded: true, not: []string{"ASIAIOSFODNN7EXAMPLE"},
		expr: regexp.MustCompile(`^ASIA[A-Z2-7]{16}\b`)},
	{kind: "GitHub token", anchor: "ghp_", bounded: true, expr: regexp.MustCompile(`^ghp_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "gho_", bounded: true, expr: regexp.MustCompile(`^gho_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "ghs_", bounded: true, expr: regexp.MustCompile(`^ghs_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "ghu_", bounded: true, expr: regexp.MustCompile(`^ghu_[A-Za-z0-9]{36}\b`)},
	{kind: "GitHub token", anchor: "github_pat_", bounded: true, expr: regexp.MustCompile(`^github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b`)},
	{kind: "GitLab token", anchor: "glpat-", bounded: true, expr: regexp.MustCompile(`^glpat-[A-Za-z0-9_-]{20}`)},
	{kind: "Slack token", anchor: "xox", bounded: true, expr: regexp.MustCompile(`^xox[abprs]-[0-9]{8,14}-[0-9A-Za-z-]{16,}`)},
	{kind: "Google API key", anchor: "AIza", bounded: true, expr: regexp.MustCompile(`^AIza[0-9A-Za-z_-]{35}(?:[^0-9A-Za-z_-]|$)`)},
	{kind: "Stripe key", anchor: "sk_live_", bounded: true, expr: regexp.MustCompile(`^sk_live_[0-9A-Za-z]{24,}`)},
	{kind: "npm token", anchor: "npm_", bounded: true, expr: regexp.MustCompile(`^npm_[A-Za-z0-9]{36}\b`)},
	{kind: "PyPI token", anchor: "pypi-AgEIcHlwaS5vcmc", bounded: true, expr: regexp.MustCompile(`^pypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}`)},
}

// DetectSecret gives the kind of secret that data holds, "" for none. Only the
// kind is ever told: "private key", "AWS access key", "GitHub token", and so on.
func DetectSecret(data []byte) string {
	var f Finder
	if _, err := f.Write(data); err != nil {
		return ""
	}
	return f.Kind()
}

// Finder looks for a secret in a stream, a window at a time. The zero value
// is ready; Kind is final and comes after the last Write.
type Finder struct {
	kind    string
	buf     []byte
	from    int // where in buf the bytes begin that were not looked at
	seen    int64
	decided bool // binary, or found
}

func (f *Finder) Write(p []byte) (int, error) {
	n := len(p)
	for !f.decided && len(p) > 0 {
		if cap(f.buf) == 0 {
			f.buf = make([]byte, 0, 16*keepBack)
		}
		take := min(len(p), cap(f.buf)-len(f.buf))
		if f.seen < textual && bytes.IndexByte(p[:min(len(p), int(textual-f.seen))], 0) >= 0 {
			f.decided = true
			break
		}
		f.buf = append(f.buf, p[:take]...)
		f.seen += int64(take)
		p = p[take:]
		if len(f.buf) == cap(f.buf) {
			f.look(len(f.buf) - keepBack)
			// One byte more stays: it is what stands before the next anchor.
			f.buf = append(f.buf[:0], f.buf[len(f.buf)-keepBack-1:]...)
			f.from = 1
		}
	}
	return n, nil
}

func (f *Finder) Kind() string {
	if !f.decided {
		f.look(len(f.buf))
		f.decided = true
	}
	return f.kind
}

// reset makes f ready for another stream, in the same memory.
func (f *Finder) reset() { *f = Finder{buf: f.buf[:0]} }

// look searches for anchors that begin in buf[from:end].
func (f *Finder) look(end int) {
	for i := range patterns {
		p := &patterns[i]
		for at := f.from; at < end; at++ {
			next := bytes.Index(f.buf[at:], []byte(p.anchor))
			if next < 0 || at+next >= end {
				break
			}
			at += next
			if p.matches(f.buf, at) {
				f.kind, f.decided = p.kind, true
				return
			}
		}
	}
}

func (p *pattern) matches(buf []byte, at int) bool {
	if p.bounded && at > 0 && wordByte(buf[at-1]) {
		return false
	}
	m := p.expr.Find(buf[at:min(len(buf), at+keepBack)])
	return m != nil && !slices.ContainsFunc(p.not, func(s string) bool { return strings.HasPrefix(string(m), s) })
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
