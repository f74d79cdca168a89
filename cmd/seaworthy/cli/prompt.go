package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// PasswordEnv has the password of the key. cosign uses the same variable.
const PasswordEnv = "COSIGN_PASSWORD"

// Password returns the password of an existing key.
func (c *Streams) Password(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(PasswordEnv); ok {
		return []byte(p), nil
	}
	return c.ask(ctx, "password of the key: ")
}

// NewPassword returns the password for a new key. It asks twice.
func (c *Streams) NewPassword(ctx context.Context) ([]byte, error) {
	if p, ok := os.LookupEnv(PasswordEnv); ok {
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
func (c *Streams) ask(ctx context.Context, prompt string) ([]byte, error) {
	fmt.Fprint(c.Err, prompt)
	read := func() ([]byte, error) {
		line, err := c.lines().ReadString('\n')
		if err != nil && (!errors.Is(err, io.EOF) || line == "") {
			return nil, system.BadInput("no password is given for the key").Suggest("set %s, or run the command on a terminal", PasswordEnv)
		}
		return []byte(strings.TrimRight(line, "\r\n")), nil
	}
	restore := func() {}
	if f, ok := c.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
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
	defer fmt.Fprintln(c.Err)
	select {
	case a := <-answered:
		return a.password, a.err
	case <-ctx.Done():
		restore()
		return nil, ctx.Err()
	}
}

// lines returns the buffered standard input. All questions must share one buffer.
func (c *Streams) lines() *bufio.Reader {
	if c.buffered == nil {
		c.buffered = bufio.NewReader(c.In)
	}
	return c.buffered
}
