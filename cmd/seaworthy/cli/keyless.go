package cli

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/oidc"
	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// keylessFlags are the flags of keyless signing.
type keylessFlags struct {
	// offered is false for verbs without these flags.
	offered, on         bool
	config, root, token string
	subject, issuer     string
}

func (f *keylessFlags) Add(cmd *cobra.Command) {
	f.offered = true
	fs := cmd.Flags()
	fs.BoolVar(&f.on, "keyless", false, "sign with an identity instead of a key, through Sigstore's services (docs/signing.md)")
	fs.StringVar(&f.config, "signing-config", "", "with --keyless: Sigstore's signing_config.json, which says where the services are")
	fs.StringVar(&f.root, "trusted-root", "", "with --keyless: Sigstore's trusted_root.json, with the keys of the services")
	fs.StringVar(&f.token, "identity-token", "", "with --keyless: file with an identity token (default: that of the GitHub or GitLab job, else a login in a browser)")
	fs.StringVar(&f.subject, "identity", "", "with --keyless: identity that the certificate must have (default: that of the token)")
	fs.StringVar(&f.issuer, "issuer", "", "with --keyless: identity provider that the certificate must have (default: that of the token)")
}

// Check requires the files.
func (f *keylessFlags) Check() error {
	if !f.on {
		for _, one := range []struct{ name, value string }{{"signing-config", f.config}, {"trusted-root", f.root},
			{"identity-token", f.token}, {"identity", f.subject}, {"issuer", f.issuer}} {
			if one.value != "" {
				return system.BadInput("--%s needs --keyless", one.name).Suggest("add --keyless, or leave out --%s", one.name)
			}
		}
		return nil
	}
	if f.config == "" || f.root == "" {
		return system.BadInput("--keyless needs --signing-config and --trusted-root").Suggest("give Sigstore's files; docs/signing.md says where they come from")
	}
	return nil
}

// signer makes the signer. It sends no request.
func (f *keylessFlags) signer(c *Streams) (attest.Signer, error) {
	o := attest.KeylessOptions{Issuer: f.issuer, Subject: f.subject}
	var err, rootErr error
	o.SigningConfig, err = readSigstore("--signing-config", f.config)
	o.TrustedRoot, rootErr = readSigstore("--trusted-root", f.root)
	if err = errors.Join(err, rootErr); err != nil {
		return nil, err
	}
	if o.Token, err = f.source(c, o.SigningConfig); err != nil {
		return nil, err
	}
	k, err := attest.NewKeyless(o)
	if err != nil {
		return nil, err
	}
	return k, nil
}

func readSigstore(flag, path string) ([]byte, error) {
	raw, err := bounded.ReadFile(path, keyless.MaxRoot)
	if err != nil {
		return nil, system.BadInput("%s %s cannot be read", flag, path).Because(err).Suggest("give Sigstore's file; docs/signing.md says where it comes from")
	}
	return raw, nil
}

// source finds out where the identity token comes from: a file, the CI job, or a
// person. A token in a file is checked at once, before anything is built.
func (f *keylessFlags) source(c *Streams, config []byte) (oidc.Source, error) {
	if f.token != "" {
		source := oidc.FromFile(f.token)
		token, err := source(context.Background())
		if err != nil {
			return nil, err
		}
		claims, err := oidc.Parse(token)
		if err != nil {
			return nil, err
		}
		return source, claims.CheckTime(time.Now())
	}
	source, err := oidc.Ambient(os.Getenv, service.Client{})
	if source != nil || err != nil {
		return source, err
	}
	provider, err := attest.IdentityProvider(config, time.Now())
	if err != nil {
		return nil, err
	}
	if provider == "" || !term.IsTerminal(int(os.Stderr.Fd())) {
		return nil, nil // NewKeyless says what is missing
	}
	return oidc.Device(provider, service.Client{}, c.Note), nil
}
