package trust

import (
	"crypto"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// loader reads a policy.
type loader struct {
	strictyaml.Reader
	policy  *Policy
	keyless Keyless
	// identities are the issuer, subject and file of each identity, with the name of
	// its authority.
	identities map[[3]string]string
}

var (
	// authorityName also limits what reports show.
	authorityName = lazyre.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
	kmsURI        = lazyre.New(`^[a-z][a-z0-9+.-]*://[^[:space:]]+$`)
)

func (l *loader) document(root *yaml.Node) {
	var named []*yaml.Node // the nodes of authorities and keys
	var rules []func()
	l.Fields(root, "the trust policy", map[string]func(*yaml.Node){
		"version": func(n *yaml.Node) {
			if v := l.Text(n); v != "1" {
				l.Bad(n, "use version: 1, or a newer seaworthy", "unknown version %q of the trust policy", v)
			}
		},
		"authorities": func(n *yaml.Node) {
			named = append(named, n)
			l.limited(n, func(c *yaml.Node) { l.authority(c, "key") })
		},
		// The first form of the file, with keys for component images only.
		"keys": func(n *yaml.Node) {
			named = append(named, n)
			l.limited(n, func(c *yaml.Node) { l.authority(c, "file") })
		},
		"components": func(n *yaml.Node) { rules = append(rules, func() { l.limited(n, l.component) }) },
		"images":     func(n *yaml.Node) { rules = append(rules, func() { l.limited(n, l.image) }) },
		"revoked":    l.revoked,
	})
	for _, n := range named {
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			l.Bad(n, howTo, "the trust policy contains no keys")
		}
	}
	if len(named) == 0 && root.Kind == yaml.MappingNode && !l.Failed() {
		l.Bad(root, howTo, "the trust policy contains no keys")
	}
	for _, read := range rules { // the names of authorities are known now
		read()
	}
}

// limited is List for lists of limited length.
func (l *loader) limited(n *yaml.Node, item func(*yaml.Node)) {
	if len(n.Content) > maxList {
		l.Bad(n, "", "the list has more than %d entries", maxList)
		return
	}
	l.List(n, item)
}

// authority reads one entry of authorities. key is the name of the field with the
// public key.
func (l *loader) authority(n *yaml.Node, key string) {
	var a authority
	var name, file, kms, chain, keyless *yaml.Node
	fields := map[string]func(*yaml.Node){
		"name":         func(n *yaml.Node) { name = n },
		key:            func(n *yaml.Node) { file = n },
		"repositories": func(n *yaml.Node) { a.repositories = l.patterns(n, repository) },
	}
	if key == "key" {
		fields["kms"] = func(n *yaml.Node) { kms = n }
		fields["certificates"] = func(n *yaml.Node) { chain = n }
		fields["keyless"] = func(n *yaml.Node) { keyless = n }
		fields["systems"] = func(n *yaml.Node) { a.Systems = l.patterns(n, systemName) }
		fields["validFrom"] = func(n *yaml.Node) { a.From, _ = l.time(n) }
		fields["validUntil"] = func(n *yaml.Node) { a.Until = l.endOf(n) }
	}
	l.Fields(n, "an authority", fields)
	if n.Kind != yaml.MappingNode {
		return
	}
	a.Name = l.needed(n, name, "name")
	if a.Name != "" && !authorityName.MatchString(a.Name) {
		l.Bad(name, "", "%q is not a valid name for an authority", a.Name)
	}
	if l.find(a.Name) >= 0 {
		l.Bad(name, "", "two authorities have the name %q", a.Name)
	}
	if len(a.repositories) == 0 && len(a.Systems) == 0 && !l.Failed() {
		l.Bad(n, `write repositories: [REGISTRY/REPOSITORY] or systems: [NAME]; ["*"] means all`, "%q does not cover any repository or system", a.Name)
	}
	if !a.From.IsZero() && !a.Until.IsZero() && !a.From.Before(a.Until) {
		l.Bad(n, "", "%q is never valid: validUntil is before validFrom", a.Name)
	}
	switch means := count(file, chain, keyless); {
	case means > 1:
		l.Bad(n, "write two authorities", "%q has more than one of key, certificates and keyless", a.Name)
		return
	case chain != nil:
		l.chain(chain, &a)
	case keyless != nil:
		l.identity(keyless, &a)
	default:
		if kms != nil && file == nil {
			l.Bad(kms, "export the public key of the service, and add key: FILE", "kms only says where the private key is: %q has no public key", a.Name)
			return
		}
		l.key(n, file, key, &a)
	}
	if kms != nil && !kmsURI.MatchString(l.Text(kms)) {
		l.Bad(kms, "write the reference of the key: NAME://…", "%q is not the reference of a key", kms.Value)
	}
	l.policy.authorities = append(l.policy.authorities, a)
	for _, k := range a.Keys {
		l.policy.keys, l.policy.owner = append(l.policy.keys, k), append(l.policy.owner, len(l.policy.authorities)-1)
	}
}

// key reads the file of a public key.
func (l *loader) key(n, file *yaml.Node, field string, a *authority) {
	path := l.path(l.needed(n, file, field))
	if path == "" {
		return
	}
	key, err := verify.LoadKey(path)
	if err != nil {
		l.Bad(file, "give the PEM file of an ECDSA P-256 or Ed25519 public key", "%v", err)
		return
	}
	for i, other := range l.policy.keys {
		if other.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			l.Bad(file, "list all repositories and systems under one name", "%q and %q are the same key", l.policy.authorities[l.policy.owner[i]].Name, a.Name)
			return
		}
	}
	a.Keys = []crypto.PublicKey{key}
}

// chain reads an authority whose certificates are issued by a certificate
// authority.
func (l *loader) chain(n *yaml.Node, a *authority) {
	var file, subject *yaml.Node
	l.Fields(n, "certificates", map[string]func(*yaml.Node){
		"chain":   func(n *yaml.Node) { file = n },
		"subject": func(n *yaml.Node) { subject = n },
	})
	path, who := l.path(l.needed(n, file, "chain")), l.needed(n, subject, "subject")
	if path == "" || who == "" {
		return
	}
	c, err := verify.LoadChain(path, who)
	if err != nil {
		l.Bad(file, "give a PEM file with the certificates of the certificate authority", "%v", err)
		return
	}
	a.Keyless = c
	l.once(subject, [3]string{"", who, path}, a)
}

// once refuses an identity that another authority has too: only one of them could
// count, and what the other one may sign would be refused.
func (l *loader) once(n *yaml.Node, identity [3]string, a *authority) {
	if other := l.identities[identity]; other != "" {
		l.Bad(n, "list all repositories and systems under one name", "%q and %q are the same identity", other, a.Name)
		return
	}
	if l.identities == nil {
		l.identities = map[[3]string]string{}
	}
	l.identities[identity] = a.Name
}

// identity reads a keyless identity.
func (l *loader) identity(n *yaml.Node, a *authority) {
	var issuer, subject, root *yaml.Node
	l.Fields(n, "keyless", map[string]func(*yaml.Node){
		"issuer":      func(n *yaml.Node) { issuer = n },
		"subject":     func(n *yaml.Node) { subject = n },
		"trustedRoot": func(n *yaml.Node) { root = n },
	})
	id := Identity{Name: a.Name, Issuer: l.needed(n, issuer, "issuer"), Subject: l.needed(n, subject, "subject"), TrustedRoot: l.path(l.needed(n, root, "trustedRoot"))}
	switch {
	case id.Issuer == "" || id.Subject == "" || id.TrustedRoot == "":
	case l.keyless == nil:
		l.Bad(n, "use a program with keyless verification, or an authority with a key", "keyless: this program verifies only keys and certificates of your own certificate authority")
	default:
		k, err := l.keyless(id)
		if err != nil {
			l.Bad(n, "", "%v", err)
			return
		}
		a.Keyless = k
		l.once(subject, [3]string{id.Issuer, id.Subject, id.TrustedRoot}, a)
	}
}

// signers reads signedBy and threshold of a rule. covers says whether an authority
// may sign what the rule is about.
func (l *loader) signers(n, signedBy, threshold *yaml.Node, covers func(*authority) bool) (names []string, least int) {
	most, least := 0, 1
	for i := range l.policy.authorities {
		a := &l.policy.authorities[i]
		if covers(a) && (signedBy == nil || slices.ContainsFunc(signedBy.Content, func(c *yaml.Node) bool { return c.Value == a.Name })) {
			most++
		}
	}
	if signedBy != nil {
		l.List(signedBy, func(c *yaml.Node) {
			name := l.Text(c)
			switch i := l.find(name); {
			case i < 0:
				l.Bad(c, "add it to authorities", "authority %q does not exist", name)
			case !covers(&l.policy.authorities[i]):
				l.Bad(c, "add what it may sign to the authority", "authority %q may not sign this", name)
			case slices.Contains(names, name):
				l.Bad(c, "", "authority %q is listed twice", name)
			}
			names = append(names, name)
		})
		if signedBy.Kind == yaml.SequenceNode && len(signedBy.Content) == 0 {
			l.Bad(signedBy, "", "signedBy is empty")
		}
	}
	if threshold != nil {
		least = l.number(threshold, 1, maxList)
	}
	if most < least && !l.Failed() {
		l.Bad(n, "let more authorities sign it, or lower the threshold", "%d authorities must sign this, but only %d may", least, most)
	}
	return names, least
}

// component reads one entry of components.
func (l *loader) component(n *yaml.Node) {
	var r componentRule
	var signedBy, threshold, repos, need *yaml.Node
	l.Fields(n, "an entry of components", map[string]func(*yaml.Node){
		"repositories": func(n *yaml.Node) { repos, r.repositories = n, l.patterns(n, repository) },
		"signedBy":     func(n *yaml.Node) { signedBy = n },
		"threshold":    func(n *yaml.Node) { threshold = n },
		"require":      func(n *yaml.Node) { need = n },
	})
	if repos == nil {
		l.Bad(n, `write repositories: [REGISTRY/REPOSITORY], or ["*"] for all`, "the entry covers no repository")
	}
	r.signedBy, r.threshold = l.signers(n, signedBy, threshold, func(a *authority) bool { return overlap(a.repositories, r.repositories) })
	if need != nil {
		l.Fields(l.some(need), "require", map[string]func(*yaml.Node){
			"name": func(n *yaml.Node) {
				if r.name = nameRule(l.Text(n)); r.name != exactName && r.name != pathName {
					l.Bad(n, "write exact, or path if the registry may differ", "%q is not a way to compare names", r.name)
				}
			},
			"sbom": func(n *yaml.Node) { r.sbom = l.Bool(n) },
			"provenance": func(n *yaml.Node) {
				r.provenance = true
				l.Fields(n, "provenance", map[string]func(*yaml.Node){
					"builders": func(n *yaml.Node) { r.builders = l.names(n, "builder") },
					"sources":  func(n *yaml.Node) { r.source = l.names(n, "source") },
				})
			},
		})
	}
	l.policy.components = append(l.policy.components, r)
}

// image reads one entry of images.
func (l *loader) image(n *yaml.Node) {
	var r verify.Rule
	var signedBy, threshold, systems, need *yaml.Node
	l.Fields(n, "an entry of images", map[string]func(*yaml.Node){
		"systems":   func(n *yaml.Node) { systems, r.Systems = n, l.patterns(n, systemName) },
		"signedBy":  func(n *yaml.Node) { signedBy = n },
		"threshold": func(n *yaml.Node) { threshold = n },
		"require":   func(n *yaml.Node) { need = n },
	})
	if systems == nil {
		l.Bad(n, `write systems: [NAME], or ["*"] for all`, "the entry covers no system")
	}
	r.SignedBy, r.Threshold = l.signers(n, signedBy, threshold, func(a *authority) bool { return overlap(a.Systems, r.Systems) })
	if need != nil {
		l.require(need, &r)
		l.opinions(need, &r)
	}
	l.policy.systems = append(l.policy.systems, r)
}

// opinions requires that a second opinion is possible: its signer must not be needed
// for the signatures of the image.
func (l *loader) opinions(n *yaml.Node, r *verify.Rule) {
	possible := len(r.SecondOpinion) == 0 || l.Failed() || slices.ContainsFunc(r.SecondOpinion, func(who string) bool {
		others := 0
		for i := range l.policy.authorities {
			a := &l.policy.authorities[i]
			if a.Name != who && overlap(a.Systems, r.Systems) && (len(r.SignedBy) == 0 || slices.Contains(r.SignedBy, a.Name)) {
				others++
			}
		}
		return others >= r.Threshold
	})
	if !possible {
		l.Bad(n, "let another authority sign the image, or give the second opinion", "the second opinion must be by an authority that does not sign the image, but there is none")
	}
}

// exploited is the rule about vulnerabilities that attackers use.
const exploited = "SUP-015"

// require reads what the statements of a system must say.
func (l *loader) require(n *yaml.Node, r *verify.Rule) {
	l.Fields(l.some(n), "require", map[string]func(*yaml.Node){
		"policy": func(n *yaml.Node) { r.Policy = l.passed(n) },
		"maxAgeDays": func(n *yaml.Node) {
			r.MaxAge = time.Duration(l.number(n, 1, 36500)) * 24 * time.Hour
		},
		"notOlderThan": func(n *yaml.Node) { r.NotOlderThan, _ = l.time(n) },
		"waivers": func(n *yaml.Node) {
			w := &verify.WaiverLimits{AtMost: -1}
			l.Fields(l.some(n), "waivers", map[string]func(*yaml.Node){
				"atMost":   func(n *yaml.Node) { w.AtMost = l.number(n, 0, 1e6) },
				"severity": func(n *yaml.Node) { w.Severity = l.severity(n) },
				"never":    func(n *yaml.Node) { w.Never = l.rules(n) },
			})
			if w.AtMost < 0 {
				w.AtMost = 1e6
			}
			r.Waivers = w
		},
		"builder": func(n *yaml.Node) {
			l.Fields(l.some(n), "builder", map[string]func(*yaml.Node){
				"minimumVersion": func(n *yaml.Node) {
					if r.Builder = l.Text(n); !verify.ValidVersion(r.Builder) {
						l.Bad(n, "write vX.Y.Z", "%q is not a version", r.Builder)
					}
				},
			})
		},
		"sources": func(n *yaml.Node) { r.Sources = l.digests(n) },
		"secondOpinion": func(n *yaml.Node) {
			r.SecondOpinion = l.texts(n, "name of an authority that may sign this", "add it to authorities", func(s string) bool {
				i := l.find(s)
				return i >= 0 && overlap(l.policy.authorities[i].Systems, r.Systems)
			})
		},
		"passed": func(n *yaml.Node) { r.Passed = append(r.Passed, l.rules(n)...) },
		"noKnownExploited": func(n *yaml.Node) {
			if l.Bool(n) && !slices.Contains(r.Passed, exploited) {
				r.Passed = append(r.Passed, exploited)
			}
		},
	})
}

// passed reads the required policy.
func (l *loader) passed(n *yaml.Node) *verify.PassedPolicy {
	p := &verify.PassedPolicy{}
	var name *yaml.Node
	l.Fields(n, "policy", map[string]func(*yaml.Node){
		"name":       func(n *yaml.Node) { name = n },
		"digests":    func(n *yaml.Node) { p.Digests = l.digests(n) },
		"newerAfter": func(n *yaml.Node) { p.NewerAfter, _ = l.time(n) },
		"failOn":     func(n *yaml.Node) { p.FailOn = l.severity(n) },
	})
	p.Name = l.needed(n, name, "name")
	if len(p.Digests) == 0 && !p.NewerAfter.IsZero() {
		l.Bad(n, "add digests: [sha256:HEX]", "newerAfter needs digests: without them, all digests are accepted")
	}
	return p
}

// revoked reads what is no longer accepted.
func (l *loader) revoked(n *yaml.Node) {
	r := &l.policy.revoked
	l.Fields(n, "revoked", map[string]func(*yaml.Node){
		"keys":    func(n *yaml.Node) { r.Keys = l.digests(n) },
		"digests": func(n *yaml.Node) { r.Digests = l.digests(n) },
		"identities": func(n *yaml.Node) {
			l.limited(n, func(n *yaml.Node) {
				var issuer, subject *yaml.Node
				l.Fields(n, "an identity", map[string]func(*yaml.Node){
					"issuer":  func(n *yaml.Node) { issuer = n },
					"subject": func(n *yaml.Node) { subject = n },
				})
				r.Identities = append(r.Identities, verify.Identity{Issuer: l.needed(n, issuer, "issuer"), Subject: l.needed(n, subject, "subject")})
			})
		},
	})
}
