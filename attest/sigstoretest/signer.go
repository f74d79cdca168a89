package sigstoretest

import (
	"context"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
)

// Person is the identity in the tokens of Start.
const Person = "release@example.org"

// Start starts a Sigstore for a test, and makes the options with which Person signs.
func Start(t testing.TB) (*Sigstore, attest.KeylessOptions) {
	t.Helper()
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	config, err := s.SigningConfig()
	if err != nil {
		t.Fatal(err)
	}
	root, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	return s, attest.KeylessOptions{SigningConfig: config, TrustedRoot: root,
		Token: func(context.Context) (string, error) { return s.Token(Person, time.Now().Add(time.Hour)) }}
}
