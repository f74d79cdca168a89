package main

import (
	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *verbs) guest() *cobra.Command {
	return &cobra.Command{
		Use: cli.GuestVerb, Short: "Evaluate a policy that is not built in (internal)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return policy.Serve(cmd.Context(), c.In, c.Out) },
	}
}
