package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// The exit codes, the same for every verb and report format.
const (
	exitPass    = 0
	exitDenied  = 1
	exitUsage   = 2
	exitNoEval  = 3
	exitVerify  = 4
	exitExpired = 5
)

const exitHelp = `Exit status:
  0  pass
  1  denied by policy
  2  usage or configuration
  3  could not evaluate: missing image, unreachable registry, hostile component
  4  verification failed: a digest, signature or lock does not match
  5  denied only because waivers expired`

// exitHelpPlain is for verbs that tell no verdict.
const exitHelpPlain = `Exit status:
  0  done
  2  usage or configuration
  3  could not be done: missing image, unreachable registry, hostile component
  4  verification failed: a digest, signature or lock does not match`

// exitError ends the program with a code; whatever had to be said was said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// cli is what every verb gets: where to read, print and log.
type cli struct {
	in io.Reader
	// out is for data that programs read, text for what people read, err for
	// progress and errors. The latter two are made safe for terminals and the logs
	// of CI services.
	out, text, err io.Writer
	buffered       *bufio.Reader
}

// run runs the program until it is done or ctx ends, and returns its exit code.
func run(ctx context.Context, args []string, in io.Reader, out, errw io.Writer) int {
	c := &cli{in: in, out: out, text: safetext.NewWriter(out), err: safetext.NewWriter(errw)}
	root := c.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(c.err)
	err := root.ExecuteContext(ctx)
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(c.err, "seaworthy: interrupted; nothing was changed")
		return exitNoEval
	}
	return c.report(err)
}

func (c *cli) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "seaworthy",
		Short: "Build minimal Linux systems that prove what they may do",
		Long: `Seaworthy builds minimal, immutable Linux systems from container images (LinuxKit's
YAML works unchanged), makes an SBOM for every component, decides by Rego policies
what the system may do, signs the image and its attestations, and verifies them
before anything boots.

` + exitHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return system.BadInput("%s", err.Error()).Suggest("see %s --help", cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = false
	for _, verb := range []func() *cobra.Command{c.build, c.check, c.facts, c.verify, c.boot, c.lock, c.diff, c.explain, c.waive, c.rules, c.sbom, c.kernel, c.component, c.key, c.version} {
		root.AddCommand(verb())
	}
	for _, v := range laterVerbs {
		root.AddCommand(later(v))
	}
	root.AddCommand(c.guest())
	root.SetHelpCommand(helpCommand(root))
	wrapArgs(root)
	return root
}

// helpCommand is cobra's, but knows a verb that there is not.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [VERB]", Short: "Help about a verb",
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return system.BadInput("no verb %q", strings.Join(args, " ")).Suggest("see %s --help", root.CommandPath())
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

// laterVerbs are in the design and do not work yet; they are not listed.
var laterVerbs = []string{"push", "pull", "serve"}

func later(name string) *cobra.Command {
	return &cobra.Command{
		Use: name, Hidden: true, DisableFlagParsing: true,
		RunE: func(*cobra.Command, []string) error {
			return system.BadInput("seaworthy %s does not work yet", name)
		},
	}
}

// wrapArgs makes a wrong number of arguments, or an unknown verb, a usage
// error.
func wrapArgs(cmd *cobra.Command) {
	check := cmd.Args
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		var err error
		switch {
		case check != nil:
			err = check(cmd, args) // an error is about their number
		case cmd.HasSubCommands() && len(args) > 0:
			err = fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
		}
		switch {
		case err == nil:
			return nil
		case cmd.HasSubCommands():
			return system.BadInput("%s", err.Error()).Suggest("see %s --help", cmd.CommandPath())
		}
		given := words.Count(len(args), "argument is", "arguments are")
		if len(args) == 0 {
			given = "no argument is"
		}
		verb := strings.TrimPrefix(cmd.CommandPath(), cmd.Root().Name()+" ")
		return system.BadInput("%s: %s given", verb, given).Suggest("write: %s", cmd.UseLine())
	}
	if cmd.HasSubCommands() && cmd.RunE == nil {
		cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
	}
	for _, sub := range cmd.Commands() {
		wrapArgs(sub)
	}
}

// report prints an error, one paragraph for each that was joined, and gives the
// exit code.
func (c *cli) report(err error) int {
	if err == nil {
		return exitPass
	}
	var code exitError
	if errors.As(err, &code) {
		return int(code)
	}
	for _, e := range flatten(err) {
		// A line of the text must not look like one of ours.
		fmt.Fprintln(c.err, "seaworthy: "+strings.ReplaceAll(printableText(e.Error()), "\n", "\n    "))
		var se *system.Error
		if errors.As(e, &se) && se.Next != "" {
			fmt.Fprintln(c.err, "  next: "+printable(se.Next))
		}
	}
	switch {
	case errors.Is(err, system.ErrMismatch):
		return exitVerify
	case errors.Is(err, system.ErrInput):
		return exitUsage
	}
	return exitNoEval
}

// flatten takes joined errors apart; a *system.Error stays whole.
func flatten(err error) []error {
	if _, ok := err.(*system.Error); ok {
		return []error{err}
	}
	j, ok := err.(interface{ Unwrap() []error })
	if !ok || reflect.TypeOf(err) != joinType {
		return []error{err}
	}
	var out []error
	for _, e := range j.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}

// joinType is that of errors.Join's result, to tell it from an error with
// several causes.
var joinType = reflect.TypeOf(errors.Join(io.EOF))

// json prints a value for programs.
func (c *cli) json(v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := c.out.Write(safetext.JSON(b.Bytes()))
	return err
}

// printable is text from elsewhere as one line, printableText as several: what
// came out of an image must not drive the terminal.
func printable(s string) string     { return safetext.Clean(s) }
func printableText(s string) string { return safetext.Text(s) }
