package attest_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func password(p string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(p), nil }
}

func TestGenerateAndLoadKey(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "keys")
	if err := attest.GenerateKey(dir, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	private, public := filepath.Join(dir, attest.PrivateKeyFile), filepath.Join(dir, attest.PublicKeyFile)
	info, err := os.Stat(private)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("private key: %v, %v", info.Mode(), err)
	}
	raw, err := os.ReadFile(private)
	if err != nil || !strings.HasPrefix(string(raw), "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----") {
		t.Errorf("private key is %.60q, %v", raw, err)
	}
	s, err := attest.LoadSigner(private, password("secret"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := verify.LoadKey(public)
	if err != nil {
		t.Fatal(err)
	}
	if id, err := verify.KeyID(key); err != nil || id != s.ID() {
		t.Errorf("public key is %s, signer's %s, %v", id, s.ID(), err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{attest.PrivateKeyFile, attest.PublicKeyFile}) {
		t.Errorf("folder has %v", got)
	}

	if _, err := attest.LoadSigner(private, password("wrong")); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "the password is wrong") {
		t.Errorf("wrong password: %v", err)
	}
	failing := func() ([]byte, error) { return nil, errors.New("no terminal") }
	if _, err := attest.LoadSigner(private, failing); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "no terminal") {
		t.Errorf("no password: %v", err)
	}
	never := func() ([]byte, error) { t.Error("asked for a password"); return nil, nil }
	if _, err := attest.LoadSigner(public, never); !errors.Is(err, system.ErrInput) {
		t.Errorf("public key for a private one: %v", err)
	}
	if _, err := attest.LoadSigner(filepath.Join(dir, "nothing"), never); !errors.Is(err, system.ErrInput) {
		t.Errorf("missing key: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big")
	if err := errors.Join(os.WriteFile(big, nil, 0o600), os.Truncate(big, 1<<30)); err != nil {
		t.Fatal(err)
	}
	if _, err := attest.LoadSigner(big, never); !errors.Is(err, system.ErrInput) {
		t.Errorf("huge key: %v", err)
	}
}

// If either file exists, it stays, and the other is not created.
func TestGenerateKeyReplacesNothing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{attest.PrivateKeyFile, attest.PublicKeyFile} {
		dir := t.TempDir()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := attest.GenerateKey(dir, nil)
		var e *system.Error
		if !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || !strings.Contains(err.Error(), path) || e.Next == "" {
			t.Errorf("%s exists: %v", name, err)
		}
		raw, rerr := os.ReadFile(path)
		if rerr != nil || string(raw) != "mine" || !slices.Equal(names(t, dir), []string{name}) {
			t.Errorf("%s is %q, %v; folder has %v", name, raw, rerr, names(t, dir))
		}
	}
	if err := attest.GenerateKey("/dev/null/x", nil); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("no folder: %v", err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}
