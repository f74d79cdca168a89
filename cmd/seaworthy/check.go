package main

import (
	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *cli) check() *cobra.Command {
	var rf resolveFlags
	var pf policyFlags
	var rescan bool
	cmd := &cobra.Command{
		Use:   "check OS.yml...",
		Short: "Decide whether a system is fit to boot, without building it",
		Long: `Check resolves a system, takes inventory of every component, and decides by policy.
It writes nothing but the reports asked for. What was found in an image is kept in the
cache, under the image's digest, and not looked for again; its bytes are hashed each time.
Several files are one system, merged in order.

` + exitHelp,
		Example: "  seaworthy check os.yml\n  seaworthy check --policy hardened --waivers waivers.yml --report sarif=os.sarif os.yml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			reports, err := parseReports(pf.reports)
			if err != nil {
				return err
			}
			o, err := c.checkOptions(&rf, &pf, files)
			if err != nil {
				return err
			}
			if !rescan {
				o.Inventories = rf.inventories(cmd)
			}
			checked, err := pipeline.Check(cmd.Context(), o)
			if err != nil {
				return err
			}
			if err := c.writeReports(reports, checked.Decision, ""); err != nil {
				return err
			}
			return exitWith(policy.ExitCode(checked.Decision))
		},
	}
	rf.add(cmd)
	pf.add(cmd)
	cmd.Flags().BoolVar(&rescan, "rescan", false, "look into every image, also those that the cache knows")
	return cmd
}

// exitWith ends the program with a decision's code.
func exitWith(code int) error {
	if code == exitPass {
		return nil
	}
	return exitError(code)
}
