package main

import (
	"errors"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func (c *cli) check() *cobra.Command {
	var rf resolveFlags
	var pf policyFlags
	var rescan bool
	var stored string
	cmd := &cobra.Command{
		Use:   "check OS.yml... | --facts FILE",
		Short: "Decide whether a system is fit to boot, without building it",
		Long: `Check resolves a system, takes inventory of every component, and decides by policy.
It writes nothing but the reports asked for. What was found in an image is kept in the
cache, under the image's digest, and not looked for again; its bytes are hashed each time.
Several files are one system, merged in order; - is standard input, and a file may be an
https URL, which may name no file of this machine. With --facts it decides by facts that were
stored before: no image is needed, and the decision is the same.

` + exitHelp,
		Example: "  seaworthy check os.yml\n  seaworthy check --policy hardened --waivers waivers.yml --report sarif=os.sarif os.yml",
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := errors.Join(checkArgs(cmd, files), applyConfig(cmd)); err != nil {
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
			d, err := c.checkOrFacts(cmd, stored, o)
			if err != nil {
				return err
			}
			if err := c.writeReports(reports, d, ""); err != nil {
				return err
			}
			return exitWith(policy.ExitCode(d))
		},
	}
	rf.add(cmd)
	rf.addVulnerabilities(cmd)
	pf.add(cmd)
	addRescan(cmd, &rescan)
	rf.addFormats(cmd)
	cmd.Flags().StringVar(&stored, "facts", "", "decide by stored facts, as the verb facts prints them (-: standard input)")
	own(cmd, "facts") // what is checked is not for the environment to say
	return cmd
}

func (c *cli) checkOrFacts(cmd *cobra.Command, stored string, o pipeline.CheckOptions) (*decision.Decision, error) {
	if stored != "" {
		return c.checkFacts(cmd, stored, o)
	}
	checked, err := pipeline.Check(cmd.Context(), o)
	if err != nil {
		return nil, err
	}
	return checked.Decision, nil
}

// exitWith ends the program with a decision's code.
func exitWith(code int) error {
	if code == exitPass {
		return nil
	}
	return exitError(code)
}
