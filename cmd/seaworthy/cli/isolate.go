package cli

import (
	"context"
	"os/exec"
)

// GuestVerb starts this program as a separate process that evaluates rules from
// elsewhere. The process can be stopped.
const GuestVerb = "policy-guest"

func guestProcess(ctx context.Context) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", GuestVerb)
	cmd.Args[0] = "seaworthy"
	return cmd
}
