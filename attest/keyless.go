package attest

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"sync"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/seaworthy-os/seaworthy/attest/oidc"
	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// parallelRequests is how many statements are sent to the services at the same
// time. A transparency log adds the entries of some seconds together.
const parallelRequests = 16

// KeylessOptions say who signs, and with which services.
type KeylessOptions struct {
	// SigningConfig and TrustedRoot are Sigstore's files, in JSON: where the
	// services are, and their keys.
	SigningConfig, TrustedRoot []byte
	// Token gets the identity token. It is asked when something is signed.
	Token oidc.Source
	// Issuer and Subject are the identity that the certificate must have. If they
	// are "", it must have the identity of the token.
	Issuer, Subject string
	// Client sends the requests; the zero value is useful.
	Client service.Client
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Keyless is a Signer without a key: it makes a new key for each run, and gets a
// certificate for an identity, a timestamp and an entry of a transparency log for
// each signature. It is deterministic in the statements only.
type Keyless struct {
	o        KeylessOptions
	services *services

	mu   sync.Mutex
	last *credential
}

// credential is a key and the certificate for it.
type credential struct {
	keypair         sign.Keypair
	certificate     []byte
	issuer, subject string
	verifier        *keyless.Verifier
	// renew is the time after which another certificate is needed. It is measured
	// by a monotonic clock.
	renew time.Time
}

// NewKeyless makes a Keyless. It reads the files, and sends no request. Errors are
// ErrInput.
func NewKeyless(o KeylessOptions) (*Keyless, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Token == nil {
		return nil, system.BadInput("keyless signing needs an identity token").
			Suggest("give one with --identity-token, or run the command in a GitHub or GitLab job")
	}
	s, err := readServices(o.SigningConfig, o.Now())
	if err != nil {
		return nil, err
	}
	// Also checks the root, before anything is built.
	if _, err := keyless.New(o.TrustedRoot, keyless.Identity{Issuer: "any", Subject: "any"}); err != nil {
		return nil, err
	}
	return &Keyless{o: o, services: s}, nil
}

// Parallel implements Signer.
func (k *Keyless) Parallel() int { return parallelRequests }

// Identify implements Signer: it gets the certificate, and returns the identity in
// it.
func (k *Keyless) Identify(ctx context.Context) (string, error) {
	c, err := k.credential(ctx)
	if err != nil {
		return "", err
	}
	return verifiedName(c.subject, c.issuer), nil
}

// verifiedName is the form of an identity in reports.
func verifiedName(subject, issuer string) string { return subject + " (" + issuer + ")" }

// Bundle implements Signer. What the services answer is verified like any other
// signature, so nothing is returned that verify refuses.
func (k *Keyless) Bundle(ctx context.Context, payload []byte) ([]byte, error) {
	c, err := k.credential(ctx)
	if err != nil {
		return nil, err
	}
	b, err := k.sign(ctx, c, payload)
	if service.Code(err) == http.StatusConflict {
		// The log has the entry already: its answer to an earlier attempt was lost.
		// Another signature is another entry.
		b, err = k.sign(ctx, c, payload)
	}
	if err != nil {
		// Errors of the log and of requests name their service.
		return nil, unusableAnswer("timestamp authority", k.services.tsas[0].URL, err)
	}
	raw, err := compact(b)
	if err != nil {
		return nil, err
	}
	if _, err := c.verifier.Verify(raw, k.o.Now()); err != nil {
		return nil, system.Mismatch("the answers of the services cannot be verified").Because(err).
			Suggest("check that the trusted root belongs to the services of the signing config, and the clocks")
	}
	return raw, nil
}

func (k *Keyless) sign(ctx context.Context, c *credential, payload []byte) (*protobundle.Bundle, error) {
	return sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: statement.PayloadType}, c.keypair, sign.BundleOptions{
		Context: ctx, CertificateProvider: c,
		TimestampAuthorities: k.services.timestampAuthorities(ctx, k.o.Client),
		TransparencyLogs:     k.services.transparencyLogs(k.o.Client),
	})
}

// GetCertificate implements sign.CertificateProvider: all signatures of a run share
// one certificate.
func (c *credential) GetCertificate(context.Context, sign.Keypair, *sign.CertificateProviderOptions) ([]byte, error) {
	return c.certificate, nil
}

// credential gets a certificate, or returns the last one if it is valid for long
// enough.
func (k *Keyless) credential(ctx context.Context) (*credential, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.last != nil && time.Now().Before(k.last.renew) {
		return k.last, nil
	}
	token, err := k.o.Token(ctx)
	if err != nil {
		return nil, err
	}
	claims, err := oidc.Parse(token)
	if err != nil {
		return nil, system.BadInput("the identity token cannot be used").Because(err).Suggest("get another token")
	}
	if err := claims.CheckTime(k.o.Now()); err != nil {
		return nil, err
	}
	c, err := k.request(ctx, token)
	if err != nil {
		return nil, err
	}
	if err := k.expects(claims, c); err != nil {
		return nil, err
	}
	k.last = c
	return c, nil
}

// request makes a key, and requests the certificate for it.
func (k *Keyless) request(ctx context.Context, token string) (*credential, error) {
	keypair, err := sign.NewEphemeralKeypair(nil)
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	der, err := k.services.authority(ctx, k.o.Client).GetCertificate(ctx, keypair, &sign.CertificateProviderOptions{IDToken: token})
	if err != nil {
		return nil, unusableAnswer("certificate authority", k.services.ca.URL, err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, unusableAnswer("certificate authority", k.services.ca.URL, err)
	}
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		return nil, unusableAnswer("certificate authority", k.services.ca.URL, err)
	}
	c := &credential{keypair: keypair, certificate: der, issuer: summary.Issuer, subject: summary.SubjectAlternativeName,
		renew: begin.Add(cert.NotAfter.Sub(cert.NotBefore) / 2)}
	c.verifier, err = keyless.New(k.o.TrustedRoot, keyless.Identity{Issuer: c.issuer, Subject: c.subject})
	return c, err
}

// unusableAnswer returns the error of a service as it is. Any other error becomes one
// that names the service.
func unusableAnswer(name, address string, err error) error {
	var e *system.Error
	if errors.As(err, &e) {
		return e
	}
	return system.Unusable("the answer of the %s at %s cannot be used", name, address).Because(err).Suggest("check its address in the signing config")
}

// expects requires the identity that was asked for, or that of the token.
func (k *Keyless) expects(claims *oidc.Claims, c *credential) error {
	issuer, subject := claims.Identity()
	source := "the identity token is for"
	if k.o.Issuer != "" || k.o.Subject != "" {
		issuer, subject, source = k.o.Issuer, k.o.Subject, "the required identity is"
	}
	if (subject == "" || subject == c.subject) && (issuer == "" || issuer == c.issuer) {
		return nil
	}
	if subject == "" {
		subject = "any subject"
	}
	if issuer == "" {
		issuer = "any issuer"
	}
	return system.Mismatch("the certificate is for %s, but %s %s", verifiedName(c.subject, c.issuer), source, verifiedName(subject, issuer)).
		Suggest("check the identity token, and --identity and --issuer")
}
