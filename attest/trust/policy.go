// Package trust says which keys may sign which component images, and judges the
// signatures beside an image. Load reads a trust policy. Judge verifies one
// signature or statement by it, in each form in which they lie beside images:
// Sigstore bundles, bare DSSE envelopes, and cosign's classic form. A signature
// that cannot be verified is not trusted, and Judge returns the reason.
//
// Only public keys are trusted. Certificates (keyless signatures) are
// recognised and not yet verified.
package trust

import (
	"crypto"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// Policy is a trust policy.
type Policy struct {
	// Digest is sha256:HEX of the file.
	Digest string

	keys []crypto.PublicKey
	who  []signer
}

// signer is the owner of a key, and the repositories that the key covers.
type signer struct {
	name         string
	repositories []string
}

const (
	maxPolicy = 1 << 20
	maxKeys   = 256
)

var keyName = lazyre.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Load reads a trust policy:
//
//	keys:
//	  - name: release
//	    file: release.pub             # PEM, relative to this file
//	    repositories: [docker.io/seaworthy/*, ghcr.io/org/app]
//
// A repository is REGISTRY/PATH. A name that ends in /* covers all repositories
// below it, and * covers all repositories. Load reports all errors at once
// (ErrInput).
func Load(path string) (*Policy, error) {
	raw, err := bounded.ReadFile(path, maxPolicy)
	if err != nil {
		return nil, system.BadInput("the trust policy cannot be read").At(system.Position{File: path}).Because(err).
			Suggest("%s", howTo)
	}
	return parse(path, raw)
}

// parse reads the text of a policy. Files of keys are relative to path.
func parse(path string, raw []byte) (*Policy, error) {
	l := &loader{Reader: strictyaml.Reader{Name: path}, policy: &Policy{Digest: digests.Of(raw)}}
	root, err := strictyaml.Parse(path, raw)
	switch {
	case root == nil && err != nil:
		return nil, err
	case root == nil:
		return nil, system.BadInput("the trust policy is empty").At(system.Position{File: path}).Suggest("%s", howTo)
	}
	l.document(root)
	if err := errors.Join(err, l.Err()); err != nil {
		return nil, err
	}
	return l.policy, nil
}

// howTo is the next step if there is no usable file.
const howTo = "give --trust a file with a list of keys; see docs/trust.md"

// loader reads a policy.
type loader struct {
	strictyaml.Reader
	policy *Policy
}

func (l *loader) document(root *yaml.Node) {
	var keys *yaml.Node
	l.Fields(root, "the trust policy", map[string]func(*yaml.Node){
		"keys": func(n *yaml.Node) { keys = n },
		"identities": func(n *yaml.Node) {
			l.Bad(n, "use keys instead", "identities: keyless signatures cannot be verified yet")
		},
	})
	switch {
	case keys == nil:
		if !l.Failed() {
			l.Bad(root, howTo, "the trust policy contains no keys")
		}
	case keys.Kind == yaml.SequenceNode && len(keys.Content) == 0:
		l.Bad(keys, howTo, "the trust policy contains no keys")
	case len(keys.Content) > maxKeys:
		l.Bad(keys, "", "the trust policy has more than %d keys", maxKeys)
	default:
		l.List(keys, l.key)
	}
}

// key reads one entry of keys.
func (l *loader) key(n *yaml.Node) {
	var who signer
	var name, file, repositories *yaml.Node
	l.Fields(n, "a key", map[string]func(*yaml.Node){
		"name":         func(n *yaml.Node) { name = n },
		"file":         func(n *yaml.Node) { file = n },
		"repositories": func(n *yaml.Node) { repositories = n },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	who.name = l.needed(n, name, "name")
	if who.name != "" && !keyName.MatchString(who.name) {
		l.Bad(name, "", "%q is not a valid name for a key", who.name)
	}
	if slices.ContainsFunc(l.policy.who, func(s signer) bool { return s.name == who.name }) {
		l.Bad(name, "", "two keys have the name %q", who.name)
	}
	if repositories == nil || repositories.Kind != yaml.SequenceNode || len(repositories.Content) == 0 {
		l.Bad(n, "write repositories: [REGISTRY/REPOSITORY], or [\"*\"] for all", "key %q does not cover any repository", who.name)
	} else {
		for _, r := range repositories.Content {
			if r.Kind != yaml.ScalarNode || !repository.MatchString(r.Value) {
				l.Bad(r, "write REGISTRY/REPOSITORY, REGISTRY/PATH/* or *", "%q is not a repository", r.Value)
				continue
			}
			who.repositories = append(who.repositories, r.Value)
		}
	}
	path := l.needed(n, file, "file")
	if path == "" {
		return
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(l.Name), path)
	}
	key, err := verify.LoadKey(path)
	if err != nil {
		l.Bad(file, "give the PEM file of an ECDSA P-256 or Ed25519 public key", "%v", err)
		return
	}
	for i, other := range l.policy.keys {
		if other.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			l.Bad(file, "list all repositories under one name", "%q and %q are the same key", l.policy.who[i].name, who.name)
			return
		}
	}
	l.policy.keys, l.policy.who = append(l.policy.keys, key), append(l.policy.who, who)
}

// needed reads a text that every key must have.
func (l *loader) needed(key, value *yaml.Node, what string) string {
	if value == nil {
		l.Bad(key, "", "the key has no %s", what)
		return ""
	}
	s := l.Text(value)
	if s == "" && value.Kind == yaml.ScalarNode {
		l.Bad(value, "", "%s is empty", what)
	}
	return s
}

// repository is a full name. It may end in a star.
var repository = lazyre.New(`^(\*|[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/([a-z0-9._-]+|\*))$`)

// covers reports whether the signer's key covers a repository
// (REGISTRY/PATH).
func (s signer) covers(repository string) bool {
	return slices.ContainsFunc(s.repositories, func(r string) bool {
		if r == "*" || r == repository {
			return true
		}
		below, open := strings.CutSuffix(r, "*")
		return open && strings.HasPrefix(repository, below)
	})
}
