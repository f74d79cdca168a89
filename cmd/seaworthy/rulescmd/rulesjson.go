package rulescmd

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/framework"
)

// The JSON of rules list and rules show; docs/rules.md describes it.

// ruleListVersion increases with each incompatible change of this JSON.
const ruleListVersion = 1

type ruleJSON struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Severity    string   `json:"severity"`
	Pack        string   `json:"pack"`
	Packs       []string `json:"packs"`
	Controls    []string `json:"controls"`
	Inputs      []string `json:"inputs"`
	Params      []string `json:"params"`
	Remediation string   `json:"remediation"`
	Since       string   `json:"since"`
}

type paramJSON struct {
	Name        string `json:"name"`
	Type        string `json:"type"`
	Description string `json:"description"`
	Default     any    `json:"default"`
	Value       any    `json:"value"`
	Source      string `json:"source"`
}

type mappingJSON struct {
	Framework  string `json:"framework"`
	Control    string `json:"control"`
	Title      string `json:"title"`
	Confidence string `json:"confidence"`
}

func ruleAsJSON(r *policy.RuleInfo) ruleJSON {
	return ruleJSON{ID: r.ID, Title: r.Title, Description: strings.TrimSpace(r.Description), Severity: string(r.Severity), Pack: r.Pack,
		Packs: list(r.Packs), Controls: list(r.Controls), Inputs: list(r.Inputs), Params: list(r.Params), Remediation: strings.TrimSpace(r.Remediation), Since: r.Since}
}

// list copies a list; the copy is never null in JSON.
func list(s []string) []string { return append([]string{}, s...) }

// paramsAsJSON returns the parameters in names, or all parameters if names is nil.
func paramsAsJSON(all []policy.Parameter, names []string) []paramJSON {
	out := []paramJSON{}
	for _, p := range all {
		if names == nil || slices.Contains(names, p.Name) {
			out = append(out, paramJSON{p.Name, p.Type, p.Description, p.Default, p.Value, p.Source})
		}
	}
	return out
}

// listJSON prints the rules of a policy, or its parameters.
func (c *verbs) listJSON(cmd *cobra.Command, o policy.Options, params bool) error {
	if params {
		all, err := policy.Parameters(cmd.Context(), o)
		if err != nil {
			return err
		}
		return c.JSON(struct {
			SchemaVersion int         `json:"schemaVersion"`
			Params        []paramJSON `json:"params"`
		}{ruleListVersion, paramsAsJSON(all, nil)})
	}
	rules, err := policy.Rules(cmd.Context(), o)
	if err != nil {
		return err
	}
	out := make([]ruleJSON, 0, len(rules))
	for i := range rules {
		out = append(out, ruleAsJSON(&rules[i]))
	}
	return c.JSON(struct {
		SchemaVersion int        `json:"schemaVersion"`
		Rules         []ruleJSON `json:"rules"`
	}{ruleListVersion, out})
}

// showJSON prints one rule with its mappings, parameters and source.
func (c *verbs) showJSON(cmd *cobra.Command, from *cli.RuleReader, r *policy.RuleInfo) error {
	all, err := frameworks(cmd, from)
	if err != nil {
		return err
	}
	o, err := from.Options(cmd)
	if err != nil {
		return err
	}
	params, err := policy.Parameters(cmd.Context(), o)
	if err != nil {
		return err
	}
	mappings := []mappingJSON{}
	for _, m := range framework.Mappings(all, r.ID) {
		mappings = append(mappings, mappingJSON{m.Framework, m.Control, m.Title, m.Confidence})
	}
	return c.JSON(struct {
		SchemaVersion int           `json:"schemaVersion"`
		Rule          ruleJSON      `json:"rule"`
		Mappings      []mappingJSON `json:"mappings"`
		Params        []paramJSON   `json:"params"`
		File          string        `json:"file"`
		Source        string        `json:"source"`
	}{ruleListVersion, ruleAsJSON(r), mappings, paramsAsJSON(params, list(r.Params)), r.File, r.Source})
}
