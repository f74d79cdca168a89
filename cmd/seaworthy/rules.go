package main

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *cli) rules() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "List, show and test the rules"}
	var pack string
	add := func(sub *cobra.Command) {
		sub.Flags().StringVar(&pack, "policy", "strict", "a pack (baseline, hardened, strict) or a folder of rules")
		cmd.AddCommand(sub)
	}
	add(&cobra.Command{
		Use: "list", Short: "One line for each rule of a policy", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			rules, err := policy.Rules(cmd.Context(), pack)
			if err != nil {
				return err
			}
			w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
			for _, r := range rules {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", r.ID, r.Severity, r.Pack, printable(r.Title))
			}
			return w.Flush()
		},
	})
	add(&cobra.Command{
		Use: "show RULE", Short: "Everything about one rule, and its text", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := findRule(cmd, pack, args[0])
			if err != nil {
				return err
			}
			c.describeRule(r)
			fmt.Fprintf(c.out, "\n%s", printable(r.Source))
			return nil
		},
	})
	add(&cobra.Command{
		Use: "test", Short: "Run the rules' own tests", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return policy.Test(cmd.Context(), pack, c.out)
		},
	})
	return cmd
}

func (c *cli) explain() *cobra.Command {
	var pack string
	cmd := &cobra.Command{
		Use: "explain RULE", Short: "Say what a rule is about, and how to satisfy it",
		Long: "Explain prints a rule's documentation: what it looks at, why, how to satisfy it, and the\ncontrols that it speaks to.\n\n" + exitHelp,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := findRule(cmd, pack, args[0])
			if err != nil {
				return err
			}
			c.describeRule(r)
			return nil
		},
	}
	cmd.Flags().StringVar(&pack, "policy", "strict", "a pack (baseline, hardened, strict) or a folder of rules")
	return cmd
}

func findRule(cmd *cobra.Command, pack, id string) (*policy.RuleInfo, error) {
	rules, err := policy.Rules(cmd.Context(), pack)
	if err != nil {
		return nil, err
	}
	for i := range rules {
		if strings.EqualFold(rules[i].ID, id) {
			return &rules[i], nil
		}
	}
	return nil, usageError(fmt.Sprintf("no rule %q in %s", id, pack), "see: seaworthy rules list")
}

func (c *cli) describeRule(r *policy.RuleInfo) {
	fmt.Fprintf(c.out, "%s  %s\n\n", r.ID, printable(r.Title))
	if r.Description != "" {
		fmt.Fprintf(c.out, "%s\n\n", printable(strings.TrimSpace(r.Description)))
	}
	w := tabwriter.NewWriter(c.out, 0, 4, 2, ' ', 0)
	for _, line := range [][2]string{
		{"severity", string(r.Severity)}, {"packs", strings.Join(r.Packs, ", ")}, {"looks at", strings.Join(r.Inputs, ", ")},
		{"controls", strings.Join(r.Controls, "; ")}, {"since", r.Since}, {"to pass", strings.TrimSpace(r.Remediation)},
	} {
		if line[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", line[0], printable(line[1]))
		}
	}
	w.Flush()
	fmt.Fprintf(c.out, "\nWaiver:\n  waivers:\n    - rule: %s\n      resource: RESOURCE\n      reason: WHY\n      owner: WHO\n      expires: YYYY-MM-DD\n", r.ID)
}
