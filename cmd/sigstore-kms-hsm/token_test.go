package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ThalesGroup/crypto11"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin"
	"github.com/sigstore/sigstore/pkg/signature/options"
)

const pluginName = "sigstore-kms-hsm"

// modules are the places of SoftHSM's module in distributions.
var modules = []string{"/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm.so", "/usr/lib64/pkcs11/libsofthsm2.so", "/usr/local/lib/softhsm/libsofthsm2.so"}

// TestMain runs as the plugin under its name. Else it makes a token with SoftHSM, and
// puts the plugin on PATH.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == pluginName {
		main()
		return
	}
	code, err := withToken(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// missing says why there is no token, "" if there is one.
var missing string

func withToken(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "hsm")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(dir, pluginName))
	}
	if err == nil {
		err = os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
	if err == nil {
		err = makeToken(dir)
	}
	if err != nil {
		return 0, err
	}
	return m.Run(), nil
}

// makeToken makes a token with the keys ec, rsa and twice (two pairs).
func makeToken(dir string) error {
	module := ""
	for _, path := range modules {
		if _, err := os.Stat(path); err == nil {
			module = path
			break
		}
	}
	tool, err := exec.LookPath("softhsm2-util")
	if err != nil || module == "" {
		missing = "SoftHSM is not installed (Debian: softhsm2)"
		return nil
	}
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := errors.Join(
		os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\nobjectstore.backend = file\n"), 0o600),
		os.WriteFile(filepath.Join(dir, "pin"), []byte("1234\n"), 0o600),
		os.Setenv("SOFTHSM2_CONF", conf), os.Setenv(moduleEnv, module), os.Setenv(pinEnv, "1234"), os.Setenv("TEST_PIN_FILE", filepath.Join(dir, "pin")),
	); err != nil {
		return err
	}
	if out, err := exec.Command(tool, "--init-token", "--free", "--label", "test token", "--pin", "1234", "--so-pin", "5678").CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	c, err := crypto11.Configure(&crypto11.Config{Path: module, TokenLabel: "test token", Pin: "1234"})
	if err != nil {
		return err
	}
	_, errEC := c.GenerateECDSAKeyPairWithLabel([]byte{1}, []byte("ec"), elliptic.P256())
	_, errRSA := c.GenerateRSAKeyPairWithLabel([]byte{2}, []byte("rsa"), 2048)
	_, errA := c.GenerateECDSAKeyPairWithLabel([]byte{3}, []byte("twice"), elliptic.P256())
	_, errB := c.GenerateECDSAKeyPairWithLabel([]byte{4}, []byte("twice"), elliptic.P256())
	return errors.Join(errEC, errRSA, errA, errB, c.Close())
}

// TestPlugin signs through Sigstore's own client, as cosign does.
func TestPlugin(t *testing.T) {
	if missing != "" {
		t.Skip(missing)
	}
	digest := sha256.Sum256([]byte("message"))
	for _, reference := range []string{"token=test%20token;object=ec", "token=test%20token;id=%01", "token=test%20token;object=rsa",
		"token=test%20token;object=ec?module-path=" + os.Getenv(moduleEnv) + "&pin-source=file:" + os.Getenv("TEST_PIN_FILE")} {
		sv, err := cliplugin.LoadSignerVerifier(t.Context(), "hsm://"+reference, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		public, err := sv.PublicKey()
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		message, err := sv.SignMessage(strings.NewReader("message"))
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		hashed, err := sv.SignMessage(nil, options.WithDigest(digest[:]), options.WithCryptoSignerOpts(crypto.SHA256))
		if err != nil {
			t.Errorf("%s: %v", reference, err)
			continue
		}
		for _, sig := range [][]byte{message, hashed} {
			valid := false
			switch k := public.(type) {
			case *ecdsa.PublicKey:
				valid = ecdsa.VerifyASN1(k, digest[:], sig)
			case *rsa.PublicKey:
				valid = rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], sig) == nil
			}
			if !valid {
				t.Errorf("%s: the signature is not valid", reference)
			}
		}
		if err := sv.VerifySignature(bytes.NewReader(message), strings.NewReader("message")); err != nil {
			t.Errorf("%s: %v", reference, err)
		}
		if err := sv.VerifySignature(bytes.NewReader(message), strings.NewReader("other")); err == nil {
			t.Errorf("%s: the signature of another message is accepted", reference)
		}
	}
}

func TestRefused(t *testing.T) {
	if missing != "" {
		t.Skip(missing)
	}
	for reference, want := range map[string]string{
		"token=test%20token;object=none":                     "has 0 key pairs",
		"token=test%20token;object=twice":                    "has 2 key pairs",
		"token=test%20token":                                 "names no key",
		"object=ec":                                          "exactly one of token=",
		"token=a;serial=b;object=ec":                         "exactly one of token=",
		"token=other;object=ec":                              "the token cannot be opened",
		"token=test%20token;object=ec?pin-value=1234":        "contains a PIN",
		"token=test%20token;object=ec?pin-source=/no/file":   "Could not open PIN file",
		"token=test%20token;object=ec?module-path=/no/so.so": "the token cannot be opened",
		"object": "malformed path attribute",
	} {
		sv, err := cliplugin.LoadSignerVerifier(t.Context(), "hsm://"+reference, crypto.SHA256)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sv.PublicKey(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", reference, err)
		}
	}
}
