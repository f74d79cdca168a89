package policy

import (
	"fmt"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// WriteText writes the fragment for Kconfig: the lines, and before each line the reasons for it.
func (f *Fragment) WriteText(w io.Writer) {
	fmt.Fprint(w, "# Merge it into a configuration: scripts/kconfig/merge_config.sh .config FRAGMENT\n")
	for i := range f.Conflicts {
		fmt.Fprintf(w, "#\n# CONFLICT: %s\n", safetext.Clean(f.Conflicts[i].Text()))
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
		fmt.Fprintln(w, KconfigLine(l.Option, l.Value))
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
	fmt.Fprintln(w, "# "+safetext.Clean(fmt.Sprintf(format, args...)))
}

var kconfigNumber = lazyre.New(`^(y|m|-?\d+|0x[0-9a-f]+)$`)

// KconfigLine is an option in the form of a .config.
func KconfigLine(option, value string) string {
	switch {
	case value == "n":
		return "# " + option + " is not set"
	case kconfigNumber.MatchString(value):
		return option + "=" + value
	}
	return option + `="` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(value) + `"`
}

// Text names the option, the rules, and what needs the option.
func (c *FragmentConflict) Text() string {
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
