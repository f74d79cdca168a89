package cli

import (
	"context"
	"crypto"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SignFlags say who signs: the flags of all verbs that sign.
type SignFlags struct {
	key, command string
	certificate  string
	Keyless      keylessFlags
	// optional is true for verbs that have --unsigned.
	optional, unsigned bool
}

// Add adds the flags to a verb. unsigned is the help of --unsigned.
func (f *SignFlags) Add(cmd *cobra.Command, unsigned string) {
	f.AddKey(cmd)
	f.optional = true
	cmd.Flags().BoolVar(&f.unsigned, "unsigned", false, unsigned)
}

// AddKey is for verbs that cannot leave out the signature.
func (f *SignFlags) AddKey(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.key, "key", "", "private key for signing: a file, or NAME://KEY for the plugin sigstore-kms-NAME")
	fs.StringVar(&f.command, "signer-command", "", "command that signs, instead of --key (docs/signing.md)")
}

// AddCertificate is for verbs whose signatures a trust policy verifies.
func (f *SignFlags) AddCertificate(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.certificate, "certificate", "", "certificate of the key, from a certificate authority of your own (docs/signing.md)")
}

// Given lists the flags that are given.
func (f *SignFlags) Given() []string {
	var given []string
	for _, one := range []struct {
		name string
		on   bool
	}{{"--key", f.key != ""}, {"--signer-command", f.command != ""}, {"--keyless", f.Keyless.on}, {"--unsigned", f.unsigned}} {
		if one.on {
			given = append(given, one.name)
		}
	}
	return given
}

// Check requires one signer, or --unsigned.
func (f *SignFlags) Check(verb string) error {
	given := f.Given()
	switch len(given) {
	case 0:
		flags := []string{"--key", "--signer-command"}
		if f.Keyless.offered {
			flags = append(flags, "--keyless")
		}
		if f.optional {
			flags = append(flags, "--unsigned")
		}
		last := len(flags) - 1
		return system.BadInput("%s needs %s or %s", verb, strings.Join(flags[:last], ", "), flags[last]).Suggest("make a key with: seaworthy key generate")
	case 1:
		return f.CheckFiles()
	}
	return system.BadInput("%s and %s cannot be used together", given[0], given[1]).Suggest("give only one of them")
}

// CheckFiles requires that each flag has the flag to which it belongs.
func (f *SignFlags) CheckFiles() error {
	if f.certificate != "" && f.key == "" && f.command == "" {
		return system.BadInput("--certificate needs --key or --signer-command").Suggest("give the key that belongs to the certificate, or leave out --certificate")
	}
	return f.Keyless.Check()
}

// external reports whether the key is not in a file.
func (f *SignFlags) external() bool { return f.command != "" || f.Keyless.on || attest.IsKMS(f.key) }

// Signer opens the signer, nil for --unsigned.
func (f *SignFlags) Signer(ctx context.Context, c *Streams) (attest.Signer, error) {
	switch {
	case f.unsigned:
		return nil, nil
	case f.Keyless.on:
		return f.Keyless.signer(c)
	}
	s, err := f.keySigner(ctx, c)
	switch {
	case err != nil:
		return nil, err
	case f.certificate != "":
		certified, err := attest.LoadCertified(s, f.certificate, time.Now())
		if err != nil {
			return nil, err
		}
		return certified, nil
	}
	return s, nil
}

// keySigner opens the key of --key or --signer-command.
func (f *SignFlags) keySigner(ctx context.Context, c *Streams) (*attest.KeySigner, error) {
	if !f.external() {
		return attest.LoadSigner(f.key, func() ([]byte, error) { return c.Password(ctx) })
	}
	key, err := c.ExternalKey(ctx, f.key, f.command)
	if err != nil {
		return nil, err
	}
	s, err := attest.NewSigner(key)
	if err != nil {
		return nil, system.BadInput("the signer's key cannot be used").Because(err).Suggest("use an ECDSA P-256 or Ed25519 key")
	}
	return s, nil
}

// ExternalKey opens a key behind a plugin or a command.
func (c *Streams) ExternalKey(ctx context.Context, reference, command string) (attest.Key, error) {
	if command != "" {
		return attest.OpenCommand(ctx, command, c.Err)
	}
	return attest.OpenKMS(ctx, reference, c.Err)
}

// publicKey reads a public key from a file, or asks a plugin for it.
func (c *Streams) publicKey(ctx context.Context, reference string) (crypto.PublicKey, error) {
	if !attest.IsKMS(reference) {
		return verify.LoadKey(reference)
	}
	key, err := attest.OpenKMS(ctx, reference, c.Err)
	if err != nil {
		return nil, err
	}
	return key.Public(), nil
}

// Start opens the signer while os.yml and the policy are read, unless a person may
// be asked for something. Errors of a signer that is opened early are returned
// later, by the function. It is nil for --unsigned. If stdin is true, standard
// input is an os.yml.
func (f *SignFlags) Start(ctx context.Context, c *Streams, stdin bool) (func() (attest.Signer, error), error) {
	if f.unsigned {
		return nil, nil
	}
	_, known := os.LookupEnv(PasswordEnv)
	if stdin && !known && !f.external() {
		return nil, system.BadInput("standard input is an os.yml, so the key's password cannot be read from it").
			Suggest("set %s, or give the os.yml as a file", PasswordEnv)
	}
	open := sync.OnceValues(func() (attest.Signer, error) { return f.Signer(ctx, c) })
	if known && !f.external() {
		go func() { _, _ = open() }()
		return open, nil
	}
	_, err := open()
	return open, err
}
