// Package sigstoretest is a small Sigstore for tests, on a loopback port: an
// identity provider, a certificate authority, a timestamp authority and a
// transparency log (Rekor v2). Tests make each service fail. The tests in
// attest/keylesstest use the real servers.
package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"time"

	prototrustroot "github.com/sigstore/protobuf-specs/gen/pb-go/trustroot/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
)

// The paths of the services.
const (
	CA  = "/api/v2/signingCert"
	TSA = "/api/v1/timestamp"
	Log = "/api/v2/log/entries"
)

// Sigstore is a Sigstore. The fields may be changed before a request.
type Sigstore struct {
	URL string
	// Handlers replace services, by path. They can call Serve.
	Handlers map[string]http.HandlerFunc
	// CAClock and TSAClock are how far the clocks of these services are ahead.
	CAClock, TSAClock time.Duration
	// Subject is the subject of all certificates, instead of the token's.
	Subject string
	// Forget makes the log answer with a proof for a tree without the entry.
	Forget bool
	// CT puts the log of certificates into the trusted root.
	CT bool

	mu       sync.Mutex
	services map[string]http.HandlerFunc
	asked    map[string]int
	leaves   [][]byte

	ca, tsa      *authority
	tsaLeaf      *x509.Certificate
	tsaKey       *ecdsa.PrivateKey
	logKey, oidc *ecdsa.PrivateKey
	ctKey        *ecdsa.PrivateKey
	server       *httptest.Server
}

// authority is a certificate authority.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New starts a Sigstore. Close it.
func New() (*Sigstore, error) {
	s := &Sigstore{Handlers: map[string]http.HandlerFunc{}, asked: map[string]int{}}
	var err error
	if s.ca, err = newAuthority("test CA"); err != nil {
		return nil, err
	}
	if s.tsa, err = newAuthority("test TSA"); err != nil {
		return nil, err
	}
	for _, key := range []**ecdsa.PrivateKey{&s.tsaKey, &s.logKey, &s.ctKey, &s.oidc} {
		if *key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	if s.tsaLeaf, err = s.tsaCertificate(begin, end); err != nil {
		return nil, err
	}
	s.services = map[string]http.HandlerFunc{CA: s.serveCA, TSA: s.serveTSA, Log: s.serveLog}
	s.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked[r.URL.Path]++
		own := s.Handlers[r.URL.Path]
		s.mu.Unlock()
		if own != nil {
			own(w, r)
			return
		}
		s.Serve(w, r)
	}))
	s.URL = s.server.URL
	return s, nil
}

// tsaCertificate is a certificate for the key of the timestamp authority.
func (s *Sigstore) tsaCertificate(from, until time.Time) (*x509.Certificate, error) {
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		return nil, err
	}
	return s.tsa.issue(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "test TSA leaf"},
		NotBefore: from, NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	}, s.tsaKey.Public())
}

// Close stops the services.
func (s *Sigstore) Close() { s.server.Close() }

// Serve answers as a service that works.
func (s *Sigstore) Serve(w http.ResponseWriter, r *http.Request) {
	if serve := s.services[r.URL.Path]; serve != nil {
		serve(w, r)
		return
	}
	http.NotFound(w, r)
}

// Asked is how many requests a service got.
func (s *Sigstore) Asked(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[path]
}

// The authorities are valid in all years of tests.
var (
	begin = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	end   = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
)

func newAuthority(name string) (*authority, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &authority{key: key}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: begin, NotAfter: end,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, BasicConstraintsValid: true, IsCA: true,
	}
	a.cert = template
	a.cert, err = a.issue(template, key.Public())
	return a, err
}

func (a *authority) issue(template *x509.Certificate, key crypto.PublicKey) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// SigningConfig is the file that says where the services are.
func (s *Sigstore) SigningConfig() ([]byte, error) {
	service := func(path string, version uint32) []root.Service {
		return []root.Service{{URL: s.URL + path, MajorAPIVersion: version, ValidityPeriodStart: begin, Operator: "test"}}
	}
	all := root.ServiceConfiguration{Selector: prototrustroot.ServiceSelector_ANY}
	c, err := root.NewSigningConfig(root.SigningConfigMediaType02, service("", 1), service("", 1), service("", 2), all, service(TSA, 1), all)
	if err != nil {
		return nil, err
	}
	return c.MarshalJSON()
}

// TrustedRoot is the file with the keys and certificates of the services.
func (s *Sigstore) TrustedRoot() ([]byte, error) {
	logs, err := s.logs(s.logKey)
	if err != nil {
		return nil, err
	}
	var certificates map[string]*root.TransparencyLog
	if s.CT {
		if certificates, err = s.logs(s.ctKey); err != nil {
			return nil, err
		}
	}
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: s.ca.cert, ValidityPeriodStart: begin, URI: s.URL}}, certificates,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: s.tsa.cert, Leaf: s.tsaLeaf, ValidityPeriodStart: begin, URI: s.URL}},
		logs)
	if err != nil {
		return nil, err
	}
	return r.MarshalJSON()
}

// logs is a list with the log that has a key.
func (s *Sigstore) logs(key *ecdsa.PrivateKey) (map[string]*root.TransparencyLog, error) {
	id, err := logID(key.Public())
	if err != nil {
		return nil, err
	}
	log := &root.TransparencyLog{BaseURL: s.URL, ID: id[:], ValidityPeriodStart: begin, HashFunc: crypto.SHA256,
		PublicKey: key.Public(), SignatureHashFunc: crypto.SHA256}
	return map[string]*root.TransparencyLog{hex.EncodeToString(id[:]): log}, nil
}

// origin is the name of the log in its checkpoints.
func (s *Sigstore) origin() string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// logID is the digest of a key in PKIX form.
func logID(key crypto.PublicKey) ([sha256.Size]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	return sha256.Sum256(der), err
}
