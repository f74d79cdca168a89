package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// transferFlags are the flags of push and pull.
type transferFlags struct {
	redirectTo []string
	offline    bool
	from       cli.ResolveFlags // its cache
}

func (f *transferFlags) add(cmd *cobra.Command) {
	cli.AddAllowRedirect(cmd, &f.redirectTo)
	cmd.Flags().BoolVar(&f.offline, "offline", false, "do not contact any registry: the command then only ends with an error")
}

func (f *transferFlags) options(c *verbs, verb string) (publish.Options, error) {
	if f.offline {
		return publish.Options{}, system.BadInput("%s does not work with --offline", verb).Suggest("leave out --offline")
	}
	return publish.Options{RedirectTo: f.redirectTo, Note: c.Note}, nil
}

// addCache is for verbs that keep incomplete downloads.
func (f *transferFlags) addCache(cmd *cobra.Command) {
	f.from.AddCacheOnly(cmd, "folder for incomplete downloads, which the next run continues")
}

// partial is the folder for incomplete downloads, "" for none.
func (f *transferFlags) partial() string {
	if dir := f.from.CacheDir(); dir != "" {
		return filepath.Join(dir, "pulls")
	}
	return ""
}

func (c *verbs) push() *cobra.Command {
	var tf transferFlags
	cmd := &cobra.Command{
		Use:   "push DIR REFERENCE",
		Short: "Push a signed image to a registry",
		Long: `Push sends a folder that build wrote, with all attestations, to a registry, under a tag.
It sends only what the registry does not have, so an interrupted push can be repeated.
Push prints the reference with the digest. It checks that the folder is complete, signed
and not denied, but does not check the signatures: pull and verify do that.

` + cli.ExitHelpPlain("the registry cannot be reached, or a file cannot be read"),
		Example: "  seaworthy push dist/os registry.example.org/systems/os:1",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, err := tf.options(c, "push")
			if err != nil {
				return err
			}
			done, err := publish.Push(cmd.Context(), args[0], args[1], o)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Err, "seaworthy: %s; %s sent\n", words.Count(done.Files, "file", "files"), words.Count(done.Sent, "blob was", "blobs were"))
			fmt.Fprintln(c.Text, done.Reference)
			return nil
		},
	}
	tf.add(cmd)
	return cmd
}

func (c *verbs) pull() *cobra.Command {
	var tf transferFlags
	var vf cli.VerifyFlags
	var format string
	cmd := &cobra.Command{
		Use:   "pull REFERENCE DIR",
		Short: "Pull an image from a registry, and verify it",
		Long: `Pull fetches an image that push sent, and verifies it with the same flags and checks as
verify. DIR is written only if the image is accepted; it is then the same folder that was
pushed. An existing DIR is replaced only if build or pull wrote it. After an interruption, the
next pull continues where it stopped.

` + cli.ExitHelpPlain("the registry cannot be reached, the image is not complete, or a file cannot be written"),
		Example: "  seaworthy pull --key seaworthy.pub registry.example.org/systems/os:1 dist/os\n" +
			"  seaworthy pull --key seaworthy.pub --require-policy hardened registry.example.org/systems/os:1 dist/os",
		Args: cobra.ExactArgs(2),
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
			o, err := tf.options(c, "pull")
			if err != nil {
				return err
			}
			o.Partial = tf.partial()
			how := &cli.Seen{V: v, Certs: certs}
			err = publish.Pull(cmd.Context(), args[0], args[1], o, how.Checks())
			if how.R != nil {
				defer how.R.Close()
			}
			return c.verified(args[1], format, how.R, how.Rules, err)
		},
	}
	vf.Add(cmd)
	vf.AddOpinion(cmd)
	tf.add(cmd)
	tf.addCache(cmd)
	cli.AddTextOrJSON(cmd, &format)
	return cmd
}
