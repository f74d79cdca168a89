package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *verbs) rebuild() *cobra.Command {
	var rf cli.ResolveFlags
	var vf cli.VerifyFlags
	var sf cli.SignFlags
	var sb secureBootFlags
	var sources, outputDir, opinion string
	var folders []string
	cmd := &cobra.Command{
		Use:   "rebuild BUNDLE|DIR|REFERENCE",
		Short: "Build an image again from its provenance, compare, and sign a second opinion",
		Long: `Rebuild reads the provenance of an image, builds the system again from nothing else, and
compares every file. It uses no results of earlier builds. Then it signs a second opinion,
which says that the bytes are the same, or which files differ. Verify accepts it with
--second-opinion, and answers rule SUP-018 with it.

BUNDLE is attestations/provenance.sigstore.json; DIR and REFERENCE are images that have it.
--trusted-key or --trust names the trusted signers of the provenance. --key is your private key,
and --keyless signs with your identity.

The os.yml files, the lock and the waivers are found below --sources, by the digests in the
provenance. Components come from their registries by digest, or from --components. If the
policy has rules that are not built in, give their folders with --policy.

Exit status:
  0  the image files have the same bytes
  1  the policy denies the second build, so nothing could be compared
  2  usage error, malformed input, or an input of the first build is missing
  3  could not build: ` + cli.BadComponent + `
  4  the image files differ, or the provenance is refused`,
		Example: "  seaworthy rebuild --trusted-key seaworthy.pub --key mine.key dist/os\n" +
			"  seaworthy rebuild --trust trust.yml --key mine.key --sources . registry.example.org/systems/os:1",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := sf.Check("rebuild"); err != nil {
				return err
			}
			v, err := vf.Verifier(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			p, err := c.provenance(cmd, v, args[0], &rf)
			if err != nil {
				return err
			}
			if outputDir == "" {
				outputDir = filepath.Join("dist", p.Name+".rebuilt")
			}
			if opinion == "" {
				opinion = strings.TrimSuffix(outputDir, ".rebuilt") + ".opinion.sigstore.json"
			}
			pf := cli.PolicyFlags{}
			pf.Policies, pf.FailOn = []string{policy.DefaultPolicy}, policy.FailOnNone
			check, err := c.CheckOptions(&rf, &pf, nil)
			if err != nil {
				return err
			}
			o := pipeline.RebuildOptions{Sources: sources, PolicyFolders: folders}
			o.CheckOptions, o.Tools, o.OutputDir, o.Version = check, image.Tools{Dirs: rf.Tools}, outputDir, cli.Version()
			if o.SecureBoot, err = sb.signer(cmd.Context(), c); err != nil {
				return err
			}
			open, err := sf.Start(cmd.Context(), c.Streams, false)
			if err != nil {
				return err
			}
			r, err := pipeline.Rebuild(cmd.Context(), p, o)
			if err != nil {
				return err
			}
			c.printRebuilt(p, r)
			if r.Denied != nil {
				return exitWith(policy.ExitCode(r.Denied))
			}
			if open != nil {
				if err := c.signOpinion(cmd, p, r, open, vf.Now, opinion); err != nil {
					return err
				}
			}
			if len(r.Different) > 0 {
				return system.Mismatch("the second build differs in %s", strings.Join(r.Different, ", ")).
					Suggest("compare the inputs above, and the files in %s with those of the image", r.Dir)
			}
			return nil
		},
	}
	rf.AddComponents(cmd)
	rf.AddJobs(cmd)
	cmd.Flags().Lookup("arch").Hidden = true // the provenance says it
	rf.AddVulnerabilities(cmd)
	sf.AddCertificate(cmd)
	sf.Keyless.Add(cmd)
	sf.Add(cmd, "build and compare, but sign no second opinion")
	sb.add(cmd)
	fs := cmd.Flags()
	fs.StringArrayVar(&vf.Keys, "trusted-key", nil, "trusted public key for the provenance (repeatable: one of them is enough)")
	fs.StringVar(&vf.Trust, "trust", "", "trust policy, instead of --trusted-key")
	fs.StringVar(&vf.Now, "now", "", "current time, for the second opinion: RFC 3339 or YYYY-MM-DD (default: the second opinion has no time)")
	fs.StringVar(&sources, "sources", ".", "folder with the os.yml files, the lock and the waivers")
	fs.StringArrayVar(&folders, "policy", nil, "folder of rules, if the policy of the image was not built in (repeatable, in the order of the policy's name)")
	fs.StringArrayVar(&rf.Tools, "tools", nil, "folder with programs and files that image formats need; PATH and Debian's folders are searched after it (repeatable)")
	fs.StringVar(&outputDir, "output-dir", "", "folder to write (default dist/NAME.rebuilt)")
	fs.StringVarP(&opinion, "output", "o", "", "file for the second opinion (default dist/NAME.opinion.sigstore.json)")
	return cmd
}

// provenance finds and verifies the provenance of an image.
func (c *verbs) provenance(cmd *cobra.Command, v *verify.Verifier, image string, rf *cli.ResolveFlags) (*verify.Provenance, error) {
	at := image
	if cli.IsReference(image) {
		if err := rf.Online(image); err != nil {
			return nil, err
		}
		f, err := c.Fetch(cmd, image, rf.RedirectTo, cli.Seen{V: v}, func([]string) ([]string, error) { return nil, nil })
		if err != nil {
			return nil, err
		}
		defer f.Close()
		at = f.Dir
	}
	switch info, err := os.Stat(at); {
	case err != nil:
		return nil, cli.NoOutput("rebuild", image)
	case info.IsDir():
		at = filepath.Join(at, filepath.FromSlash(statement.BundlePath("provenance")))
	}
	return v.Provenance(at)
}

func (c *verbs) printRebuilt(p *verify.Provenance, r *pipeline.Rebuilt) {
	if r.Denied != nil {
		fmt.Fprintf(c.Text, "not compared: policy %s denies the second build\n", cli.Printable(r.Denied.Policy.Name))
	} else {
		fmt.Fprintf(c.Text, "built %s again: %s of the image, %d different\n", cli.Printable(p.Name), words.Count(len(p.Files), "file", "files"), len(r.Different))
	}
	for _, path := range r.Different {
		fmt.Fprintf(c.Text, "  differs: %s\n", cli.Printable(path))
	}
	for _, path := range r.Other {
		fmt.Fprintf(c.Text, "  differs, but is not a file of the image: %s\n", cli.Printable(path))
	}
	for _, line := range r.Inputs {
		fmt.Fprintf(c.Text, "  input: %s\n", cli.Printable(line))
	}
}

// signOpinion writes the second opinion.
func (c *verbs) signOpinion(cmd *cobra.Command, p *verify.Provenance, r *pipeline.Rebuilt, open func() (attest.Signer, error), now, file string) error {
	signer, err := open()
	if err != nil {
		return err
	}
	id, err := signer.Identify(cmd.Context())
	if err != nil {
		return err
	}
	if id == p.Signer {
		return system.BadInput("%s signed the image: its second opinion would prove nothing", id).Suggest("sign with another key")
	}
	if now != "" {
		t, _, err := verify.ParseTime("now", now)
		if err != nil {
			return err
		}
		now = statement.Time(t)
	}
	predicate, err := statement.Opinion(cli.Version(), p.Name, p.Artifact, p.Digest, now, r.Different, r.Other)
	if err != nil {
		return err
	}
	raw, err := attest.SignOpinion(cmd.Context(), p.Subject, predicate, signer)
	if err != nil {
		return err
	}
	if err := atomicfile.Write(file, raw, 0o644); err != nil {
		return system.Unusable("cannot write %s", file).Because(outputfile.Cause(err)).Suggest("give a file that can be written: -o FILE")
	}
	fmt.Fprintf(c.Err, "seaworthy: wrote %s: second opinion %s\n", file, predicate.VerificationResult)
	return nil
}

// opinionFlags name a second opinion, and the trusted keys for it.
type opinionFlags struct {
	file string
	keys []string
}

func (f *opinionFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.file, "second-opinion", "", "file that seaworthy rebuild wrote: another signer must have built the image again, with the same bytes (SUP-018)")
	fs.StringArrayVar(&f.keys, "second-opinion-key", nil, "trusted public key for the second opinion (repeatable); with --trust, the trust policy can name the signer")
}

// verifier says whose opinion counts. It is nil without a second opinion.
func (f *opinionFlags) verifier(ctx context.Context, c *verbs, now string) (*verify.Verifier, error) {
	switch {
	case f.file == "" && len(f.keys) == 0:
		return nil, nil
	case f.file == "" || len(f.keys) == 0:
		return nil, system.BadInput("--second-opinion and --second-opinion-key belong together").Suggest("give both")
	}
	return (&cli.VerifyFlags{Keys: f.keys, Now: now}).Verifier(ctx, c.Streams)
}

// judge adds the second opinion to a verification that succeeded.
func (f *opinionFlags) judge(v *verify.Verifier, r *verify.Result, rules []verify.Ruling, err error) ([]verify.Ruling, error) {
	if err == nil && r != nil && r.SecondOpinion != "" { // by the trust policy
		rules = verify.Reproduced(rules, r.SecondOpinion, nil)
	}
	if v == nil || err != nil || r == nil {
		return rules, err
	}
	if r.Scope != verify.ScopeImage {
		return rules, system.BadInput("a second opinion is about a whole image, but only one file was verified").Suggest("give the folder that build wrote")
	}
	by, err := v.Opinion(f.file, r)
	if err == nil {
		r.Checked = append(r.Checked, "second opinion of "+by)
	}
	return verify.Reproduced(rules, by, err), err
}
