package attest_test

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// TestSigstoreJS: sigstore-js, which shares no code with us, verifies each of our
// bundles, and refuses changed ones. We verify its bundles.
func TestSigstoreJS(t *testing.T) {
	if os.Getenv("SEAWORTHY_SIGSTORE_JS") == "" {
		t.Skip("skipped: needs Node.js and packages of npm; run `make test-sigstore-js`")
	}
	node := func(args ...string) (string, error) {
		cmd := exec.Command("node", append([]string{"interop.mjs"}, args...)...)
		cmd.Dir = "testdata/sigstorejs"
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	s, key := sealtest.SignerWithKey(t)
	keys := t.TempDir()
	write := func(name, kind string, der []byte, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(keys, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	public := write("key.pub", "PUBLIC KEY", der, err)
	der, err = x509.MarshalPKCS8PrivateKey(key)
	private := write("key.pem", "PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(sealtest.Signer(t).PublicKey())
	other := write("other.pub", "PUBLIC KEY", der, err)

	// Our bundles.
	dir := sealtest.New("demo").Seal(t, s)
	for stem := range stems() {
		path := filepath.Join(dir, statement.BundlePath(stem))
		if out, err := node("verify", path, public); err != nil || strings.TrimSpace(out) != "verified" {
			t.Errorf("%s: sigstore-js refuses our bundle: %v\n%s", stem, err, out)
		}
	}
	path := filepath.Join(dir, statement.BundlePath("vsa"))
	if out, err := node("verify", path, other); err == nil {
		t.Errorf("sigstore-js accepts another key: %s", out)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(keys, "changed.json")
	if err := os.WriteFile(changed, []byte(strings.Replace(string(raw), `"payload":"ey`, `"payload":"fy`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := node("verify", changed, public); err == nil {
		t.Errorf("sigstore-js accepts a changed payload: %s", out)
	}

	// Its bundles.
	digest := sealtest.Digest("an artifact")
	payload := filepath.Join(keys, "payload.json")
	text := fmt.Sprintf(`{"_type":%q,"subject":[{"name":"x","digest":{"sha256":%q}}],"predicateType":%q,"predicate":{}}`,
		statement.Type, strings.TrimPrefix(digest, "sha256:"), statement.CosignSign)
	if err := os.WriteFile(payload, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := node("sign", payload, private)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	trusted := []crypto.PublicKey{key.Public()}
	if err := verify.Artifact("x", digest, [][]byte{[]byte(out)}, verify.Signers{Keys: trusted}); err != nil {
		t.Errorf("we refuse a bundle of sigstore-js: %v", err)
	}
	if err := verify.Artifact("x", sealtest.Digest("another"), [][]byte{[]byte(out)}, verify.Signers{Keys: trusted}); err == nil {
		t.Error("we accept it for another artifact")
	}
}
