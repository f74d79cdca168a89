//go:build !keyless

package main

import "github.com/seaworthy-os/seaworthy/attest/trust"

// trustOptions are none: a trust policy with keyless identities is an error.
func trustOptions() []trust.Option { return nil }
