package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func (c *cli) explain() *cobra.Command {
	var rf resolveFlags
	var pf policyFlags
	var file string
	cmd := &cobra.Command{
		Use: "explain RULE|FINDING [OS.yml...]", Short: "Say what a rule is about, or why a finding is so",
		Long: `Explain a rule: its page says what it looks at and why, with examples, parameters, allowances
and the controls that it speaks to.

Explain findings: of a system that is checked for it (name its OS.yml), or of a decision.json
(--decision; OS.yml then says where the files of that decision are now). A finding is named by
rule, by resource, or as RULE@RESOURCE; of a rule or a resource, those are told that do not pass.
What is told: the value, which layer set it and where, why it matters here, the smallest edit of
os.yml that makes it pass, as a diff for patch -p1, and a waiver to be completed.

` + exitHelpPlain,
		Example: "  seaworthy explain CAP-001\n  seaworthy explain CAP-003@component:services/web os.yml\n" +
			"  seaworthy explain --decision dist/os.denied/decision.json services/web",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			name, files := args[0], args[1:]
			if file == "" && len(files) == 0 {
				return c.explainRule(cmd, &rf, &pf, name)
			}
			d, err := c.decided(cmd, &rf, &pf, file, files)
			if err != nil {
				return err
			}
			return c.explainFindings(d, name, files)
		},
	}
	rf.add(cmd)
	rf.addFormats(cmd)
	pf.addDecision(cmd)
	cmd.Flags().StringVar(&file, "decision", "", "decision.json to explain findings of")
	return cmd
}

// decided gives the decision in a file, or else decides about a system.
func (c *cli) decided(cmd *cobra.Command, rf *resolveFlags, pf *policyFlags, file string, files []string) (*decision.Decision, error) {
	if file != "" {
		return pipeline.ReadDecision(file)
	}
	o, err := c.checkOptions(rf, pf, files)
	if err != nil {
		return nil, err
	}
	o.Inventories = rf.inventories(cmd)
	checked, err := pipeline.Check(cmd.Context(), o)
	if err != nil {
		return nil, err
	}
	return checked.Decision, nil
}

// explainFindings tells all findings that a name means.
func (c *cli) explainFindings(d *decision.Decision, name string, files []string) error {
	all := policy.Explain(d, name)
	if len(all) == 0 {
		return system.BadInput("no finding %q", name).
			Suggest("name a rule (CAP-001), a resource (services/web), or RULE@RESOURCE; check lists them")
	}
	var sources []edit.File
	var err error
	if slices.ContainsFunc(files, func(f string) bool { return !builder.IsLocal(f) }) {
		err = errors.New("an os.yml from standard input or a URL is read once; name a file for the edits")
	} else if sources, err = pipeline.Sources(d, files); err != nil && len(files) > 0 {
		return err // the files were named, and are not these
	}
	if err != nil {
		fmt.Fprintln(c.err, "seaworthy: no diff: "+printable(err.Error()))
	}
	passing := 0
	var told []policy.Explanation
	for _, e := range all {
		if len(all) > 1 && !strings.Contains(name, "@") && (e.Finding.State == decision.StatePass || e.Finding.State == decision.StateNotApplicable) {
			passing++
			continue
		}
		told = append(told, e)
	}
	for i := range sources {
		sources[i] = sources[i].Read()
	}
	mend := &mender{sources: sources, now: sources}
	for i := range told {
		if i > 0 {
			fmt.Fprintln(c.text)
		}
		if err := c.explainFinding(&told[i], mend); err != nil {
			return err
		}
	}
	for _, s := range sources {
		if s.Path != "" && mend.shown {
			fmt.Fprintf(c.err, "seaworthy: %[1]s does not lie below this folder, where patch -p1 finds no file: apply its diff with patch %[1]s\n", printable(s.Path))
		}
	}
	if passing > 0 {
		if len(told) > 0 {
			fmt.Fprintln(c.text)
		}
		fmt.Fprintf(c.text, "%d more pass or do not apply: name one as RULE@RESOURCE.\n", passing)
	}
	return nil
}

// mender holds os.yml as it was decided about, and as the edits shown so far
// leave it: each diff follows on from the last, so that patch takes all of them.
type mender struct {
	sources, now []edit.File
	shown        bool
}

func (c *cli) explainFinding(e *policy.Explanation, mend *mender) error {
	f := &e.Finding
	fmt.Fprint(c.text, printableText(fmt.Sprintf("%s %s  %s  %s\n%s\n\n", f.ID, f.State, f.Severity, f.Resource, e.Rule.Title)))
	w := tabwriter.NewWriter(c.text, 0, 4, 2, ' ', 0)
	row := func(head, text string) {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", head, printableText(text))
		}
	}
	row("what", f.Message)
	row("value", asJSON(f.Actual))
	row("expected", asJSON(f.Expected))
	row("set by", setBy(f.Origin))
	row("", sourceLine(f.Origin, mend.sources))
	row("why", e.Rule.Description)
	head := "here"
	for _, fact := range f.Because {
		row(head, fact)
		head = ""
	}
	row("to pass", f.Fix)
	row("controls", strings.Join(f.Controls, "; "))
	if f.Waiver != nil {
		row("waived by", fmt.Sprintf("%s until %s: %s", f.Waiver.Owner, f.Waiver.Expires, f.Waiver.Reason))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	c.explainEdit(f, mend)
	if e.Waiver != "" {
		fmt.Fprintf(c.text, "\nA waiver, to be completed:\n%s", printableText(e.Waiver))
	}
	return nil
}

// explainEdit prints the diff that mends a finding, or why there is none.
func (c *cli) explainEdit(f *decision.Finding, mend *mender) {
	switch {
	case f.State != decision.StateFail && f.State != decision.StateWaived:
		return
	case len(f.Edits) == 0:
		fmt.Fprintln(c.text, "\nThere is no diff for it: `to pass` says what to do.")
		return
	case mend.sources == nil:
		return
	}
	diff, after, err := pipeline.NextRemedy(mend.sources, mend.now, f)
	switch {
	case err != nil:
		text, next := err.Error(), ""
		var se *system.Error
		if errors.As(err, &se) && se.Next != "" {
			next = "\n  next: " + se.Next
		}
		fmt.Fprintf(c.text, "\nThe edit cannot be shown: %s%s\n", printableText(text), printableText(next))
	case diff == "":
		fmt.Fprintln(c.text, "\nThe diffs above make it pass, too.")
	default:
		mend.now, mend.shown = after, true
		fmt.Fprintf(c.out, "\n%s", c.patch(diff)) // for patch -p1
	}
}

// patch is a diff for the reader that it has: patch gets every byte, a terminal
// none that moves its cursor or hides what follows. The log of a CI service,
// which sets CI, gets no line that commands it; others stay as they are.
func (c *cli) patch(diff string) string {
	if _, isTerminal := terminal(c.out); isTerminal {
		return printableText(strings.ReplaceAll(diff, "\r\n", "\n"))
	}
	if os.Getenv("CI") == "" {
		return diff
	}
	var b strings.Builder
	for line := range strings.Lines(diff) {
		b.WriteString(safetext.Inert(line))
	}
	return b.String()
}

func asJSON(v any) string {
	if v == nil {
		return ""
	}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil { // it was JSON a moment ago
		return ""
	}
	return b.String()
}

func setBy(o *decision.Origin) string {
	switch {
	case o == nil:
		return ""
	case o.Line == 0:
		return o.Layer
	}
	return fmt.Sprintf("%s, %s:%d:%d", o.Layer, o.File, o.Line, o.Column)
}

// sourceLine is the line of os.yml that an origin points at.
func sourceLine(o *decision.Origin, sources []edit.File) string {
	if o == nil || o.Line == 0 {
		return ""
	}
	for _, s := range sources {
		if lines := strings.Split(string(s.Data), "\n"); s.Name == o.File && o.Line <= len(lines) {
			if line := lines[o.Line-1]; !pipeline.Confidential(line) {
				return line
			}
			return "(this line holds what sounds like a secret)"
		}
	}
	return ""
}

// explainRule prints a rule's page.
func (c *cli) explainRule(cmd *cobra.Command, rf *resolveFlags, pf *policyFlags, id string) error {
	if strings.ContainsAny(id, "@/:") {
		return system.BadInput("%q is a finding, of which system?", id).
			Suggest("name its OS.yml behind it, or give --decision dist/NAME.denied/decision.json")
	}
	rules := &ruleReader{ruleFlags: pf.ruleFlags, from: *rf}
	if !cmd.Flags().Changed("policy") {
		rules.policies = []string{"strict"}
	}
	r, err := findRule(cmd, rules, id)
	if err != nil {
		return err
	}
	c.describeRule(r)
	if err := c.describeControls(cmd, rules, r.ID); err != nil {
		return err
	}
	page, err := policy.PageOf(r)
	if err != nil {
		return err
	}
	c.describePage(page)
	if err := c.describeParams(cmd, rules, r); err != nil {
		return err
	}
	c.example(r.ID, true, "An os.yml that fires it (what follows # fires: is found):")
	c.example(r.ID, false, "One that does not:")
	return nil
}

func (c *cli) describePage(p *policy.Page) {
	w := tabwriter.NewWriter(c.text, 0, 4, 2, ' ', 0)
	section := func(head string, n int) {
		if n > 0 {
			fmt.Fprintf(w, "\n%s\n", head)
		}
	}
	section("What is asked for, and by whom:", len(p.Rows))
	for _, r := range p.Rows {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", printable(r.Name), printable(r.Want), r.Pack, printable(strings.Join(r.Sources, "; ")))
	}
	section("Allowances:", len(p.Allowances))
	for _, a := range p.Allowances {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", printable(a.Who), printable(strings.Join(a.Keys, ", ")), printable(a.Reason))
	}
	w.Flush()
}

// example prints the system that a rule is tested on.
func (c *cli) example(id string, fires bool, head string) {
	text := policy.Example(id, fires)
	if text == "" {
		return
	}
	fmt.Fprintf(c.text, "\n%s\n", head)
	for line := range strings.Lines(text) {
		fmt.Fprint(c.text, "  "+line)
	}
}
