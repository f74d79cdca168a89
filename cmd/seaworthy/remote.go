package main

import (
	"crypto/x509"
	"errors"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// reference matches the names of images in a registry, and no usual path.
var reference = lazyre.New(`^oci://|@sha256:[0-9a-f]{64}$|^[^/]+[.:][^/]*/.+:[^/]+$`)

// isReference reports whether an argument names an image in a registry. A file or
// folder of that name comes first.
func isReference(arg string) bool {
	return reference.MatchString(arg) && !strings.HasPrefix(arg, "https://") && !strings.HasPrefix(arg, "http://") &&
		(strings.HasPrefix(arg, "oci://") || !exists(arg))
}

// noOutput is the error for an output folder that does not exist.
func noOutput(verb, path string) error {
	return system.BadInput("%s %s", verb, path).Because(fs.ErrNotExist).
		Suggest("give a folder that build wrote, or an image in a registry: REGISTRY/REPOSITORY:TAG")
}

// fetched is an image from a registry in a temporary folder, and the result of its
// verification.
type fetched struct {
	*publish.Fetched
	seen
}

// Close closes the files of the image, and removes the folder.
func (f *fetched) Close() error {
	var errs []error
	if f.r != nil {
		errs = append(errs, f.r.Close())
	}
	if f.Fetched != nil {
		errs = append(errs, f.Fetched.Close())
	}
	return errors.Join(errs...)
}

// seen verifies an image while it is fetched, and keeps the last result.
type seen struct {
	v       *verify.Verifier
	certs   []*x509.Certificate
	rebuilt string
	r       *verify.Result
	rules   []verify.Ruling
}

func (s *seen) checks() publish.Checks {
	return publish.Checks{
		Statements: func(dir, artifact string) error {
			_, done, err := s.v.Part(dir, artifact)
			if err != nil {
				s.rules = verify.Rulings(done, err, nil)
			}
			return err
		},
		Whole: func(dir string) (err error) {
			if s.r != nil {
				s.r.Close() // of a folder that was refused
			}
			if s.r, s.rules, err = s.v.DirRules(dir, s.rebuilt); err == nil {
				err = checkBootImage(dir, s.r, s.certs)
			}
			return err
		},
	}
}

// fetch fetches an image into a temporary folder, and verifies it. After an error,
// the result has only what the report of a verification needs, and is closed.
// only is as in publish.Fetch.
func (c *verbs) fetch(cmd *cobra.Command, reference string, redirectTo []string, how seen, only publish.Selection) (*fetched, error) {
	f := &fetched{seen: how}
	o := publish.Options{RedirectTo: redirectTo, Note: c.note}
	var err error
	if f.Fetched, err = publish.Fetch(cmd.Context(), reference, o, only, f.checks()); err != nil {
		_ = f.Close() // the error of the fetch is the reason
	}
	return f, err
}

// documentFlags are the flags of verbs that read single documents of an image in a
// registry.
type documentFlags struct {
	keys     []string
	identity identityFlags
}

func (f *documentFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.keys, "key", nil, "trusted public key, for an image in a registry (repeatable)")
	f.identity.add(cmd)
}

// fetch fetches documents of an image, and verifies the attestations about them. It
// fetches no file of the image.
func (f *documentFlags) fetch(c *verbs, cmd *cobra.Command, reference string, rf *cli.ResolveFlags, only publish.Selection) (*fetched, error) {
	if rf.Offline {
		return nil, system.BadInput("%s is in a registry, which --offline excludes", reference).Suggest("leave out --offline, or give a folder")
	}
	if len(f.keys) == 0 && f.identity == (identityFlags{}) {
		return nil, system.BadInput("%s is in a registry, and no signer is trusted", reference).
			Suggest("give the key of its signer with --key, or its identity, or pull the image first")
	}
	v, err := (&verifyFlags{keys: f.keys, identity: f.identity}).verifier(cmd.Context(), c)
	if err != nil {
		return nil, err
	}
	return c.fetch(cmd, reference, rf.RedirectTo, seen{v: v}, only)
}
