package rulescmd

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline/policies"
)

func (c *verbs) rulesPush() *cobra.Command {
	var sf cli.SignFlags
	var redirectTo []string
	cmd := &cobra.Command{
		Use:   "push DIR oci://REFERENCE",
		Short: "Push a folder of rules to a registry, signed",
		Long: `Push writes the rules, tests, data and packs of a folder into one bundle, signs the bundle,
and pushes it under a tag. Standard opa can pull the bundle too. Push prints the reference
with the digest, in the form that --policy accepts. The same folder gives the same digest.
--policy-key verifies the signature of a key, and --policy-identity that of an identity.

` + cli.ExitHelpPlain("the registry cannot be reached, or a file cannot be written"),
		Example: "  seaworthy rules push ./ourrules oci://registry.example.org/policies:1 --key seaworthy.key",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if err := registryReference(args[1]); err != nil {
				return err
			}
			if err := sf.Check("rules push"); err != nil {
				return err
			}
			signer, err := sf.Signer(cmd.Context(), c.Streams)
			if err != nil {
				return err
			}
			done, err := policies.Push(cmd.Context(), cli.PolicyOptions(args[:1]), args[1], redirectTo, signer)
			if err != nil {
				return err
			}
			fmt.Fprintln(c.Text, done.Reference)
			return nil
		},
	}
	sf.Keyless.Add(cmd)
	sf.Add(cmd, "push without a signature; --policy then accepts the bundle only by its digest")
	cli.AddAllowRedirect(cmd, &redirectTo)
	return cmd
}

// registryReference requires the form that --policy accepts.
func registryReference(s string) error {
	if !strings.HasPrefix(s, policies.Scheme) {
		return system.BadInput("%q is not a registry reference", s).Suggest("write oci://REGISTRY/REPOSITORY:TAG")
	}
	return nil
}

func (c *verbs) rulesPull() *cobra.Command {
	var rules cli.RuleReader
	cmd := &cobra.Command{
		Use:   "pull oci://REFERENCE DIR",
		Short: "Pull a bundle of rules into a new folder",
		Long: `Pull fetches a bundle, verifies it as --policy does, and writes its files into a new folder.

` + cli.ExitHelpPlain("the registry cannot be reached, or a file cannot be written"),
		Example: "  seaworthy rules pull oci://registry.example.org/policies:1 ./theirs --policy-key seaworthy.pub",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := registryReference(args[0]); err != nil {
				return err
			}
			if _, err := os.Lstat(args[1]); err == nil {
				return system.BadInput("%s already exists", args[1]).Suggest("give a folder that does not exist")
			}
			rules.Policies = args[:1]
			o, err := rules.Options(cmd)
			if err != nil {
				return err
			}
			if err := policies.Write(args[1], o.Policies[0].Bundle); err != nil {
				return system.Unusable("cannot write %s", args[1]).Because(outputfile.Cause(err)).Suggest("give a folder in a place that can be written")
			}
			fmt.Fprintf(c.Err, "seaworthy: %s: %s of %s\n", args[1], words.Count(len(o.Policies[0].Bundle.Files), "file", "files"), o.Policies[0].Bundle.Manifest)
			return nil
		},
	}
	rules.Add(cmd)
	cmd.Flags().Lookup("policy").Hidden = true // the argument replaces it
	return cmd
}
