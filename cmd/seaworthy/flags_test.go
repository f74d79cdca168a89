package main

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// eachCommand calls f for every listed verb and its subcommands.
func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, sub := range cmd.Commands() {
		if !sub.Hidden && sub.Name() != "completion" && sub.Name() != "help" {
			eachCommand(sub, f)
		}
	}
}

var valueName = regexp.MustCompile(`^[A-Za-z]*$`)

// pflag uses a word in backquotes in a flag's usage as the name of its value, and
// removes the quotes.
func TestFlagUsage(t *testing.T) {
	root := (&verbs{&cli.Streams{In: strings.NewReader(""), Out: io.Discard, Text: io.Discard, Err: io.Discard}}).root()
	n := 0
	eachCommand(root, func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			n++
			name, usage := pflag.UnquoteUsage(f)
			switch {
			case !valueName.MatchString(name):
				t.Errorf("%s: the value of --%s has the name %q", cmd.CommandPath(), f.Name, name)
			case strings.Contains(usage, "`"):
				t.Errorf("%s --%s: quotes in %q", cmd.CommandPath(), f.Name, usage)
			case usage == "":
				t.Errorf("%s --%s has no description", cmd.CommandPath(), f.Name)
			}
		})
	})
	if n < 50 {
		t.Errorf("only %d flags were tested", n)
	}
}

// The help of every verb shows its usage.
func TestHelp(t *testing.T) {
	var paths [][]string
	root := (&verbs{&cli.Streams{In: strings.NewReader(""), Out: io.Discard, Text: io.Discard, Err: io.Discard}}).root()
	eachCommand(root, func(cmd *cobra.Command) { paths = append(paths, strings.Fields(cmd.CommandPath())[1:]) })
	for _, path := range paths {
		var out, errs bytes.Buffer
		if code := run(t.Context(), append(path, "--help"), strings.NewReader(""), &out, &errs); code != cli.ExitPass || errs.Len() > 0 {
			t.Errorf("%v --help: exit code %d, %s", path, code, &errs)
		}
		if !strings.Contains(out.String(), "Usage:") {
			t.Errorf("%v --help:\n%s", path, &out)
		}
	}
}
