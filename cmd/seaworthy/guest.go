package main

import (
	"context"
	"os/exec"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/policy"
)

// guestVerb starts this program as a separate process that evaluates rules from
// elsewhere. The process can be stopped.
const guestVerb = "policy-guest"

func guestProcess(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", guestVerb)
	cmd.Args[0] = "seaworthy"
	return cmd
}

func (c *cli) guest() *cobra.Command {
	return &cobra.Command{
		Use: guestVerb, Short: "Evaluate a policy that is not built in (internal)", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return policy.Serve(cmd.Context(), c.in, c.out) },
	}
}
