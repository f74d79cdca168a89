package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/trust"
)

// What is not a signature of a trusted key is not verified, and the reason is given.
func ExamplePolicy_Judge() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		fmt.Println(err)
		return
	}
	file := filepath.Join(dir, "trust.yml")
	for path, text := range map[string][]byte{
		filepath.Join(dir, "release.pub"): pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}),
		file:                              []byte("keys:\n  - name: release\n    file: release.pub\n    repositories: [ghcr.io/org/*]\n"),
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			fmt.Println(err)
			return
		}
	}
	p, err := trust.Load(file, time.Now())
	if err != nil {
		fmt.Println(err)
		return
	}
	found := p.Judge(trust.Image{Repository: "ghcr.io/org/app", Digests: []string{"sha256:00"}},
		trust.Attached{MediaType: "application/vnd.in-toto+json", Data: []byte(`{"_type": "https://in-toto.io/Statement/v1"}`)})
	fmt.Println(found.Verified, found.Reason != "")
	// Output: false true
}
