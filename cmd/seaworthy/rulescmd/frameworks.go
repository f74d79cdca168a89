package rulescmd

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/policy/framework"
)

func (c *verbs) rulesFrameworks() *cobra.Command {
	var rules cli.RuleReader
	cmd := &cobra.Command{
		Use: "frameworks [NAME]", Short: "List catalogues of controls, and the rules that cover them",
		Long: `Frameworks lists the catalogues for --framework of check and build. It shows how many controls
each catalogue has, how many of them a rule covers, and how many of them a checked mapping
covers. "Checked" means that a person compared the rule with the text of the control.

With NAME, it lists the controls of one catalogue, each with its rules. A question mark means
that the mapping is not checked. A rule in brackets can show that a control is not satisfied,
but not that it is satisfied.

A mapping means that a rule is related to a control. It does not prove compliance.`,
		Example: "  seaworthy rules frameworks\n  seaworthy rules frameworks pss",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := frameworks(cmd, &rules)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				return c.listFrameworks(all)
			}
			var names []string
			for i := range all {
				if all[i].ID == args[0] {
					return c.showFramework(&all[i])
				}
				names = append(names, all[i].ID)
			}
			return system.BadInput("unknown framework %q", args[0]).Suggest("use one of %s", strings.Join(names, ", "))
		},
	}
	rules.Add(cmd)
	return cmd
}

// frameworks returns the built-in frameworks and those of the policies.
func frameworks(cmd *cobra.Command, from *cli.RuleReader) ([]framework.Info, error) {
	o, err := from.Options(cmd)
	if err != nil {
		return nil, err
	}
	return policy.Frameworks(cmd.Context(), o)
}

func (c *verbs) listFrameworks(all []framework.Info) error {
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	for i := range all {
		n := all[i].Coverage()
		fmt.Fprintf(w, "%s\t%s\t%s\t%d covered\t%d by checked mappings\n",
			all[i].ID, cli.Printable(strings.TrimSpace(all[i].Title+" "+all[i].Version)), words.Count(n.Controls, "control", "controls"), n.Covered, n.Checked)
	}
	return w.Flush()
}

func (c *verbs) showFramework(fw *framework.Info) error {
	fmt.Fprintf(c.Text, "%s\n", cli.Printable(strings.TrimSpace(fw.Title+" "+fw.Version)))
	for _, line := range []string{fw.URL, fw.Text} {
		if line != "" {
			fmt.Fprintf(c.Text, "%s\n", cli.Printable(line))
		}
	}
	fmt.Fprintln(c.Text)
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	for i, control := range fw.Controls {
		title := control.Title
		if control.Gap != "" {
			title += " (" + control.Gap + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", cli.Printable(control.ID), cli.Printable(title), ruleNames(fw.Rules[i]))
	}
	return w.Flush()
}

// ruleNames lists the rules of a control. Unsure mappings have a question mark.
// Rules that can only fail the control are in brackets.
func ruleNames(rules []decision.ControlRule) string {
	var decide, against []string
	for _, r := range rules {
		if r.Confidence != framework.Checked {
			r.ID += "?"
		}
		if r.Aside {
			against = append(against, r.ID)
		} else {
			decide = append(decide, r.ID)
		}
	}
	if len(decide) == 0 {
		decide = []string{"-"}
	}
	if len(against) > 0 {
		decide = append(decide, "("+strings.Join(against, " ")+")")
	}
	return strings.Join(decide, " ")
}

// describeControls lists the controls that a rule covers.
func (c *verbs) describeControls(cmd *cobra.Command, from *cli.RuleReader, rule string) error {
	all, err := frameworks(cmd, from)
	if err != nil {
		return err
	}
	mappings := framework.Mappings(all, rule)
	if len(mappings) == 0 {
		return nil
	}
	fmt.Fprintln(c.Text, "\nControls:")
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	for _, m := range mappings {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", m.Framework, cli.Printable(m.Control), m.Confidence, cli.Printable(m.Title))
	}
	return w.Flush()
}
