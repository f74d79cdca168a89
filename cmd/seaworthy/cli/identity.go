package cli

import (
	"crypto"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// identityFlags say which identity is trusted, instead of a key.
type identityFlags struct{ root, subject, issuer string }

func (f *identityFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.root, "trusted-root", "", "Sigstore's trusted_root.json, for an image that build --keyless signed; with --identity and --issuer")
	fs.StringVar(&f.subject, "identity", "", "trusted identity in the certificate: an e-mail address or the address of a workflow; a * at the end matches any text")
	fs.StringVar(&f.issuer, "issuer", "", "identity provider of --identity, as in the certificate")
}

// addTo adds the identity to the trusted signers. One of the signers is enough.
func (f *identityFlags) addTo(p *verify.Policy) error {
	switch {
	case f.root == "" && f.subject == "" && f.issuer == "":
		return nil
	case f.root == "" || f.subject == "" || f.issuer == "":
		return system.BadInput("--trusted-root, --identity and --issuer need each other").
			Suggest("give all three: the keys of the services, the identity, and its provider")
	}
	k, err := keyless.Load(f.root, keyless.Identity{Issuer: f.issuer, Subject: f.subject})
	if err != nil {
		return err
	}
	for _, key := range p.Keys {
		p.Authorities = append(p.Authorities, verify.Authority{Name: "a key", Keys: []crypto.PublicKey{key}})
	}
	p.Keys = nil
	p.Authorities = append(p.Authorities, verify.Authority{Name: "identity " + f.subject, Keyless: k})
	return nil
}
