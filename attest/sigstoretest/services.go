package sigstoretest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/digitorus/timestamp"

	"github.com/seaworthy-os/seaworthy/attest/oidc"
)

// Issuer is the issuer of tokens.
const Issuer = "https://issuer.example.org"

// Token makes an identity token of a person, valid until the given time.
func (s *Sigstore) Token(email string, until time.Time) (string, error) {
	return s.Sign(map[string]any{"iss": Issuer, "aud": oidc.Audience, "sub": "subject-of-" + email, "email": email, "email_verified": true, "exp": until.Unix()})
}

// Sign makes an identity token with any claims.
func (s *Sigstore) Sign(claims map[string]any) (string, error) {
	raw, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding
	signed := b64.EncodeToString([]byte(`{"alg":"ES256","typ":"JWT"}`)) + "." + b64.EncodeToString(raw)
	sum := sha256.Sum256([]byte(signed))
	r, v, err := ecdsa.Sign(rand.Reader, s.oidc, sum[:])
	if err != nil {
		return "", err
	}
	sig := append(r.FillBytes(make([]byte, 32)), v.FillBytes(make([]byte, 32))...)
	return signed + "." + b64.EncodeToString(sig), nil
}

// claims verifies a token.
func (s *Sigstore) claims(token string, now time.Time) (*oidc.Claims, error) {
	c, err := oidc.Parse(token)
	if err != nil {
		return nil, err
	}
	cut := strings.LastIndexByte(token, '.')
	sig, err := base64.RawURLEncoding.DecodeString(token[cut+1:])
	sum := sha256.Sum256([]byte(token[:cut]))
	if err != nil || len(sig) != 64 || !ecdsa.Verify(&s.oidc.PublicKey, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		return nil, errors.New("the token is not signed")
	}
	if c.Expires < float64(now.Unix()) {
		return nil, errors.New("token is expired")
	}
	return c, nil
}

// serveCA issues a certificate for the identity in the token.
func (s *Sigstore) serveCA(w http.ResponseWriter, r *http.Request) {
	now := time.Now().Add(s.CAClock)
	claims, err := s.claims(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer "), now)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	var req struct {
		PublicKeyRequest struct {
			PublicKey struct{ Content string } `json:"publicKey"`
			Proof     []byte                   `json:"proofOfPossession"`
		} `json:"publicKeyRequest"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	key, err := possessed([]byte(req.PublicKeyRequest.PublicKey.Content), req.PublicKeyRequest.Proof, claims)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cert, err := s.certificate(claims, key, now)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	var answer struct {
		Embedded struct {
			Chain struct {
				Certificates []string `json:"certificates"`
			} `json:"chain"`
		} `json:"signedCertificateEmbeddedSct"`
	}
	answer.Embedded.Chain.Certificates = []string{pemOf(cert), pemOf(s.ca.cert)}
	_ = json.NewEncoder(w).Encode(answer)
}

// possessed checks that the requester has the private key.
func possessed(content, proof []byte, claims *oidc.Claims) (*ecdsa.PublicKey, error) {
	block, _ := pem.Decode(content)
	if block == nil {
		return nil, errors.New("no key")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok {
		return nil, errors.New("not an ECDSA key")
	}
	challenge := claims.Email
	if challenge == "" {
		challenge = claims.Subject
	}
	if sum := sha256.Sum256([]byte(challenge)); !ecdsa.VerifyASN1(key, sum[:], proof) {
		return nil, errors.New("no proof of possession")
	}
	return key, nil
}

func (s *Sigstore) certificate(claims *oidc.Claims, key crypto.PublicKey, now time.Time) (*x509.Certificate, error) {
	issuer, subject := claims.Identity()
	if s.Subject != "" {
		subject = s.Subject
	}
	oid, err := asn1.MarshalWithParams(issuer, "utf8")
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), NotBefore: now.Add(-time.Second), NotAfter: now.Add(10 * time.Minute),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: oid}},
	}
	if strings.Contains(subject, "://") {
		u, err := url.Parse(subject)
		if err != nil {
			return nil, err
		}
		template.URIs = []*url.URL{u}
	} else {
		template.EmailAddresses = []string{subject}
	}
	return s.ca.issue(template, key)
}

func pemOf(c *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
}

// serveTSA answers a request for a timestamp (RFC 3161).
func (s *Sigstore) serveTSA(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var req *timestamp.Request
	if err == nil {
		req, err = timestamp.ParseRequest(raw)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	stamp := timestamp.Timestamp{HashAlgorithm: req.HashAlgorithm, HashedMessage: req.HashedMessage, Nonce: req.Nonce, SerialNumber: big.NewInt(1),
		Time: time.Now().Add(s.TSAClock), Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}}
	answer, err := stamp.CreateResponseWithOpts(s.tsaLeaf, s.tsaKey, crypto.SHA256)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusCreated)
	_, _ = w.Write(answer)
}
