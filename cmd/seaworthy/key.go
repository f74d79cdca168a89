package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/seaworthy-os/seaworthy/attest"
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

` + exitHelp,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			password, err := c.newPassword()
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
func (c *cli) password() ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	return c.ask("password of the key: ")
}

// newPassword asks twice.
func (c *cli) newPassword() ([]byte, error) {
	if p, ok := os.LookupEnv(passwordEnv); ok {
		return []byte(p), nil
	}
	first, err := c.ask("password for the new key: ")
	if err != nil {
		return nil, err
	}
	again, err := c.ask("the same again: ")
	if err != nil {
		return nil, err
	}
	if string(first) != string(again) {
		return nil, usageError("the passwords differ", "")
	}
	return first, nil
}

// ask reads a line without echo; where input is no terminal, a line of it.
func (c *cli) ask(prompt string) ([]byte, error) {
	fmt.Fprint(c.err, prompt)
	if f, ok := c.in.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p, err := term.ReadPassword(int(f.Fd()))
		fmt.Fprintln(c.err)
		return p, err
	}
	line, err := c.lines().ReadString('\n')
	fmt.Fprintln(c.err)
	if err != nil && (!errors.Is(err, io.EOF) || line == "") {
		return nil, usageError("no password", "set "+passwordEnv+", or run it on a terminal")
	}
	return []byte(strings.TrimRight(line, "\r\n")), nil
}

// lines reads standard input by lines, so that two questions share a buffer.
func (c *cli) lines() *bufio.Reader {
	if c.buffered == nil {
		c.buffered = bufio.NewReader(c.in)
	}
	return c.buffered
}
