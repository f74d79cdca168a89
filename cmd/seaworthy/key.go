package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

func (c *verbs) key() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Make signing keys"}
	var dir string
	var sb secureBootKeys
	generate := &cobra.Command{
		Use:   "generate",
		Short: "Make a key pair for seals, or keys for Secure Boot",
		Long: `Generate writes seaworthy.key, encrypted with a password, and seaworthy.pub. cosign can use
these keys too. Generate reads the password from COSIGN_PASSWORD, or asks for it.

With --secure-boot, generate writes other keys instead: PK, KEK and db. Firmware uses them to
decide what it starts. The private keys are not encrypted. Generate also writes the files
that firmware enrols, and a variable store for QEMU that has the keys. docs/secure-boot.md says how to use them.

Existing files are not replaced.

` + cli.ExitHelpPlain("a file cannot be written"),
		Example: "  seaworthy key generate\n  seaworthy key generate --secure-boot --name \"Example Ltd\" --output-dir keys",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if on, err := sb.given(cmd); err != nil || on {
				if err != nil {
					return err
				}
				return c.generateSecureBoot(cmd.Context(), dir, sb)
			}
			password, err := c.NewPassword(cmd.Context())
			if err != nil {
				return err
			}
			if err := attest.GenerateKey(dir, password); err != nil {
				return err
			}
			fmt.Fprintf(c.Err, "seaworthy: wrote %s and %s in %s\n", attest.PrivateKeyFile, attest.PublicKeyFile, dir)
			return nil
		},
	}
	generate.Flags().StringVar(&dir, "output-dir", ".", "folder to write to")
	cli.Own(generate, "output-dir")
	sb.add(generate)
	cmd.AddCommand(generate)
	return cmd
}
