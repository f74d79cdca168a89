package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func (c *cli) facts() *cobra.Command {
	var rf resolveFlags
	var rescan bool
	cmd := &cobra.Command{
		Use:   "facts OS.yml...",
		Short: "Print what rules see of a system",
		Long: `Facts resolves a system, takes inventory of every component, and prints what the rules see
as JSON: docs/facts.schema.json describes it. Nothing is decided. Stored facts are decided
again, without the images, by check --facts.

` + exitHelpPlain,
		Example: "  seaworthy facts os.yml > os.facts.json\n  seaworthy check --facts os.facts.json --policy hardened",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			o, err := c.checkOptions(&rf, &policyFlags{}, files)
			if err != nil {
				return err
			}
			if !rescan {
				o.Inventories = rf.inventories(cmd)
			}
			f, err := pipeline.Facts(cmd.Context(), o)
			if err != nil {
				return err
			}
			raw, err := facts.Encode(f)
			if err != nil {
				return err
			}
			_, err = c.out.Write(safetext.JSON(raw))
			return err
		},
	}
	rf.add(cmd)
	rf.addVulnerabilities(cmd)
	addRescan(cmd, &rescan)
	rf.addFormats(cmd)
	return cmd
}

// addRescan is for the verbs that take inventories from the cache.
func addRescan(cmd *cobra.Command, rescan *bool) {
	cmd.Flags().BoolVar(rescan, "rescan", false, "look into every image, also those that the cache knows")
}

// withoutFacts are the flags of check that say how a system is resolved, which
// stored facts are not.
var withoutFacts = []string{"name", "arch", "components", "cache", "trust", "locked", "offline", "allow-redirect", "jobs", "rescan", "format"}

// checkArgs wants either os.yml files or stored facts.
func checkArgs(cmd *cobra.Command, files []string) error {
	if !cmd.Flags().Changed("facts") {
		if len(files) == 0 {
			return system.BadInput("no os.yml is named").Suggest("name one, or give stored facts: --facts FILE")
		}
		return nil
	}
	if len(files) > 0 {
		return system.BadInput("--facts and %s: two things to check", files[0]).Suggest("give one of them")
	}
	var useless []string
	for _, name := range withoutFacts {
		if cmd.Flags().Changed(name) {
			useless = append(useless, "--"+name)
		}
	}
	if len(useless) > 0 {
		return system.BadInput("with --facts nothing is resolved: %s would change nothing", strings.Join(useless, ", ")).Suggest("leave that out")
	}
	return nil
}

// checkFacts decides by stored facts; "-" is standard input.
func (c *cli) checkFacts(cmd *cobra.Command, file string, o pipeline.CheckOptions) (*decision.Decision, error) {
	in, name, err := c.open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return pipeline.CheckFacts(cmd.Context(), in, name, o)
}

// open opens an input and says what errors call it; "-" is standard input.
func (c *cli) open(file string) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(c.in), "standard input", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, "", system.NotRead(file, err)
	}
	return f, file, nil
}
