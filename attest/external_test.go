package attest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/signertest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// TestMain runs the programs of signertest under their names. PATH finds them.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case signertest.CommandName:
		signertest.Command()
		return
	case signertest.PluginName:
		signertest.Plugin()
		return
	}
	code, err := withPrograms(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func withPrograms(m *testing.M) (int, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "programs")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	for _, name := range []string{signertest.CommandName, signertest.PluginName} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			return 0, err
		}
	}
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// external opens a key by each of the two ways.
var external = map[string]func(ctx context.Context, path string, messages *bytes.Buffer) (attest.Key, error){
	"command": func(ctx context.Context, path string, messages *bytes.Buffer) (attest.Key, error) {
		return attest.OpenCommand(ctx, signertest.CommandName+" good "+path, messages)
	},
	"plugin": func(ctx context.Context, path string, messages *bytes.Buffer) (attest.Key, error) {
		return attest.OpenKMS(ctx, "test://"+path, messages)
	},
}

func TestExternalSigners(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, key := range map[string]crypto.PrivateKey{"P-256": ecKey(t, elliptic.P256()), "Ed25519": ed} {
		for kind, open := range external {
			var messages bytes.Buffer
			k, err := open(t.Context(), keyFile(t, key), &messages)
			if err != nil {
				t.Errorf("%s, %s: %v", kind, name, err)
				continue
			}
			if err := keySigns(t, k, key.(crypto.Signer).Public()); err != nil {
				t.Errorf("%s, %s: %v", kind, name, err)
			}
			if kind == "command" && !strings.Contains(messages.String(), "touch the token") {
				t.Errorf("%s, %s: messages %q", kind, name, &messages)
			}
		}
	}
	private := rsaKey(t)
	for kind, open := range external {
		k, err := open(t.Context(), keyFile(t, private), new(bytes.Buffer))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
			continue
		}
		digest := sha256.Sum256([]byte("message"))
		for how, sign := range map[string]func() ([]byte, error){
			"message": func() ([]byte, error) { return k.SignMessage(t.Context(), []byte("message")) },
			"digest":  func() ([]byte, error) { return k.SignDigest(t.Context(), digest[:]) },
		} {
			sig, err := sign()
			if err == nil {
				err = rsa.VerifyPKCS1v15(&private.PublicKey, crypto.SHA256, digest[:], sig)
			}
			if err != nil {
				t.Errorf("%s signs a %s: %v", kind, how, err)
			}
		}
		if _, err := open(t.Context(), keyFile(t, ecKey(t, elliptic.P384())), new(bytes.Buffer)); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "P-384") {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

func TestCommandFails(t *testing.T) {
	t.Parallel()
	path := keyFile(t, ecKey(t, elliptic.P256()))
	for how, c := range map[string]struct {
		kind error
		want string
	}{
		"fails":        {system.ErrUnusable, "signer command test-signer: it failed: exit status 7: the token is locked"},
		"no-signature": {system.ErrUnusable, "its answer to sign is empty"},
		"endless":      {system.ErrUnusable, "its output cannot be used: larger than 64 KiB"},
		"not-a-key":    {system.ErrUnusable, "its answer to public-key is not a public key in PEM"},
	} {
		k, err := attest.OpenCommand(t.Context(), signertest.CommandName+" "+how+" "+path, nil)
		if err == nil {
			_, err = k.SignMessage(t.Context(), []byte("x"))
		}
		var e *system.Error
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) || e.Next == "" {
			t.Errorf("%s: %v", how, err)
		}
	}
	for line, want := range map[string]string{"": "is empty", "no-such-program-here": "does not exist", "/no/such/program": "does not exist"} {
		if _, err := attest.OpenCommand(t.Context(), line, nil); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// A command that does not end is stopped by its limit, and with the program.
func TestCommandHangs(t *testing.T) {
	t.Parallel()
	line := signertest.CommandName + " hangs " + keyFile(t, ecKey(t, elliptic.P256()))
	k, err := attest.OpenCommand(t.Context(), line, nil)
	if err != nil {
		t.Fatal(err)
	}
	attest.SetHang(k, 200*time.Millisecond)
	if _, err := k.SignMessage(t.Context(), nil); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "it was stopped: it did not end within") {
		t.Errorf("limit: %v", err)
	}
	attest.SetHang(k, time.Hour)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("interrupted"))
	if _, err := k.SignMessage(ctx, nil); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestPluginFails(t *testing.T) {
	t.Parallel()
	for reference, c := range map[string]struct {
		kind error
		want string
	}{
		"test:///no/key":                            {system.ErrUnusable, "it reports an error: open /no/key"},
		"test://answers:":                           {system.ErrUnusable, "it failed: exit status 1"},
		"test://answers:{}":                         {system.ErrUnusable, "its answer has no public key"},
		"test://answers:[]":                         {system.ErrUnusable, "it failed: exit status 1"},
		`test://answers:{"publicKey":{}}`:           {system.ErrUnusable, "its public key cannot be read"},
		`test://answers:{"errorMessage":"no card"}`: {system.ErrUnusable, "it reports an error: no card"},
		"other://x":                                 {system.ErrInput, "needs the plugin sigstore-kms-other, which is not on PATH"},
		"../x://y":                                  {system.ErrInput, "is not the name of a plugin"},
		"://y":                                      {system.ErrInput, "is not the name of a plugin"},
		"test://x?pin-value=1":                      {system.ErrInput, "contains a PIN"},
	} {
		_, err := attest.OpenKMS(t.Context(), reference, nil)
		var e *system.Error
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || !errors.As(err, &e) || e.Next == "" {
			t.Errorf("%s: %v", reference, err)
		}
		if strings.Contains(err.Error(), "pin-value=1") {
			t.Errorf("the error shows the PIN: %v", err)
		}
	}
}

// The script in docs/signing.md works.
func TestDocumentedCommand(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("the script in docs/signing.md needs openssl")
	}
	page, err := os.ReadFile("../docs/signing.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```sh\n")
	text, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("docs/signing.md has no script")
	}
	private := ecKey(t, elliptic.P256())
	path := keyFile(t, private)
	script := filepath.Join(filepath.Dir(path), "sign.sh")
	if err := os.WriteFile(script, []byte(strings.ReplaceAll(text, "key.pem", path)), 0o700); err != nil {
		t.Fatal(err)
	}
	k, err := attest.OpenCommand(t.Context(), "sh "+script, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keySigns(t, k, private.Public()); err != nil {
		t.Error(err)
	}
}
