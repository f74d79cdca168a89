package attest_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

const person = sigstoretest.Person

// newSigstore is sigstoretest.Start, with a client that does not wait between attempts.
func newSigstore(t testing.TB) (*sigstoretest.Sigstore, attest.KeylessOptions) {
	t.Helper()
	s, o := sigstoretest.Start(t)
	o.Client = service.Client{Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
	return s, o
}

func newKeyless(t testing.TB, o attest.KeylessOptions) *attest.Keyless {
	t.Helper()
	k, err := attest.NewKeyless(o)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// A seal has one certificate, and an entry of the log for each statement.
func TestKeylessSeal(t *testing.T) {
	t.Parallel()
	s, o := newSigstore(t)
	k := newKeyless(t, o)
	name, err := k.Identify(t.Context())
	if err != nil || name != person+" ("+sigstoretest.Issuer+")" {
		t.Errorf("identity %q, %v", name, err)
	}
	dir := sealtest.New("demo").Seal(t, k)
	v, err := keyless.New(o.TrustedRoot, keyless.Identity{Issuer: sigstoretest.Issuer, Subject: person})
	if err != nil {
		t.Fatal(err)
	}
	bundles, err := filepath.Glob(filepath.Join(dir, "attestations", "*.sigstore.json"))
	if err != nil || len(bundles) < 5 {
		t.Fatalf("%d bundles, %v", len(bundles), err)
	}
	for _, path := range bundles {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := v.Verify(raw, time.Now()); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	if a, b, c := s.Asked(sigstoretest.CA), s.Asked(sigstoretest.TSA), s.Asked(sigstoretest.Log); a != 1 || b != len(bundles) || c != len(bundles) {
		t.Errorf("%d certificates, %d timestamps and %d entries for %d bundles", a, b, c, len(bundles))
	}
}

// Each failure is one clear error of the right kind.
func TestKeylessFails(t *testing.T) {
	t.Parallel()
	type change = func(*sigstoretest.Sigstore, *attest.KeylessOptions)
	answer := func(path string, code int, text string) change {
		return func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) {
			s.Handlers[path] = func(w http.ResponseWriter, _ *http.Request) { http.Error(w, text, code) }
		}
	}
	expired := func(s *sigstoretest.Sigstore, o *attest.KeylessOptions) {
		o.Token = func(context.Context) (string, error) { return s.Token(person, time.Now().Add(-time.Minute)) }
	}
	late := func(o *attest.KeylessOptions) { o.Now = func() time.Time { return time.Now().Add(-time.Hour) } }
	for name, c := range map[string]struct {
		change change
		kind   error
		want   string
	}{
		"expired token": {expired, system.ErrInput, "expired at"},
		"expired token, and a clock that is late": {func(s *sigstoretest.Sigstore, o *attest.KeylessOptions) {
			expired(s, o)
			late(o)
		}, system.ErrUnusable, "it answered 401 Unauthorized: token is expired"},
		"not a token": {func(_ *sigstoretest.Sigstore, o *attest.KeylessOptions) {
			o.Token = func(context.Context) (string, error) { return "s3cret", nil }
		}, system.ErrInput, "is not a JSON web token"},
		"no token": {func(_ *sigstoretest.Sigstore, o *attest.KeylessOptions) {
			o.Token = func(context.Context) (string, error) { return "", system.Unusable("no token today").Suggest("wait") }
		}, system.ErrUnusable, "no token today"},
		"certificate for another identity": {func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) { s.Subject = "mallory@example.org" },
			system.ErrMismatch, "the certificate is for mallory@example.org (https://issuer.example.org), but the identity token is for " + person},
		"token of another person": {func(_ *sigstoretest.Sigstore, o *attest.KeylessOptions) {
			o.Subject = "owner@example.org"
		}, system.ErrMismatch, "but the required identity is owner@example.org (any issuer)"},
		"CA: 429":         {answer(sigstoretest.CA, 429, "later"), system.ErrUnusable, "the certificate authority at"},
		"TSA: 503":        {answer(sigstoretest.TSA, 503, ""), system.ErrUnusable, "the timestamp authority at"},
		"log: 500":        {answer(sigstoretest.Log, 500, "disk full"), system.ErrUnusable, "it answered 500 Internal Server Error: disk full"},
		"log: conflict":   {answer(sigstoretest.Log, 409, "twice"), system.ErrUnusable, "it answered 409 Conflict: twice"},
		"CA: nonsense":    {answer(sigstoretest.CA, 200, "{}"), system.ErrUnusable, "the answer of the certificate authority"},
		"TSA: nonsense":   {answer(sigstoretest.TSA, 200, "hello"), system.ErrUnusable, "the answer of the timestamp authority"},
		"log: nonsense":   {answer(sigstoretest.Log, 201, "hello"), system.ErrUnusable, "the answer of the transparency log"},
		"log forgets":     {func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) { s.Forget = true }, system.ErrMismatch, "the proof of the transparency log is not about this signature"},
		"TSA: late clock": {func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) { s.TSAClock = -time.Hour }, system.ErrMismatch, "is outside of the validity of the certificate"},
		"CA: early clock": {func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) { s.CAClock = 30 * time.Minute }, system.ErrMismatch, "is outside of the validity of the certificate"},
		"our late clock":  {func(_ *sigstoretest.Sigstore, o *attest.KeylessOptions) { late(o) }, system.ErrMismatch, "which is later than the current time"},
		"other services than the root's": {func(_ *sigstoretest.Sigstore, o *attest.KeylessOptions) {
			_, other := newSigstore(t)
			o.TrustedRoot = other.TrustedRoot
		}, system.ErrMismatch, "the answers of the services cannot be verified"},
		"down": {func(s *sigstoretest.Sigstore, _ *attest.KeylessOptions) { s.Close() }, system.ErrUnusable, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, o := newSigstore(t)
			c.change(s, &o)
			raw, err := attest.SignArtifact(t.Context(), "it", sum("1"), newKeyless(t, o))
			var e *system.Error
			if raw != nil || !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) || e.Next == "" || strings.Contains(err.Error(), "s3cret") {
				t.Errorf("%v", err)
			}
			for _, kind := range []error{system.ErrInput, system.ErrUnusable, system.ErrMismatch} {
				if errors.Is(err, kind) && kind != c.kind {
					t.Errorf("the error has two kinds: also %v", kind)
				}
			}
		})
	}
}

// A service that is busy is asked again. A log that has the entry already gets
// another signature.
func TestKeylessRetries(t *testing.T) {
	t.Parallel()
	s, o := newSigstore(t)
	var n atomic.Int32
	for _, path := range []string{sigstoretest.CA, sigstoretest.TSA} {
		s.Handlers[path] = func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%2 == 1 {
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			s.Serve(w, r)
		}
	}
	var conflicts atomic.Int32
	s.Handlers[sigstoretest.Log] = func(w http.ResponseWriter, r *http.Request) {
		if conflicts.Add(1) == 1 {
			w.WriteHeader(http.StatusConflict)
			return
		}
		s.Serve(w, r)
	}
	if _, err := attest.SignArtifact(t.Context(), "it", sum("1"), newKeyless(t, o)); err != nil {
		t.Error(err)
	}
}

func TestKeylessConfiguration(t *testing.T) {
	t.Parallel()
	_, good := newSigstore(t)
	for name, c := range map[string]struct {
		change func(o *attest.KeylessOptions)
		want   string
	}{
		"no token":               {func(o *attest.KeylessOptions) { o.Token = nil }, "needs an identity token"},
		"no config":              {func(o *attest.KeylessOptions) { o.SigningConfig = nil }, "the signing config cannot be used"},
		"another file":           {func(o *attest.KeylessOptions) { o.SigningConfig = o.TrustedRoot }, "the signing config cannot be used"},
		"no root":                {func(o *attest.KeylessOptions) { o.TrustedRoot = []byte("{}") }, "the trusted root cannot be used"},
		"services not yet valid": {func(o *attest.KeylessOptions) { o.Now = func() time.Time { return time.Unix(0, 0) } }, "no matching service"},
		"no TSA":                 {replaceConfig(`"tsaUrls"`, `"oidcUrls"`), "signing config cannot be used"},
		"no selector":            {replaceConfig(`"rekorTlogConfig"`, `"tsaConfig"`), "signing config cannot be used"},
		"log of version 1":       {replaceConfig(`"majorApiVersion":2`, `"majorApiVersion":1`), "transparency log: no matching services"},
		"not encrypted":          {replaceConfig(`http://127.0.0.1`, `http://fulcio.example.org`), "is not encrypted"},
	} {
		o := good
		c.change(&o)
		_, err := attest.NewKeyless(o)
		var e *system.Error
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) || e.Next == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func replaceConfig(old, with string) func(*attest.KeylessOptions) {
	return func(o *attest.KeylessOptions) {
		o.SigningConfig = bytes.ReplaceAll(o.SigningConfig, []byte(old), []byte(with))
	}
}
