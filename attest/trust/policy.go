// Package trust says whose signatures on component images are believed, and
// judges what is found beside an image. Load reads a trust policy; Judge
// verifies one signature or statement by it, in any of the forms in which they
// lie beside images: Sigstore bundles, bare DSSE envelopes, cosign's classic
// form. Nothing that it cannot verify is believed: it says why instead.
//
// Trust is in public keys. Certificates (keyless signatures) are recognised
// and not verified yet.
package trust

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// Policy is a trust policy that was read.
type Policy struct {
	// Digest is sha256:HEX of the file.
	Digest string

	keys []crypto.PublicKey
	who  []signer
}

// signer is who holds a key, and for which repositories it speaks.
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
// A repository is REGISTRY/PATH; one that ends in /* means all below it, and *
// alone all there are. Everything that is wrong is told at once (ErrInput).
func Load(path string) (*Policy, error) {
	raw, err := bounded.ReadFile(path, maxPolicy)
	if err != nil {
		return nil, system.BadInput("trust policy").At(system.Position{File: path}).Because(err).
			Suggest("give --trust a file that names keys; docs/trust.md says how")
	}
	return parse(path, raw)
}

// parse reads the text of a policy; files of keys are relative to path.
func parse(path string, raw []byte) (*Policy, error) {
	l := &loader{path: path, policy: &Policy{Digest: digests.Of(raw)}}
	l.document(raw)
	if err := errors.Join(l.errs...); err != nil {
		return nil, err
	}
	return l.policy, nil
}

// loader reads a policy and collects what is wrong with it.
type loader struct {
	path   string
	policy *Policy
	errs   []error
}

func (l *loader) bad(n *yaml.Node, next, format string, args ...any) {
	pos := system.Position{File: l.path}
	if n != nil {
		pos.Line, pos.Column = n.Line, n.Column
	}
	l.errs = append(l.errs, system.BadInput("trust policy: %s", fmt.Sprintf(format, args...)).At(pos).Suggest("%s", next))
}

func (l *loader) document(raw []byte) {
	dec := yaml.NewDecoder(bytes.NewReader(raw))
	var doc yaml.Node
	if err := dec.Decode(&doc); err != nil {
		l.bad(nil, "", "%v", err)
		return
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		l.bad(nil, "", "more than one document")
		return
	}
	if len(doc.Content) == 0 {
		l.bad(nil, "", "it says nothing")
		return
	}
	top := l.object(doc.Content[0], "keys", "identities")
	if ids := top["identities"]; ids != nil {
		l.bad(ids, "name keys instead", "identities: keyless signatures cannot be verified yet")
	}
	keys := top["keys"]
	switch {
	case keys == nil || keys.Kind != yaml.SequenceNode || len(keys.Content) == 0:
		l.bad(&doc, "without a key nobody is believed", "keys: a list of keys is wanted")
		return
	case len(keys.Content) > maxKeys:
		l.bad(keys, "", "more than %d keys", maxKeys)
		return
	}
	for _, n := range keys.Content {
		l.key(n)
	}
}

// key reads one entry of keys.
func (l *loader) key(n *yaml.Node) {
	m := l.object(n, "name", "file", "repositories")
	if m == nil {
		return
	}
	who := signer{name: l.text(n, m, "name")}
	if who.name != "" && !keyName.MatchString(who.name) {
		l.bad(m["name"], "", "%q is no name of a key", who.name)
	}
	if slices.ContainsFunc(l.policy.who, func(s signer) bool { return s.name == who.name }) {
		l.bad(m["name"], "", "two keys are called %q", who.name)
	}
	list := m["repositories"]
	if list == nil || list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
		l.bad(n, "write repositories: [REGISTRY/REPOSITORY], or [\"*\"] for all", "key %q speaks for no repository", who.name)
	} else {
		for _, r := range list.Content {
			if r.Kind != yaml.ScalarNode || !repository.MatchString(r.Value) {
				l.bad(r, "write REGISTRY/REPOSITORY, REGISTRY/PATH/* or *", "%q is no repository", r.Value)
				continue
			}
			who.repositories = append(who.repositories, r.Value)
		}
	}
	file := l.text(n, m, "file")
	if file == "" {
		return
	}
	if !filepath.IsAbs(file) {
		file = filepath.Join(filepath.Dir(l.path), file)
	}
	key, err := verify.LoadKey(file)
	if err != nil {
		l.bad(m["file"], "give the PEM file of an ECDSA P-256 or Ed25519 public key", "%v", err)
		return
	}
	for i, other := range l.policy.keys {
		if other.(interface{ Equal(crypto.PublicKey) bool }).Equal(key) {
			l.bad(m["file"], "give one name all the repositories", "%q and %q are the same key", l.policy.who[i].name, who.name)
			return
		}
	}
	l.policy.keys, l.policy.who = append(l.policy.keys, key), append(l.policy.who, who)
}

// repository is a full name, with a star where its rest is open.
var repository = lazyre.New(`^(\*|[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9._-]+)*/([a-z0-9._-]+|\*))$`)

// object is a mapping with known keys, each once.
func (l *loader) object(n *yaml.Node, known ...string) map[string]*yaml.Node {
	if n.Kind != yaml.MappingNode {
		l.bad(n, "", "keys and values are wanted: %s", strings.Join(known, ", "))
		return nil
	}
	out := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		switch {
		case !slices.Contains(known, k.Value):
			l.bad(k, "the keys are "+strings.Join(known, ", "), "unknown key %q", k.Value)
		case out[k.Value] != nil:
			l.bad(k, "", "key %q is there twice", k.Value)
		default:
			out[k.Value] = n.Content[i+1]
		}
	}
	return out
}

func (l *loader) text(at *yaml.Node, m map[string]*yaml.Node, key string) string {
	n := m[key]
	if n == nil || n.Kind != yaml.ScalarNode || n.Value == "" {
		l.bad(at, "", "a key needs a %s", key)
		return ""
	}
	return n.Value
}

// speaksFor says whether a signer is believed about a repository
// (REGISTRY/PATH).
func (s signer) speaksFor(repository string) bool {
	return slices.ContainsFunc(s.repositories, func(r string) bool {
		if r == "*" || r == repository {
			return true
		}
		below, open := strings.CutSuffix(r, "*")
		return open && strings.HasPrefix(repository, below)
	})
}
