// Package rulescmd has the verbs about rules and findings: rules, explain and waive.
package rulescmd

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy"
)

// verbs makes the commands.
type verbs struct{ *cli.Streams }

// Rules makes the verb rules, with its subcommands.
func Rules(s *cli.Streams) *cobra.Command {
	c := &verbs{s}
	cmd := &cobra.Command{Use: "rules", Short: "List, show, test and share rules"}
	var rules cli.RuleReader
	add := func(sub *cobra.Command) {
		rules.Add(sub)
		cmd.AddCommand(sub)
	}
	var params bool
	var format string
	list := &cobra.Command{
		Use: "list", Short: "List the rules of a policy, or its parameters", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := cli.TextOrJSON(format); err != nil {
				return err
			}
			o, err := rules.Options(cmd)
			if err != nil {
				return err
			}
			if format == "json" {
				return c.listJSON(cmd, o, params)
			}
			if params {
				return c.listParams(cmd, o, nil)
			}
			rules, err := policy.Rules(cmd.Context(), o)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
			for _, r := range rules {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Severity, r.Pack, cli.Printable(r.Title))
			}
			return w.Flush()
		},
	}
	list.Flags().BoolVar(&params, "params", false, "list the parameters that a folder of rules can set, with their types and values")
	add(list)
	cli.AddTextOrJSON(list, &format)
	cli.Own(list, "report") // SEAWORTHY_REPORT is for decisions
	show := &cobra.Command{
		Use: "show RULE", Short: "Show one rule and its source", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.TextOrJSON(format); err != nil {
				return err
			}
			r, err := findRule(cmd, &rules, args[0])
			if err != nil {
				return err
			}
			if format == "json" {
				return c.showJSON(cmd, &rules, r)
			}
			c.describeRule(r)
			if err := c.describeControls(cmd, &rules, r.ID); err != nil {
				return err
			}
			if err := c.describeParams(cmd, &rules, r); err != nil {
				return err
			}
			fmt.Fprintf(c.Text, "\n%s", cli.PrintableText(r.Source))
			return nil
		},
	}
	add(show)
	cli.AddTextOrJSON(show, &format)
	cli.Own(show, "report")
	add(&cobra.Command{
		Use: "test [DIR|oci://REFERENCE]", Short: "Run the tests of the rules", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				rules.Policies = args
			}
			o, err := rules.Options(cmd)
			if err != nil {
				return err
			}
			return policy.Test(cmd.Context(), o, c.Text)
		},
	})
	cmd.AddCommand(c.rulesNew(), c.rulesFrameworks(), c.rulesPush(), c.rulesPull())
	return cmd
}

// describeParams lists the parameters that a rule reads.
func (c *verbs) describeParams(cmd *cobra.Command, rules *cli.RuleReader, r *policy.RuleInfo) error {
	if len(r.Params) == 0 {
		return nil
	}
	o, err := rules.Options(cmd)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.Text, "\nParameters:")
	return c.listParams(cmd, o, r.Params)
}

// listParams prints the parameters in names, or all parameters if names is nil.
func (c *verbs) listParams(cmd *cobra.Command, o policy.Options, names []string) error {
	params, err := policy.Parameters(cmd.Context(), o)
	if err != nil {
		return err
	}
	for _, p := range params {
		if names != nil && !slices.Contains(names, p.Name) {
			continue
		}
		fmt.Fprintf(c.Text, "%s  %s\n", cli.Printable(p.Name), cli.Printable(p.Type))
		if p.Description != "" {
			fmt.Fprintf(c.Text, "  %s\n", cli.Printable(p.Description))
		}
		fmt.Fprintf(c.Text, "  default  %s\n", cli.Printable(short(p.Default)))
		if value := short(p.Value); value != short(p.Default) {
			fmt.Fprintf(c.Text, "  set to   %s\n", cli.Printable(value))
		}
	}
	return nil
}

// short is a value as one line of JSON. A long value is cut.
func short(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	const most = 200
	if r := []rune(string(raw)); len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(raw)
}

func findRule(cmd *cobra.Command, from *cli.RuleReader, id string) (*policy.RuleInfo, error) {
	o, err := from.Options(cmd)
	if err != nil {
		return nil, err
	}
	rules, err := policy.Rules(cmd.Context(), o)
	if err != nil {
		return nil, err
	}
	for i := range rules {
		if strings.EqualFold(rules[i].ID, id) {
			return &rules[i], nil
		}
	}
	return nil, system.BadInput("unknown rule %q in %s", id, strings.Join(from.Policies, ", ")).Suggest("run: seaworthy rules list")
}

func (c *verbs) describeRule(r *policy.RuleInfo) {
	fmt.Fprintf(c.Text, "%s  %s\n\n", r.ID, cli.Printable(r.Title))
	if r.Description != "" {
		fmt.Fprintf(c.Text, "%s\n\n", cli.PrintableText(strings.TrimSpace(r.Description)))
	}
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	for _, line := range [][2]string{
		{"severity", string(r.Severity)}, {"packs", strings.Join(r.Packs, ", ")}, {"looks at", strings.Join(r.Inputs, ", ")},
		{"since", r.Since}, {"to pass", strings.TrimSpace(r.Remediation)},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], cli.PrintableText(line[1]))
		}
	}
	w.Flush()
	fmt.Fprintf(c.Text, "\nWaiver:\n  waivers:\n    - rule: %s\n      resource: RESOURCE\n      reason: WHY\n      owner: WHO\n      expires: YYYY-MM-DD\n", r.ID)
}
