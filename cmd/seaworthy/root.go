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
  2  usage error or malformed input
  3  could not evaluate: ` + badComponent + `
  4  verification failed: a digest, signature or lock does not match
  5  denied only because waivers expired`

// badComponent says why a verb that reads components ends with exit code 3.
const badComponent = "missing image, unreachable registry, malformed or hostile component"

// exitHelpPlain is for verbs without a verdict. why says when they end with exit
// code 3.
func exitHelpPlain(why string) string {
	return `Exit status:
  0  done
  2  usage error or malformed input
  3  failed: ` + why + `
  4  verification failed: a digest, signature or lock does not match`
}

// exitError ends the program with a code. All messages were printed before.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// cli has the streams that every verb uses.
type cli struct {
	in io.Reader
	// Programs read out; people read text; err gets progress and errors. Output to
	// text and err is made safe for terminals and for the logs of CI services.
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
		Short: "Build minimal Linux systems, and check what they are allowed to do",
		Long: `Seaworthy builds minimal, immutable Linux systems from container images. LinuxKit's YAML
works without changes. Seaworthy makes an SBOM for every component, and checks with Rego
rules what the system is allowed to do. It signs the image and its attestations, and
verifies them before the system boots.

` + exitHelp,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return system.BadInput("%s", err.Error()).Suggest("see %s --help", cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = false
	for _, verb := range []func() *cobra.Command{c.build, c.check, c.facts, c.verify, c.boot, c.push, c.pull, c.lock, c.diff, c.explain, c.waive, c.rules, c.sbom, c.image, c.kernel, c.component, c.key, c.version} {
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

// wrapArgs makes a wrong number of arguments, or an unknown verb, a usage
// error.
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

// report prints an error, with one paragraph for each joined error, and returns
// the exit code.
func (c *cli) report(err error) int {
	if err == nil {
		return exitPass
	}
	var code exitError
	if errors.As(err, &code) {
		return int(code)
	}
	for _, e := range flatten(err) {
		// Text from elsewhere must not start a line that looks like ours.
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

// flatten splits joined errors. It does not split a *system.Error.
func flatten(err error) []error {
	if _, ok := err.(*system.Error); ok { //nolint:errorlint // only joined errors are taken apart
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

// joinType is the type of errors.Join's result. Other errors with several causes
// have another type.
var joinType = reflect.TypeOf(errors.Join(io.EOF))

// json prints a value for programs.
func (c *cli) json(v any) error { return encodeJSON(c.out, v) }

func encodeJSON(w io.Writer, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(safetext.JSON(b.Bytes()))
	return err
}

// printable returns text from elsewhere as one safe line, printableText as
// several lines: text from an image must not control the terminal.
func printable(s string) string     { return safetext.Clean(s) }
func printableText(s string) string { return safetext.Text(s) }
