package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/rulescmd"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// verbs makes the command of each verb.
type verbs struct{ *cli.Streams }

// run runs the program until it is done or ctx ends, and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	c := &verbs{&cli.Streams{In: in, Out: out, Text: safetext.NewWriter(out), Err: safetext.NewWriter(errw)}}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(c.Err)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded)) { // see bounded.Interrupt
		fmt.Fprintln(c.Err, "seaworthy: interrupted; nothing was changed")
		return cli.ExitNoEval
	}
	return c.Report(err)
}

func (c *verbs) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "seaworthy",
		Short: "Build minimal Linux systems, and check what they are allowed to do",
		Long: `Seaworthy builds minimal, immutable Linux systems from container images. LinuxKit's YAML
works without changes. Seaworthy makes an SBOM for every component, and checks with Rego
rules what the system is allowed to do. It signs the image and its attestations, and
verifies them before the system boots.

` + cli.ExitHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return system.BadInput("%s", err.Error()).Suggest("see %s --help", cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = false
	for _, verb := range []func() *cobra.Command{c.build, c.check, c.facts, c.verify, c.countersign, c.trust, c.boot, c.trace, c.push, c.pull, c.rebuild, c.copy, c.pack, c.unpack, c.lock, c.diff,
		func() *cobra.Command { return rulescmd.Explain(c.Streams) }, func() *cobra.Command { return rulescmd.Waive(c.Streams) }, func() *cobra.Command { return rulescmd.Rules(c.Streams) },
		c.sbom, c.image, c.kernel, c.component, c.key, c.version} {
		root.AddCommand(verb())
	}
	for _, v := range laterVerbs {
		root.AddCommand(later(v))
	}
	root.AddCommand(c.guest(), c.man())
	root.SetHelpCommand(helpCommand(root))
	wrapArgs(root)
	addCompletion(root)
	return root
}

// helpCommand replaces cobra's help command: an unknown command is a usage error.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Help about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return system.BadInput("unknown command %q", strings.Join(args, " ")).Suggest("see %s --help", root.CommandPath())
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// laterVerbs are planned commands that are not implemented. Help does not list them.
var laterVerbs = []string{"serve"}

func later(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return system.BadInput("seaworthy %s is not implemented yet", name)
		},
	}
}

// wrapArgs makes a wrong number of arguments, an empty argument, or an unknown verb a
// usage error.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		var err error
		switch {
		case check != nil:
			err = check(cmd, args) // checks only how many there are
		case cmd.HasSubCommands() && len(args) > 0:
			err = fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		}
		verb := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		empty := slices.Index(args, "")
		switch {
		case err != nil && cmd.HasSubCommands():
			return system.BadInput("%s", err.Error()).Suggest("see %s --help", cmd.CommandPath())
		case err != nil:
			given := words.Count(len(args), "argument is", "arguments are")
			if len(args) == 0 {
				given = "no argument is"
			}
			return system.BadInput("%s: %s given", verb, given).Suggest("write: %s", cmd.UseLine())
		case empty >= 0:
			// A script may pass an unset variable: `pull REF "$DIR"` must not mean the
			// working folder.
			return system.BadInput("argument %d of %s is empty", empty+1, verb).Suggest("give it a value, or leave it out")
		}
		return nil
	}
	if cmd.HasSubCommands() && cmd.RunE == nil {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}
