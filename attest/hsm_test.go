package attest_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
)

// TestHSM signs with keys in a token of SoftHSM, through our plugin. `make
// test-hsm` compiles the plugin and runs this test.
func TestHSM(t *testing.T) {
	plugin := os.Getenv("SEAWORTHY_HSM")
	if plugin == "" {
		t.Skip("the plugin is not compiled; run: make test-hsm")
	}
	tool, err := exec.LookPath("softhsm2-util")
	module := os.Getenv("PKCS11_MODULE_PATH")
	if err != nil || module == "" {
		t.Skip("SoftHSM is not installed (Debian: softhsm2), or PKCS11_MODULE_PATH is not set")
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	if err := os.WriteFile(conf, []byte("directories.tokendir = "+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SOFTHSM2_CONF", conf)
	t.Setenv("PKCS11_PIN", "1234")
	t.Setenv("PATH", plugin+string(os.PathListSeparator)+os.Getenv("PATH"))
	softhsm := func(args ...string) {
		t.Helper()
		if out, err := exec.Command(tool, args...).CombinedOutput(); err != nil {
			t.Fatalf("softhsm2-util %v: %v: %s", args, err, out)
		}
	}
	ec, firmware := ecKey(t, elliptic.P256()), rsaKey(t)
	softhsm("--init-token", "--free", "--label", "release", "--pin", "1234", "--so-pin", "5678")
	softhsm("--import", keyFile(t, ec), "--token", "release", "--label", "os", "--id", "01", "--pin", "1234")
	softhsm("--import", keyFile(t, firmware), "--token", "release", "--label", "firmware", "--id", "02", "--pin", "1234")

	k, err := attest.OpenKMS(t.Context(), "hsm://token=release;object=os", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keySigns(t, k, ec.Public()); err != nil {
		t.Error(err)
	}
	if k, err = attest.OpenKMS(t.Context(), "hsm://token=release;object=firmware", nil); err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a kernel"))
	sig, err := k.SignDigest(t.Context(), digest[:])
	if err == nil {
		err = rsa.VerifyPKCS1v15(&firmware.PublicKey, crypto.SHA256, digest[:], sig)
	}
	if err != nil {
		t.Error(err)
	}
	t.Setenv("PKCS11_PIN", "wrong")
	if _, err := attest.OpenKMS(t.Context(), "hsm://token=release;object=os", nil); err == nil || !strings.Contains(err.Error(), "CKR_PIN_INCORRECT") {
		t.Errorf("a wrong PIN: %v", err)
	}
}
