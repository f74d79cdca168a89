package keylesstest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	ct "github.com/google/certificate-transparency-go"
	"github.com/google/certificate-transparency-go/tls"
)

// provider is an identity provider, for people or for the jobs of GitHub.
type provider struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

var b64 = base64.RawURLEncoding

func newProvider(t *testing.T) *provider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &provider{key: key}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(p.Close)
	answer := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": p.URL, "jwks_uri": p.URL + "/keys", "authorization_endpoint": p.URL + "/auth", "token_endpoint": p.URL + "/token",
			"response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": []string{"ES256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		raw, err := key.PublicKey.Bytes()
		if err != nil {
			t.Error(err)
			return
		}
		answer(w, map[string]any{"keys": []any{map[string]string{"kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": "1",
			"x": b64.EncodeToString(raw[1:33]), "y": b64.EncodeToString(raw[33:])}}})
	})
	mux.HandleFunc("/github", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer job" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		answer(w, map[string]string{"value": p.sign(t, jobClaims(r.URL.Query().Get("audience")), time.Hour)})
	})
	return p
}

// token makes the identity token of a person.
func (p *provider) token(t *testing.T, email, audience string, valid time.Duration) string {
	t.Helper()
	return p.sign(t, map[string]any{"sub": "subject-of-" + email, "aud": audience, "email": email, "email_verified": true}, valid)
}

// The job of GitHub that signs, and its repository.
const (
	jobRepository = "example/os"
	jobWorkflow   = jobRepository + "/.github/workflows/release.yml@refs/tags/v1"
	jobCommit     = "0123456789012345678901234567890123456789"
)

// jobClaims are those in the token of a job.
func jobClaims(audience string) map[string]any {
	return map[string]any{"sub": "repo:" + jobRepository + ":ref:refs/tags/v1", "aud": audience, "repository": jobRepository, "repository_id": "1",
		"repository_owner": "example", "repository_owner_id": "2", "repository_visibility": "public", "event_name": "push", "ref": "refs/tags/v1",
		"sha": jobCommit, "workflow": "release", "workflow_ref": jobWorkflow, "workflow_sha": jobCommit, "job_workflow_ref": jobWorkflow,
		"job_workflow_sha": jobCommit, "runner_environment": "github-hosted", "run_id": "3", "run_attempt": "1"}
}

// sign makes an identity token.
func (p *provider) sign(t *testing.T, members map[string]any, valid time.Duration) string {
	t.Helper()
	now := time.Now()
	members["iss"], members["iat"], members["exp"] = p.URL, now.Add(-2*time.Hour).Unix(), now.Add(valid).Unix()
	claims, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	signed := b64.EncodeToString([]byte(`{"alg":"ES256","kid":"1","typ":"JWT"}`)) + "." + b64.EncodeToString(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// certificateLog is a log of certificates (RFC 6962): it signs, and keeps nothing.
func certificateLog(t *testing.T) (url string, key *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := keyID(t, &key.PublicKey)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := addPreChain(w, r, key, id); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL + "/log", key
}

func addPreChain(w http.ResponseWriter, r *http.Request, key *ecdsa.PrivateKey, id [32]byte) error {
	if r.URL.Path != "/log/ct/v1/add-pre-chain" {
		return fmt.Errorf("unknown path %s", r.URL.Path)
	}
	var req ct.AddChainRequest
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		return err
	}
	var chain []ct.ASN1Cert
	for _, der := range req.Chain {
		chain = append(chain, ct.ASN1Cert{Data: der})
	}
	now := uint64(time.Now().UnixMilli())
	leaf, err := ct.MerkleTreeLeafFromRawChain(chain, ct.PrecertLogEntryType, now)
	if err != nil {
		return err
	}
	sct := ct.SignedCertificateTimestamp{SCTVersion: ct.V1, LogID: ct.LogID{KeyID: id}, Timestamp: now}
	input, err := ct.SerializeSCTSignatureInput(sct, ct.LogEntry{Leaf: *leaf})
	if err != nil {
		return err
	}
	signature, err := tls.CreateSignature(*key, tls.SHA256, input)
	if err != nil {
		return err
	}
	raw, err := tls.Marshal(signature)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(ct.AddChainResponse{SCTVersion: ct.V1, ID: id[:], Timestamp: now, Signature: raw})
}

func keyID(t *testing.T, key *ecdsa.PublicKey) [32]byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(der)
}
