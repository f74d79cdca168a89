package main

import (
	"context"
	"os"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// signFlags say who signs: the flags of all verbs that sign.
type signFlags struct {
	key      string
	unsigned bool
}

func (f *signFlags) add(cmd *cobra.Command, unsigned string) {
	fs := cmd.Flags()
	fs.StringVar(&f.key, "key", "", "private key for signing, made by seaworthy key generate or cosign")
	fs.BoolVar(&f.unsigned, "unsigned", false, unsigned)
}

// check requires one signer, or --unsigned.
func (f *signFlags) check(verb string) error {
	switch {
	case f.key == "" && !f.unsigned:
		return system.BadInput("%s needs --key or --unsigned", verb).Suggest("make a key with: seaworthy key generate")
	case strings.Contains(f.key, "://"):
		return laterKey(f.key)
	case f.key != "" && f.unsigned:
		return system.BadInput("--key and --unsigned cannot be used together").Suggest("give only one of them")
	}
	return nil
}

// laterKey refuses a key that is not a file.
func laterKey(key string) error {
	return system.BadInput("--key %s: only keys in files are supported", key).Suggest("give the path of a key file")
}

// signer opens the signer, nil for --unsigned.
func (f *signFlags) signer(ctx context.Context, c *verbs) (attest.Signer, error) {
	if f.unsigned {
		return nil, nil
	}
	return attest.LoadSigner(f.key, func() ([]byte, error) { return c.Password(ctx) })
}

// start opens the signer while os.yml and the policy are read, unless a person is
// asked for the password. Errors of a signer that is opened early are returned
// later, by the function. It is nil for --unsigned. If stdin is true, standard
// input is an os.yml.
func (f *signFlags) start(ctx context.Context, c *verbs, stdin bool) (func() (attest.Signer, error), error) {
	if f.unsigned {
		return nil, nil
	}
	_, known := os.LookupEnv(cli.PasswordEnv)
	if stdin && !known {
		return nil, system.BadInput("standard input is an os.yml, so the key's password cannot be read from it").
			Suggest("set %s, or give the os.yml as a file", cli.PasswordEnv)
	}
	open := sync.OnceValues(func() (attest.Signer, error) { return f.signer(ctx, c) })
	if known {
		go func() { _, _ = open() }()
		return open, nil
	}
	_, err := open()
	return open, err
}
