package main

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/diff"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

func (c *cli) diff() *cobra.Command {
	var rf resolveFlags
	var pf policyFlags
	var oldWaivers string
	var rescan bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say what got weaker and what got stronger between two systems",
		Long: `Diff compares what two systems may do: capabilities, mounts, namespaces, kernel options,
packages, waivers. OLD and NEW are each an os.yml (several of one system: a.yml,b.yml), the
folder that a build wrote, a file of facts, or a lock (which is compared with a lock).
More grants or fewer limits are weaker; for the kernel, its command line and sysctls the
rules of --policy tell the direction. Neither side has to pass: with --fail-on weaker it is
a ratchet for systems that do not pass yet.

Exit status:
  0  compared
  1  --fail-on weaker, and something got weaker
  2  usage or configuration
  3  could not be compared: missing image, unreachable registry, hostile component
  4  a digest or lock does not match`,
		Example: "  seaworthy diff main/os.yml os.yml --fail-on weaker\n  seaworthy diff dist/os-1.0 dist/os-1.1 --report markdown=change.md",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, sides []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			if sides[0] == "-" && sides[1] == "-" {
				return system.BadInput("standard input is wanted twice").Suggest("name a file for one of the two")
			}
			ratchet := pf.failOn == string(diff.Weaker)
			if !ratchet && pf.failOn != policy.FailOnNone {
				return system.BadInput("--fail-on %q", pf.failOn).Suggest("use weaker or none")
			}
			// Whether a side passes is not asked.
			pf.failOn = policy.FailOnNone
			reports, err := parseWanted(pf.reports, report.CheckDiff)
			if err != nil {
				return err
			}
			check, err := c.checkOptions(&rf, &pf, []string{""})
			if err != nil {
				return err
			}
			if !rescan {
				check.Inventories = rf.inventories(cmd)
			}
			r, err := pipeline.Diff(cmd.Context(), sides[0], sides[1], pipeline.DiffOptions{CheckOptions: check, OldWaivers: oldWaivers})
			if err != nil {
				return err
			}
			err = c.writeWanted(reports, func(w io.Writer, format string, o report.Options) error { return report.WriteDiff(w, format, r, o) })
			if err != nil {
				return err
			}
			if ratchet && r.Count(diff.Weaker) > 0 {
				return exitWith(exitDenied)
			}
			return nil
		},
	}
	rf.add(cmd)
	pf.ruleFlags.add(cmd, "strict")
	addRescan(cmd, &rescan)
	fs := cmd.Flags()
	fs.StringVar(&pf.waivers, "waivers", "", "file of waivers of NEW")
	fs.StringVar(&oldWaivers, "old-waivers", "", "file of waivers of OLD (default: that of --waivers)")
	fs.StringVar(&pf.failOn, "fail-on", policy.FailOnNone, "weaker: exit with 1 where something got weaker; or none")
	fs.StringVar(&pf.now, "now", "", "time by which waivers expire, RFC 3339 or YYYY-MM-DD (default: the clock)")
	fs.StringArrayVar(&pf.reports, "report", nil, "FORMAT[=FILE]: "+strings.Join(report.DiffFormats(), ", ")+"; to stdout without FILE (repeatable, default text)")
	return cmd
}
