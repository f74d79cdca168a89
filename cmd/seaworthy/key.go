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

// passwordEnv has the password of the key. cosign uses the same variable.
const passwordEnv = "COSIGN_PASSWORD"

func (c *cli) key() *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "Make signing keys"}
	var dir string
	var sb secureBootKeys
	generate := &cobra.Command{
		Use:   "generate",
		Short: "Make a key pair for seals, or keys for Secure Boot",
		Long: `Generate writes seaworthy.key, encrypted with a password, and seaworthy.pub. cosign can use
these keys too. Generate reads the password from COSIGN_PASSWORD, or asks for it.

With --secure-boot, generate writes other keys instead: PK, KEK and db. Firmware uses them to
decide what it starts. The private keys are not encrypted. Generate also writes the files
that firmware enrols, and a variable store for QEMU that has the keys. docs/secure-boot.md says how to use them.

Existing files are not replaced.

` + exitHelpPlain("a file cannot be written"),
		Example: "  seaworthy key generate\n  seaworthy key generate --secure-boot --name \"Example Ltd\" --output-dir keys",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := applyConfig(cmd); err != nil {
				return err
			}
			if on, err := sb.given(cmd); err != nil || on {
				if err != nil {
					return err
				}
				return c.generateSecureBoot(cmd.Context(), dir, sb)
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
	sb.add(generate)
	cmd.AddCommand(generate)
	return cmd
}

// password returns the password of an existing key.
func (c *cli) password(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	return c.ask(ctx, "password of the key: ")
}

// newPassword returns the password for a new key. It asks twice.
func (c *cli) newPassword(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	first, err := c.ask(ctx, "password for the new key: ")
	if err != nil {
		return nil, err
	}
	again, err := c.ask(ctx, "repeat the password: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(again) {
		return nil, system.BadInput("the passwords are different").Suggest("run the command again")
	}
	return first, nil
}

// ask reads a line without echo. If the input is not a terminal, it reads one line
// of the input. An interrupt cancels the question and turns the echo on again.
func (c *cli) ask(ctx context.Context, prompt string) ([]byte, error) {
	fmt.Fprint(c.err, prompt)
	read := func() ([]byte, error) {
		line, err := c.lines().ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || line == "") {
			return nil, system.BadInput("no password is given for the key").Suggest("set %s, or run the command on a terminal", passwordEnv)
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

// lines returns the buffered standard input. All questions must share one buffer.
func (c *cli) lines() *bufio.Reader {
	if c.buffered == nil {
		c.buffered = bufio.NewReader(c.in)
	}
	return c.buffered
}
