package main

import (
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func (c *verbs) facts() *cobra.Command {
	var rf cli.ResolveFlags
	cmd := &cobra.Command{
		Use:   "facts OS.yml...",
		Short: "Print the facts that rules read, as JSON",
		Long: `Facts resolves a system, makes an inventory of every component, and prints the input of the
rules as JSON. docs/facts.schema.json describes the format. Facts applies no policy.
Use check --facts to check stored facts later, without the images.

` + cli.ExitHelpPlain(cli.BadComponent),
		Example: "  seaworthy facts os.yml > os.facts.json\n  seaworthy check --facts os.facts.json --policy hardened",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, done, err := c.ScanOptions(cmd, &rf, &cli.PolicyFlags{}, files)
			if err != nil {
				return err
			}
			defer done()
			f, err := pipeline.Facts(cmd.Context(), o)
			if err != nil {
				return err
			}
			raw, err := facts.Encode(f)
			if err != nil {
				return err
			}
			_, err = c.Out.Write(safetext.JSON(raw))
			return err
		},
	}
	rf.Add(cmd)
	rf.AddVulnerabilities(cmd)
	rf.AddRescan(cmd)
	rf.AddMemory(cmd)
	rf.AddFormats(cmd)
	return cmd
}

// withoutFacts are the flags of check that say how to resolve a system. They have
// no effect on stored facts.
var withoutFacts = []string{"name", "arch", "components", "cache", "trust", "locked", "offline", "allow-redirect", "jobs", "rescan", "format", "cache-registry", "cache-key", "cache-sign-key", "secure-boot-cert"}

// checkArgs requires either files or stored facts, and refuses flags that have no effect
// on them. It runs before ApplyConfig: the environment may have such flags.
func checkArgs(cmd *cobra.Command, files []string) error {
	if !cmd.Flags().Changed("facts") {
		if len(files) == 0 {
			return system.BadInput("no os.yml is given").Suggest("name an os.yml, or give stored facts with --facts FILE")
		}
		if slices.ContainsFunc(files, pipeline.IsImage) {
			return withoutEffect(cmd, ofSystems, "an image file: it has no os.yml")
		}
		return nil
	}
	if len(files) > 0 {
		return system.BadInput("both --facts and %s are given", files[0]).Suggest("give only one of them")
	}
	return withoutEffect(cmd, withoutFacts, "--facts: stored facts are not resolved again")
}

// withoutEffect refuses flags that have no effect. with says together with what, and
// why.
func withoutEffect(cmd *cobra.Command, flags []string, with string) error {
	var given []string
	for _, name := range flags {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) == 0 {
		return nil
	}
	list := strings.Join(given, ", ")
	return system.BadInput("%s cannot be used with %s", list, with).Suggest("leave out %s", list)
}

// checkFacts checks stored facts; "-" is standard input.
func (c *verbs) checkFacts(cmd *cobra.Command, file string, o pipeline.CheckOptions) (*decision.Decision, error) {
	in, name, err := c.open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return pipeline.CheckFacts(cmd.Context(), in, name, o)
}

// open opens an input, and returns its name for errors; "-" is standard input.
func (c *verbs) open(file string) (io.ReadCloser, string, error) {
	if file == "-" {
		return io.NopCloser(c.Input()), "standard input", nil
	}
	f, err := bounded.Open(file)
	if err != nil {
		return nil, "", system.NotRead(file, err)
	}
	return f, file, nil
}
