package rulescmd

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/scaffold"
)

// rulesNew is `rules new`.
func (c *verbs) rulesNew() *cobra.Command {
	var dir, severity string
	r := scaffold.Rule{}
	cmd := &cobra.Command{
		Use: "new ID", Short: "Write the files of a new rule", Args: cobra.ExactArgs(1),
		Long: `New writes a rule and its test. In Seaworthy's own source tree, it also writes the systems that
test the rule. The new files pass their tests. Replace the parts marked TODO. Existing files
are not replaced.`,
		Example: `  seaworthy rules new OWN-001 --title "Service without our prefix" --pack ours --dir ./ourrules`,
		RunE: func(cmd *cobra.Command, args []string) error {
			r.ID, r.Severity = strings.ToUpper(args[0]), decision.Severity(severity)
			paths, err := scaffold.Write(dir, r)
			if err != nil {
				return err
			}
			for _, p := range paths {
				fmt.Fprintln(c.Text, cli.Printable(p))
			}
			fmt.Fprintf(c.Err, "next: replace the parts marked TODO, and add %s to a pack\n", r.ID)
			return nil
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&dir, "dir", ".", "a folder of rules, or Seaworthy's own source tree")
	fs.StringVar(&r.Title, "title", "", "what is wrong in a system where the rule fires, in one line")
	fs.StringVar(&severity, "severity", string(decision.Medium), "low, medium, high or critical")
	fs.StringVar(&r.Pack, "pack", decision.Packs()[0], "the pack of the rule")
	return cmd
}
