//go:build keyless

package main

import (
	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
)

// trustOptions let trust policies have keyless identities. This needs the tag keyless,
// because it makes the program much larger.
func trustOptions() []trust.Option {
	return []trust.Option{trust.WithKeyless(func(id trust.Identity) (verify.Keyless, error) {
		return keyless.Load(id.TrustedRoot, keyless.Identity{Issuer: id.Issuer, Subject: id.Subject})
	})}
}
