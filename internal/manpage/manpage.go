// Package manpage writes manual pages for the commands of a program, from the same
// texts as the help. The pages contain no date and nothing about the machine.
package manpage

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/failure"
)

// Write writes the page of a command, and of its subcommands, into a folder.
func Write(cmd *cobra.Command, dir string) error {
	path := filepath.Join(dir, Name(cmd)+".1")
	if err := atomicfile.Write(path, []byte(manPage(cmd)), 0o644); err != nil {
		return failure.Unusable("cannot write %s", path).Because(err)
	}
	for _, sub := range documented(cmd) {
		if err := Write(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

// documented are the subcommands that have a page.
func documented(cmd *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	if cmd.Name() == "completion" { // cobra's own texts, one for each shell
		return nil
	}
	for _, sub := range cmd.Commands() {
		if sub.IsAvailableCommand() && sub.Name() != "help" {
			out = append(out, sub)
		}
	}
	return out
}

// Name is the name of the page of a command.
func Name(cmd *cobra.Command) string { return strings.ReplaceAll(cmd.CommandPath(), " ", "-") }

// manPage is the page of a command in the language of man(7).
func manPage(cmd *cobra.Command) string {
	var b strings.Builder
	name := Name(cmd)
	fmt.Fprintf(&b, ".TH %s 1 \"\" Seaworthy \"Seaworthy manual\"\n", Escape(strings.ToUpper(name)))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", Escape(name), Escape(cmd.Short))
	usage := cmd.UseLine()
	if cmd.HasSubCommands() {
		usage = cmd.CommandPath() + " COMMAND"
	}
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n", Escape(usage))
	about, status := description(cmd)
	b.WriteString(".SH DESCRIPTION\n" + about)
	if subs := documented(cmd); len(subs) > 0 {
		b.WriteString(".SH COMMANDS\n")
		for _, sub := range subs {
			fmt.Fprintf(&b, ".TP\n.BR %s (1)\n%s\n", Escape(Name(sub)), Escape(sub.Short))
		}
	}
	if flags := cmd.NonInheritedFlags(); flags.HasAvailableFlags() {
		b.WriteString(".SH OPTIONS\n")
		flags.VisitAll(func(f *pflag.Flag) {
			if !f.Hidden {
				b.WriteString(manOption(f))
			}
		})
	}
	if status != "" {
		b.WriteString(".SH EXIT STATUS\n" + status)
	}
	if cmd.Example != "" {
		b.WriteString(".SH EXAMPLES\n" + paragraphs(cmd.Example))
	}
	if cmd.HasParent() {
		fmt.Fprintf(&b, ".SH SEE ALSO\n.BR %s (1)\n", Escape(Name(cmd.Parent())))
	}
	return b.String()
}

// description splits the help text of a command at its exit codes.
func description(cmd *cobra.Command) (about, status string) {
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	about, status, _ = strings.Cut(text, "Exit status:\n")
	return paragraphs(about), paragraphs(status)
}

// paragraphs sets a help text. Lines that begin with a space keep their form, as in
// an example.
func paragraphs(text string) string {
	var b strings.Builder
	verbatim := false
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		indented := strings.HasPrefix(line, " ")
		switch {
		case indented && !verbatim:
			if b.Len() > 0 {
				b.WriteString(".PP\n")
			}
			b.WriteString(".RS 4\n.nf\n")
		case !indented && verbatim:
			b.WriteString(".fi\n.RE\n")
		}
		verbatim = indented
		switch {
		case line != "":
			b.WriteString(Escape(strings.TrimPrefix(line, "  ")) + "\n")
		case b.Len() > 0:
			b.WriteString(".PP\n")
		}
	}
	if verbatim {
		b.WriteString(".fi\n.RE\n")
	}
	// Formatters warn about an empty paragraph.
	return strings.ReplaceAll(b.String(), ".PP\n.PP\n", ".PP\n")
}

// machineDefaults says what the defaults are that differ between machines.
var machineDefaults = map[string]string{"jobs": "the number of processors"}

// valueNames are names for the types of values that pflag prints.
var valueNames = map[string]string{"string": "VALUE", "stringArray": "VALUE", "strings": "LIST", "int": "NUMBER", "duration": "TIME"}

func manOption(f *pflag.Flag) string {
	value, usage := pflag.UnquoteUsage(f)
	head := `\fB` + Escape("--"+f.Name) + `\fR`
	if f.Shorthand != "" {
		head = `\fB` + Escape("-"+f.Shorthand) + `\fR, ` + head
	}
	if name, ok := valueNames[value]; ok {
		value = name
	}
	if value != "" {
		head += ` \fI` + Escape(value) + `\fR`
	}
	byDefault := strings.Trim(f.DefValue, "[]")
	if known, ok := machineDefaults[f.Name]; ok {
		byDefault = known
	}
	if f.Name == "arch" && byDefault != "" {
		byDefault = "the architecture of this machine"
	}
	if byDefault != "" && byDefault != "false" && byDefault != "0" && !strings.Contains(usage, "default") {
		usage += " (default: " + byDefault + ")"
	}
	return ".TP\n" + head + "\n" + Escape(usage) + "\n"
}

var roffSpecial = regexp.MustCompile(`(?m)^[.']`)

// roff escapes a text.
func Escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	return roffSpecial.ReplaceAllStringFunc(text, func(s string) string { return `\&` + s })
}
