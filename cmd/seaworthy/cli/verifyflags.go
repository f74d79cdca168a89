package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// VerifyFlags are the flags of verify and boot.
type VerifyFlags struct {
	Keys     []string
	identity identityFlags
	Trust    string
	// opinion is the file of a second opinion, which the trust policy judges.
	Opinion       string
	requirePolicy string
	name, image   string
	since         string
	Now           string
	// certs are the certificates that may have signed the UKI.
	certs []string
}

// Add adds the flags to a verb.
func (f *VerifyFlags) Add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringArrayVar(&f.Keys, "key", nil, "trusted public key: a PEM file, or NAME://KEY for the plugin sigstore-kms-NAME (repeatable: one of them is enough)")
	f.identity.add(cmd)
	f.AddRequirements(cmd)
}

// AddRequirements adds all flags except those that say who is trusted.
func (f *VerifyFlags) AddRequirements(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.Trust, "trust", "", "trust policy, instead of --key: who must have signed, and what the statements must say (docs/trust.md)")
	fs.StringVar(&f.requirePolicy, "require-policy", "", "policy that the image must have passed: NAME[@DIGEST]")
	fs.StringVar(&f.name, "name", "", "expected name of the system; an image of another system is refused")
	fs.StringVar(&f.image, "image", "", "expected digest of the image, sha256:HEX, as verify prints it; any other image is refused")
	fs.StringVar(&f.since, "not-older-than", "", "refuse a decision that is older than this time, or has no time: RFC 3339 or YYYY-MM-DD")
	fs.StringArrayVar(&f.certs, "secure-boot-cert", nil, "certificate that must have signed the UKI of the image (repeatable: one of them is enough)")
	fs.StringVar(&f.Now, "now", "", "current time, to decide which waivers have expired: RFC 3339 or YYYY-MM-DD (default: the clock)")
}

// AddOpinion adds --second-opinion, for trust policies that require one.
func (f *VerifyFlags) AddOpinion(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.Opinion, "second-opinion", "", "file that seaworthy rebuild wrote, if the trust policy requires a second opinion")
}

// Checks are the verifier, and the certificates of which one must have signed the
// UKI.
func (f *VerifyFlags) Checks(ctx context.Context, c *Streams) (*verify.Verifier, []*x509.Certificate, error) {
	v, err := f.Verifier(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	certs, err := f.certificates()
	return v, certs, err
}

// Verifier is made from the flags.
func (f *VerifyFlags) Verifier(ctx context.Context, c *Streams) (*verify.Verifier, error) {
	p, err := f.Policy(ctx, c)
	if err != nil {
		return nil, err
	}
	return f.Trusted(p)
}

// Trusted makes the verifier for the signers of --trust, or of --key.
func (f *VerifyFlags) Trusted(p verify.Policy) (*verify.Verifier, error) {
	if f.Trust == "" {
		return verify.New(p)
	}
	if len(p.Keys)+len(p.Authorities) > 0 {
		return nil, system.BadInput("--trust cannot be used together with --key or --identity").Suggest("list the keys and identities in the trust policy")
	}
	t, err := trust.Load(f.Trust, p.Now, pipeline.Keyless)
	if err != nil {
		return nil, err
	}
	return t.Verifier(p)
}

// Policy has the requirements of the flags.
func (f *VerifyFlags) Policy(ctx context.Context, c *Streams) (verify.Policy, error) {
	p := verify.Policy{Name: f.name, Image: f.image, SecondOpinion: f.Opinion}
	err := p.SetTimes(f.Now, f.since)
	if err != nil {
		return p, err
	}
	if f.requirePolicy != "" {
		if p.RequirePolicy, p.RequireDigest, err = verify.ParseRequirement(f.requirePolicy); err != nil {
			return p, err
		}
	}
	for _, path := range f.Keys {
		k, err := c.publicKey(ctx, path)
		if err != nil {
			return p, err
		}
		p.Keys = append(p.Keys, k)
	}
	return p, f.identity.addTo(&p)
}

// Exists reports whether there is something at path.
func Exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// maxPEM limits the size of a key or certificate file.
const maxPEM = 64 << 10

// ReadPEM reads a small file that a flag names.
func ReadPEM(flag, path string) ([]byte, error) {
	if strings.Contains(path, "://") {
		return nil, system.BadInput("%s %s: only files are supported", flag, path).Suggest("give the path of a PEM file")
	}
	data, err := bounded.ReadFile(path, maxPEM)
	if err != nil {
		return nil, system.BadInput("%s %s cannot be read", flag, path).Because(err).Suggest("make keys with: seaworthy key generate --secure-boot")
	}
	return data, nil
}

// certificates reads --secure-boot-cert. It returns nil if the flag is not given.
func (f *VerifyFlags) certificates() ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	var errs []error
	for _, path := range f.certs {
		data, err := ReadPEM("--secure-boot-cert", path)
		if err == nil {
			var cert *x509.Certificate
			cert, err = uki.ParseCertificate(data)
			out = append(out, cert)
			err = system.Within("--secure-boot-cert "+path, err)
		}
		errs = append(errs, err)
	}
	return out, errors.Join(errs...)
}

// CheckBootImage compares what firmware starts with what was decided.
func CheckBootImage(path string, r *verify.Result, certs []*x509.Certificate) error {
	if r.Scope == verify.ScopeFile {
		path = ""
	}
	return pipeline.CheckBootImage(path, r, certs)
}

// Note prints a sentence that is not an error.
func (c *Streams) Note(text string) { fmt.Fprintf(c.Err, "seaworthy: %s\n", Printable(text)) }
