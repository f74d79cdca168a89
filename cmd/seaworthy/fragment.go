package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// fragmentVersion increases with each incompatible change of the JSON.
const fragmentVersion = 1

// fragmentFlags say for which kernel and for which system a fragment is.
type fragmentFlags struct {
	pack, version, format string
	files                 []string
	rescan                bool
	from                  resolveFlags
}

func (c *cli) fragment() *cobra.Command {
	var f fragmentFlags
	cmd := &cobra.Command{
		Use:   "fragment --version VERSION",
		Short: "Print the configuration that a kernel needs to pass a policy",
		Long: `Fragment prints a part of a kernel configuration: the options with which a kernel of this
version and architecture passes the rules of a built-in pack. Each line has a comment with its
rules, reasons and sources. scripts/kconfig/merge_config.sh of the kernel merges the fragment
into a configuration. docs/kernel.md says how.

With --for, the fragment also has the options that the components of a system need, for example
for namespaces, limits and filesystems. If the policy forbids an option that a component needs,
the line is that of the policy. Fragment prints an error that names both, and ends with exit
code 1.

Exit status:
  0  done
  1  done, but the policy forbids an option that something needs
  2  usage error or malformed input
  3  failed: ` + badComponent + `
  4  verification failed: a digest, signature or lock does not match`,
		Example: `  seaworthy kernel fragment --policy hardened --version 6.12 > hardened.config
  seaworthy kernel fragment --policy strict --version 6.12 --arch arm64 --for os.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runFragment(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.pack, "policy", policy.DefaultPolicy, "built-in pack: "+strings.Join(decision.Packs(), ", "))
	fs.StringVar(&f.version, "version", "", "version of the kernel, for example 6.12")
	fs.StringArrayVar(&f.files, "for", nil, "os.yml whose components need options (repeatable: the files are merged)")
	addTextOrJSON(cmd, &f.format)
	f.from.add(cmd)
	f.from.addFormats(cmd)
	addRescan(cmd, &f.rescan)
	for _, name := range []string{"policy", "report", "version", "for"} {
		own(cmd, name) // only the command line chooses what is printed
	}
	return cmd
}

var kernelVersion = lazyre.New(`^[1-9]\d{0,2}\.\d{1,3}([.-][0-9A-Za-z.+~_-]{1,60})?$`)

func (c *cli) runFragment(cmd *cobra.Command, f *fragmentFlags) error {
	if err := applyConfig(cmd); err != nil {
		return err
	}
	if err := textOrJSON(f.format); err != nil {
		return err
	}
	if f.version == "" {
		return system.BadInput("no kernel version is given").Suggest("add --version, for example --version 6.12")
	}
	if !kernelVersion.MatchString(f.version) {
		return system.BadInput("--version %q is not a version of the kernel", f.version).Suggest("write for example 6.12 or 6.12.40")
	}
	if known := builder.Architectures(); !slices.Contains(known, f.from.arch) {
		return system.BadInput("unknown architecture --arch %q", f.from.arch).Suggest("use one of %s", strings.Join(known, ", "))
	}
	rules, err := policy.PrepareFragment(f.pack)
	if err != nil {
		return err
	}
	k, err := c.fragmentFacts(cmd, f)
	if err != nil {
		return err
	}
	out, err := rules.Fragment(cmd.Context(), k)
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = c.json(struct {
			SchemaVersion int      `json:"schemaVersion"`
			Policy        string   `json:"policy"`
			Version       string   `json:"version"`
			Arch          string   `json:"arch"`
			For           []string `json:"for"`
			*policy.Fragment
		}{fragmentVersion, f.pack, f.version, f.from.arch, list(f.files), out})
	} else {
		fmt.Fprintf(c.text, "# Linux %s for %s: what the policy %s needs%s.\n", f.version, f.from.arch, f.pack, forWhom(f.files))
		writeFragment(c.text, out)
	}
	if err != nil || len(out.Conflicts) == 0 {
		return err
	}
	for i := range out.Conflicts {
		fmt.Fprintln(c.err, "seaworthy: "+printable(conflictText(&out.Conflicts[i])))
	}
	return exitWith(1)
}

// fragmentFacts are the facts of the system of --for, or of no system, with the kernel
// that the fragment is for.
func (c *cli) fragmentFacts(cmd *cobra.Command, f *fragmentFlags) (*facts.Facts, error) {
	k := &facts.Facts{SchemaVersion: facts.SchemaVersion, Components: []facts.Component{}}
	if len(f.files) > 0 {
		o, err := c.checkOptions(&f.from, &policyFlags{}, f.files)
		if err != nil {
			return nil, err
		}
		if !f.rescan {
			o.Inventories = f.from.inventories(cmd)
		}
		if k, err = pipeline.Facts(cmd.Context(), o); err != nil {
			return nil, err
		}
	}
	k.Arch, k.Kernel = f.from.arch, facts.Kernel{Present: true, Version: f.version, Modules: []string{}}
	return k, nil
}

func forWhom(files []string) string {
	if len(files) == 0 {
		return ""
	}
	return ", and what the components of " + printable(strings.Join(files, ", ")) + " need"
}

// writeFragment writes the lines, and before each line the reasons for it.
func writeFragment(w io.Writer, f *policy.Fragment) {
	fmt.Fprint(w, "# Merge it into a configuration: scripts/kconfig/merge_config.sh .config FRAGMENT\n")
	for i := range f.Conflicts {
		fmt.Fprintf(w, "#\n# CONFLICT: %s\n", printable(conflictText(&f.Conflicts[i])))
	}
	for i := range f.Lines {
		l := &f.Lines[i]
		fmt.Fprintln(w)
		for _, r := range l.Rules {
			comment(w, "%s, %s (%s): %s [%s]", r.Rule, r.Pack, r.Title, r.Why, strings.Join(r.Sources, "; "))
		}
		for _, n := range l.Needs {
			comment(w, "%s: %s [%s]", strings.Join(n.Components, ", "), n.Need, n.Source)
		}
		if len(l.RequiredBy) > 0 {
			comment(w, "required by %s", strings.Join(l.RequiredBy, ", "))
		}
		for _, r := range l.Otherwise {
			comment(w, "%s (%s) wants another value, but %s", r.Rule, r.Title, r.How)
		}
		for _, text := range l.Conditions {
			comment(w, "only with %s", text)
		}
		fmt.Fprintln(w, fragmentLine(l.Option, l.Value))
	}
	if len(f.Undecided) > 0 {
		fmt.Fprint(w, "\n# These rules also read the configuration, but options alone do not decide them:\n")
		for _, r := range f.Undecided {
			comment(w, "  %s (%s)", r.Rule, r.Title)
		}
	}
}

// comment writes one line of comment: a line break in a name could add an option.
func comment(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, "# "+printable(fmt.Sprintf(format, args...)))
}

var fragmentNumber = lazyre.New(`^(y|m|-?\d+|0x[0-9a-f]+)$`)

// fragmentLine is an option in the form of a .config.
func fragmentLine(option, value string) string {
	switch {
	case value == "n":
		return "# " + option + " is not set"
	case fragmentNumber.MatchString(value):
		return option + "=" + value
	}
	return option + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

func conflictText(c *policy.FragmentConflict) string {
	var rules, needs []string
	for _, r := range c.Rules {
		rules = append(rules, r.Rule+" ("+r.Title+")")
	}
	for _, n := range c.Needs {
		needs = append(needs, strings.Join(n.Components, ", ")+": "+n.Need)
	}
	if len(needs) == 0 {
		needs = c.RequiredBy
	}
	return fmt.Sprintf("%s: %s wants %s, but it is needed by %s; change the component, or waive the rule and set the option to y",
		c.Option, strings.Join(rules, ", "), c.Value, strings.Join(needs, "; "))
}
