package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// A folder without signatures is refused, and the error says at which check.
func ExampleVerifier_Dir() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "os-kernel"), []byte("a kernel"), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // else verify.LoadKey("seaworthy.pub")
	if err != nil {
		fmt.Println(err)
		return
	}
	v, err := verify.New(verify.Policy{Keys: []crypto.PublicKey{key.Public()}, RequirePolicy: "baseline", Now: time.Now()})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Dir(dir)
	var refused *verify.Refusal
	fmt.Println(errors.Is(err, verify.ErrRefused), errors.As(err, &refused))
	fmt.Println(refused.Check)
	// Output:
	// true true
	// signature
}

func ExampleParseRequirement() {
	name, digest, err := verify.ParseRequirement("hardened")
	fmt.Printf("%q %q %v\n", name, digest, err)
	// Output: "hardened" "" <nil>
}
