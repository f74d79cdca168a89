package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// passwordEnv is where cosign, too, looks for a key's password.
const passwordEnv = "COSIGN_PASSWORD"

func (c *cli) key() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Make signing keys"}
	var dir string
	generate := &cobra.Command{
		Use:   "generate",
		Short: "Make a key pair that cosign can use too",
		Long: `Generate writes seaworthy.key, encrypted by a password, and seaworthy.pub. The password
is read from COSIGN_PASSWORD, or asked for. Files that exist are not replaced.

` + exitHelpPlain,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			password, err := c.newPassword(cmd.Context())
			if err != nil {
				return err
			}
			if err := attest.GenerateKey(dir, password); err != nil {
				return err
			}
			fmt.Fprintf(c.err, "seaworthy: wrote %s and %s in %s\n", attest.PrivateKeyFile, attest.PublicKeyFile, dir)
			return nil
		},
	}
	generate.Flags().StringVar(&dir, "output-dir", ".", "folder to write to")
	own(generate, "output-dir")
	cmd.AddCommand(generate)
	return cmd
}

// password is that of an existing key.
func (c *cli) password(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	return c.ask(ctx, "password of the key: ")
}

// newPassword asks twice.
func (c *cli) newPassword(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	first, err := c.ask(ctx, "password for the new key: ")
	if err != nil {
		return nil, err
	}
	again, err := c.ask(ctx, "the same again: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(again) {
		return nil, system.BadInput("the passwords differ")
	}
	return first, nil
}

// ask reads a line without echo; where input is no terminal, a line of it. An
// interrupt ends the question, and the terminal echoes again.
func (c *cli) ask(ctx context.Context, prompt string) ([]byte, error) {
	fmt.Fprint(c.err, prompt)
	read := func() ([]byte, error) {
		line, err := c.lines().ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || line == "") {
			return nil, system.BadInput("no password").Suggest("set %s, or run it on a terminal", passwordEnv)
		}
		return []byte(strings.TrimRight(line, "\r\n")), nil
	}
	restore := func() {}
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		fd := int(f.Fd())
		if state, err := term.GetState(fd); err == nil {
			restore = func() { _ = term.Restore(fd, state) }
		}
		read = func() ([]byte, error) { return term.ReadPassword(fd) }
	}
	type answer struct {
		password []byte
		err      error
	}
	answered := make(chan answer, 1)
	go func() {
		p, err := read()
		answered <- answer{p, err}
	}()
	defer fmt.Fprintln(c.err)
	select {
	case a := <-answered:
		return a.password, a.err
	case <-ctx.Done():
		restore()
		return nil, ctx.Err()
	}
}

// lines reads standard input by lines, so that two questions share a buffer.
func (c *cli) lines() *bufio.Reader {
	if c.buffered == nil {
		c.buffered = bufio.NewReader(c.in)
	}
	return c.buffered
}
