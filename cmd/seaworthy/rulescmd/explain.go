package rulescmd

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Explain makes the verb explain.
func Explain(s *cli.Streams) *cobra.Command {
	c := &verbs{s}
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	var file string
	var df cli.DocumentFlags
	cmd := &cobra.Command{
		Use: "explain RULE|FINDING [OS.yml...]", Short: "Explain a rule or a finding, and show the edit that fixes it",
		Long: `Explain RULE prints what the rule checks and why, with examples, parameters, allowances and
the controls that it covers.

Explain FINDING explains findings of a system. Name the system's OS.yml files: explain then
checks the system. Or give a decision.json with --decision, or an image in a registry that a
key of --key signed: explain then reads the findings of that decision.
If the os.yml files of the decision have moved, give their new paths as OS.yml.

Name a finding by rule (CAP-001), by resource (services/web), or as RULE@RESOURCE. For a rule
or a resource, only findings that do not pass are shown. For each finding, explain prints the
value, the layer that set the value and where, and why it matters in this system. It also
prints the smallest edit of os.yml that makes the finding pass, as a diff for patch -p1, and
a waiver to complete.

` + cli.ExitHelpPlain(cli.BadComponent),
		Example: "  seaworthy explain CAP-001\n  seaworthy explain CAP-003@component:services/web os.yml\n" +
			"  seaworthy explain --decision dist/os.denied/decision.json services/web",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			name, files := args[0], args[1:]
			if file == "" && len(files) == 0 {
				return c.explainRule(cmd, &rf, &pf, name)
			}
			d, err := c.decided(cmd, &rf, &pf, &df, file, files)
			if err != nil {
				return err
			}
			return c.explainFindings(d, name, files)
		},
	}
	rf.Add(cmd)
	rf.AddFormats(cmd)
	pf.AddDecision(cmd)
	cmd.Flags().StringVar(&file, "decision", "", "decision.json with the findings to explain, or the image in a registry that it is about")
	df.Add(cmd)
	return cmd
}

// decided returns the decision in a file, or of an image in a registry, if there is
// one. Else it checks a system. df is nil if the verb does not read registries.
func (c *verbs) decided(cmd *cobra.Command, rf *cli.ResolveFlags, pf *cli.PolicyFlags, df *cli.DocumentFlags, file string, files []string) (*decision.Decision, error) {
	if df != nil && cli.IsReference(file) {
		f, err := df.Fetch(c.Streams, cmd, file, rf, func([]string) ([]string, error) { return []string{statement.DecisionFile}, nil })
		if err != nil {
			return nil, err
		}
		defer f.Close()
		file = filepath.Join(f.Dir, statement.DecisionFile)
	}
	if file != "" {
		return pipeline.ReadDecision(file)
	}
	o, done, err := c.ScanOptions(cmd, rf, pf, files)
	if err != nil {
		return nil, err
	}
	defer done()
	checked, err := pipeline.Check(cmd.Context(), o)
	if err != nil {
		return nil, err
	}
	return checked.Decision, nil
}

// explainFindings prints all findings that a name selects.
func (c *verbs) explainFindings(d *decision.Decision, name string, files []string) error {
	all := policy.Explain(d, name)
	if len(all) == 0 {
		return system.BadInput("unknown finding %q", name).
			Suggest("name a rule (CAP-001), a resource (services/web), or RULE@RESOURCE; seaworthy check lists them")
	}
	var sources []edit.File
	var err error
	if slices.ContainsFunc(files, func(f string) bool { return !builder.IsLocal(f) }) {
		err = errors.New("an os.yml from standard input or a URL cannot be read again; give a file to see the edits")
	} else if sources, err = remedy.Sources(d, files); err != nil && len(files) > 0 {
		return err // the decision is about other files than the named ones
	}
	if err != nil {
		fmt.Fprintln(c.Err, "seaworthy: no diff: "+cli.Printable(err.Error()))
	}
	passing := 0
	var shown []policy.Explanation
	for _, e := range all {
		if len(all) > 1 && !strings.Contains(name, "@") && (e.Finding.State == decision.StatePass || e.Finding.State == decision.StateNotApplicable) {
			passing++
			continue
		}
		shown = append(shown, e)
	}
	for i := range sources {
		sources[i] = sources[i].Read()
	}
	ed := &editor{sources: sources, now: sources}
	for i := range shown {
		if i > 0 {
			fmt.Fprintln(c.Text)
		}
		if err := c.explainFinding(&shown[i], ed); err != nil {
			return err
		}
	}
	for _, s := range sources {
		if s.Path != "" && ed.shown {
			fmt.Fprintf(c.Err, "seaworthy: %[1]s is not below the current folder, so patch -p1 does not find it: apply its diff with patch %[1]s\n", cli.Printable(s.Path))
		}
	}
	if passing > 0 {
		if len(shown) > 0 {
			fmt.Fprintln(c.Text)
		}
		fmt.Fprintf(c.Text, "%s or not applicable: name one as RULE@RESOURCE.\n", words.Count(passing, "more finding is passing", "more findings are passing"))
	}
	return nil
}

// editor has the os.yml files of the decision (sources), and the same files after
// the edits that were shown (now). Each diff starts from the result of the last,
// so that patch can apply all of them.
type editor struct {
	sources, now []edit.File
	shown        bool
}

func (c *verbs) explainFinding(e *policy.Explanation, ed *editor) error {
	f := &e.Finding
	fmt.Fprint(c.Text, cli.PrintableText(fmt.Sprintf("%s %s  %s  %s\n%s\n\n", f.ID, f.State, f.Severity, f.Resource, e.Rule.Title)))
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	row := func(head, text string) {
		if text = strings.Join(strings.Fields(text), " "); text != "" {
			fmt.Fprintf(w, "%s\t%s\n", head, cli.PrintableText(text))
		}
	}
	row("what", f.Message)
	row("value", asJSON(f.Actual))
	row("expected", asJSON(f.Expected))
	row("set by", setBy(f.Origin))
	row("", remedy.Line(f.Origin, ed.sources))
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
	c.explainEdit(f, ed)
	if e.Waiver != "" {
		fmt.Fprintf(c.Text, "\nA waiver to complete:\n%s", cli.PrintableText(e.Waiver))
	}
	return nil
}

// explainEdit prints the diff that fixes a finding, or why there is no diff.
func (c *verbs) explainEdit(f *decision.Finding, ed *editor) {
	switch {
	case f.State != decision.StateFail && f.State != decision.StateWaived:
		return
	case len(f.Edits) == 0:
		fmt.Fprintln(c.Text, "\nThere is no diff for this finding. See `to pass` for what to do.")
		return
	case ed.sources == nil:
		return
	}
	diff, after, err := remedy.Next(ed.sources, ed.now, f)
	switch {
	case err != nil:
		text, next := err.Error(), ""
		var se *system.Error
		if errors.As(err, &se) && se.Next != "" {
			next = "\n  next: " + se.Next
		}
		fmt.Fprintf(c.Text, "\nThe edit cannot be shown: %s%s\n", cli.PrintableText(text), cli.PrintableText(next))
	case diff == "":
		fmt.Fprintln(c.Text, "\nThe diffs above fix this finding too.")
	default:
		ed.now, ed.shown = after, true
		fmt.Fprintf(c.Out, "\n%s", c.patch(diff)) // for patch -p1
	}
}

// patch makes a diff safe for its reader. The program patch gets every byte. A
// terminal gets no byte that moves its cursor or hides text. A CI service (CI is
// set) gets no line that it would read as a command.
func (c *verbs) patch(diff string) string {
	if _, isTerminal := cli.Terminal(c.Out); isTerminal {
		return cli.PrintableText(strings.ReplaceAll(diff, "\r\n", "\n"))
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
	if enc.Encode(v) != nil { // cannot fail: the value was decoded from JSON
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

// explainRule prints a rule's page.
func (c *verbs) explainRule(cmd *cobra.Command, rf *cli.ResolveFlags, pf *cli.PolicyFlags, id string) error {
	if strings.ContainsAny(id, "@/:") {
		return system.BadInput("%q is a finding, but no system is given", id).
			Suggest("add the system's OS.yml, or give --decision dist/NAME.denied/decision.json")
	}
	rules := &cli.RuleReader{RuleFlags: pf.RuleFlags, From: *rf}
	if !cmd.Flags().Changed("policy") {
		rules.Policies = []string{"strict"}
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
	c.example(r.ID, true, "An os.yml that fails this rule (a comment `# fires:` names what is found):")
	c.example(r.ID, false, "An os.yml that passes this rule:")
	return nil
}

func (c *verbs) describePage(p *policy.Page) {
	w := tabwriter.NewWriter(c.Text, 0, 4, 2, ' ', 0)
	section := func(head string, n int) {
		if n > 0 {
			fmt.Fprintf(w, "\n%s\n", head)
		}
	}
	section("Required values, their packs and sources:", len(p.Rows))
	for _, r := range p.Rows {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", cli.Printable(r.Name), cli.Printable(r.Want), r.Pack, cli.Printable(strings.Join(r.Sources, "; ")))
	}
	section("Allowances:", len(p.Allowances))
	for _, a := range p.Allowances {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", cli.Printable(a.Who), cli.Printable(strings.Join(a.Keys, ", ")), cli.Printable(a.Reason))
	}
	w.Flush()
}

// example prints the system that tests a rule.
func (c *verbs) example(id string, fires bool, head string) {
	text := policy.Example(id, fires)
	if text == "" {
		return
	}
	fmt.Fprintf(c.Text, "\n%s\n", head)
	for line := range strings.Lines(text) {
		fmt.Fprint(c.Text, "  "+line)
	}
}
