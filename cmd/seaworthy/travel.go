package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

func (c *verbs) copy() *cobra.Command {
	var tf transferFlags
	cmd := &cobra.Command{
		Use:   "copy REFERENCE|ARCHIVE REFERENCE|ARCHIVE",
		Short: "Copy an image with everything that belongs to it",
		Long: `Copy copies an image from a registry or an archive to another registry or archive, with all
attestations and all other referrers, also those of other programs. All digests stay the
same, and all bytes are compared with their digests. Copy verifies no signature: pull and
verify do that. ARCHIVE is a file that ends in .tar, or a path that begins with / or ./ .

` + cli.ExitHelpPlain("the registry cannot be reached, the image is not complete, or a file cannot be written"),
		Example: "  seaworthy copy registry.example.org/systems/os:1 mirror.example.org/systems/os:1\n" +
			"  seaworthy copy os.tar registry.site.example/systems/os:1",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, err := tf.options(c, "copy")
			if err != nil {
				return err
			}
			done, err := publish.Copy(cmd.Context(), args[0], args[1], o)
			if err != nil {
				return err
			}
			c.copied(done)
			return nil
		},
	}
	tf.add(cmd)
	return cmd
}

func (c *verbs) copied(done *publish.Copied) {
	fmt.Fprintf(c.Err, "seaworthy: %s; %s, %d of them written; image %s\n",
		words.Count(done.Manifests, "manifest", "manifests"), words.Count(done.Blobs, "blob", "blobs"), done.Sent, done.Digest)
	fmt.Fprintln(c.Text, done.Reference)
}

func (c *verbs) pack() *cobra.Command {
	var tf transferFlags
	var file string
	var site publish.SiteOptions
	cmd := &cobra.Command{
		Use:   "pack DIR|REFERENCE -o FILE",
		Short: "Pack an image into one file, for a site without a network",
		Long: `Pack writes an image and everything that belongs to it into one file: all attestations, the
SBOMs, the decision and the reports. DIR is a folder that build wrote. FILE is an OCI image
layout in a tar file. The same image and documents give the same bytes. At the site, unpack
verifies everything, without a network.

The documents of the site are added to the archive:

  - --lock: pack and unpack require that it is the lock of the image.
  - --policy: pack and unpack require that it is a part of the policy that the image passed.
  - --trusted-root: no signature covers it. Unpack prints its digest: compare it.

` + cli.ExitHelpPlain("the registry cannot be reached, or a file cannot be read or written"),
		Example: "  seaworthy pack dist/os -o os.tar\n" +
			"  seaworthy pack --lock os.lock.json --policy ./rules registry.example.org/systems/os:1 -o os.tar",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if file == "" {
				return system.BadInput("no output file is given").Suggest("add -o FILE")
			}
			info, err := os.Stat(args[0])
			if tf.offline = tf.offline && (err != nil || !info.IsDir()); err != nil && !cli.IsReference(args[0]) {
				return cli.NoOutput("pack", args[0])
			}
			o, err := tf.options(c, "pack")
			if err != nil {
				return err
			}
			site.Judge = cli.PolicyOptions(nil)
			documents, err := publish.Gather(cmd.Context(), site)
			if err != nil {
				return err
			}
			done, err := publish.Pack(cmd.Context(), args[0], file, documents, o)
			if err != nil {
				return err
			}
			c.copied(done)
			return nil
		},
	}
	tf.add(cmd)
	fs := cmd.Flags()
	fs.StringVarP(&file, "output", "o", "", "file to write")
	fs.StringVar(&site.Lock, "lock", "", "lock with which the image was built")
	fs.StringVar(&site.TrustedRoot, "trusted-root", "", "trusted root of Sigstore, for keyless signatures")
	fs.StringArrayVar(&site.Policies, "policy", nil, "folder of rules with which the image was built (repeatable); built-in packs are a part of seaworthy")
	return cmd
}

func (c *verbs) unpack() *cobra.Command {
	var vf cli.VerifyFlags
	var format string
	cmd := &cobra.Command{
		Use:   "unpack FILE [DIR]",
		Short: "Unpack an image from a file of pack, and verify it",
		Long: `Unpack reads a file that pack or copy wrote, and verifies the image with the same flags and
checks as verify. It uses no network. DIR (default dist/NAME, with the name of the file) is
written only if the image is accepted; it is then the same folder that was packed. If the
archive has documents for the site, they are checked too, and written to DIR.site, which
must not exist.

` + cli.ExitHelpPlain("a file cannot be read or written, or the image is not complete"),
		Example: "  seaworthy unpack --key seaworthy.pub os.tar\n  seaworthy unpack --key seaworthy.pub --require-policy hardened os.tar dist/os",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := cli.TextOrJSON(format); err != nil {
				return err
			}
			v, certs, err := vf.Checks(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			dir := publish.UnpackedName(args[0])
			if len(args) == 2 {
				dir = args[1]
			}
			site, err := publish.ReadSite(cmd.Context(), args[0], cli.PolicyOptions(nil))
			if err != nil {
				return err
			}
			beside := filepath.Clean(dir) + ".site"
			if _, err := os.Lstat(beside); err == nil && len(site.Documents) > 0 {
				return system.BadInput("%s already exists", beside).Suggest("remove it, or give another DIR")
			}
			how := &cli.Seen{V: v, Certs: certs}
			checks := how.Checks()
			whole := checks.Whole
			checks.Whole = func(dir string) error {
				if err := whole(dir); err != nil {
					return err
				}
				return site.Check(cmd.Context(), dir)
			}
			err = publish.Unpack(cmd.Context(), args[0], dir, publish.Options{Note: c.Note}, checks)
			if how.R != nil {
				defer how.R.Close()
			}
			if err == nil && len(site.Documents) > 0 {
				err = site.Write(beside)
			}
			if err := c.verified(dir, format, how.R, how.Rules, err); err != nil {
				return err
			}
			for _, line := range site.Lines() {
				fmt.Fprintf(c.Err, "seaworthy: %s: %s\n", beside, cli.Printable(line))
			}
			return nil
		},
	}
	vf.Add(cmd)
	vf.AddOpinion(cmd)
	cli.AddTextOrJSON(cmd, &format)
	return cmd
}
