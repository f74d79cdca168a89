package cli

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// reference matches the names of images in a registry, and no usual path.
var reference = lazyre.New(`^oci://|@sha256:[0-9a-f]{64}$|^[^/]+[.:][^/]*/.+:[^/]+$`)

// IsReference reports whether an argument names an image in a registry. A file or
// folder of that name comes first.
func IsReference(arg string) bool {
	return reference.MatchString(arg) && !strings.HasPrefix(arg, "https://") && !strings.HasPrefix(arg, "http://") &&
		(strings.HasPrefix(arg, "oci://") || !Exists(arg))
}

// NoOutput is the error for an output folder that does not exist.
func NoOutput(verb, path string) error {
	return system.BadInput("%s %s", verb, path).Because(fs.ErrNotExist).
		Suggest("give a folder that build wrote, or an image in a registry: REGISTRY/REPOSITORY:TAG")
}

// fetched is an image from a registry in a temporary folder, and the result of its
// verification.
type fetched struct {
	*publish.Fetched
	Seen
}

// Close closes the files of the image, and removes the folder.
func (f *fetched) Close() error {
	var errs []error
	if f.R != nil {
		errs = append(errs, f.R.Close())
	}
	if f.Fetched != nil {
		errs = append(errs, f.Fetched.Close())
	}
	return errors.Join(errs...)
}

// Seen verifies an image while it is fetched, and keeps the last result.
type Seen struct {
	V       *verify.Verifier
	Certs   []*x509.Certificate
	Rebuilt string
	R       *verify.Result
	Rules   []verify.Ruling
}

// Checks verify the parts of an image as they arrive.
func (s *Seen) Checks() publish.Checks {
	return publish.Checks{
		Statements: func(dir, artifact string) error {
			_, done, err := s.V.Part(dir, artifact)
			if err != nil {
				s.Rules = verify.Rulings(done, err, nil)
			}
			return err
		},
		Whole: func(dir string) (err error) {
			if s.R != nil {
				s.R.Close() // of a folder that was refused
			}
			if s.R, s.Rules, err = s.V.DirRules(dir, s.Rebuilt); err == nil {
				err = CheckBootImage(dir, s.R, s.Certs)
			}
			return err
		},
	}
}

// Fetch fetches an image into a temporary folder, and verifies it. After an error,
// the result has only what the report of a verification needs, and is closed.
// only is as in publish.Fetch.
func (c *Streams) Fetch(cmd *cobra.Command, reference string, redirectTo []string, how Seen, only publish.Selection) (*fetched, error) {
	f := &fetched{Seen: how}
	o := publish.Options{RedirectTo: redirectTo, Note: c.Note}
	var err error
	if f.Fetched, err = publish.Fetch(cmd.Context(), reference, o, only, f.Checks()); err != nil {
		_ = f.Close() // the error of the fetch is the reason
	}
	return f, err
}

// DocumentFlags are the flags of verbs that read single documents of an image in a
// registry.
type DocumentFlags struct {
	keys     []string
	identity identityFlags
}

// Add adds the flags to a verb.
func (f *DocumentFlags) Add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "trusted public key, for an image in a registry (repeatable)")
	f.identity.add(cmd)
}

// Fetch fetches documents of an image, and verifies the attestations about them. It
// fetches no file of the image.
func (f *DocumentFlags) Fetch(c *Streams, cmd *cobra.Command, reference string, rf *ResolveFlags, only publish.Selection) (*fetched, error) {
	if err := rf.Online(reference); err != nil {
		return nil, err
	}
	if len(f.keys) == 0 && f.identity == (identityFlags{}) {
		return nil, system.BadInput("%s is in a registry, and no signer is trusted", reference).
			Suggest("give the key of its signer with --key, or its identity, or pull the image first")
	}
	v, err := (&VerifyFlags{Keys: f.keys, identity: f.identity}).Verifier(cmd.Context(), c)
	if err != nil {
		return nil, err
	}
	return c.Fetch(cmd, reference, rf.RedirectTo, Seen{V: v}, only)
}
