//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strings"
	"syscall"
)

// shell runs `sh -c LINE`: it becomes the program that the line names. It returns only
// errors.
func shell(args []string) error {
	if len(args) != 2 || args[0] != "-c" {
		return errors.New("this is not a shell: it only runs -c with a command of PostgreSQL")
	}
	if args[1] == "locale -a" { // which locales there are: none
		os.Exit(0)
	}
	c, err := parse(args[1])
	if err != nil {
		return fmt.Errorf("%q: %w", args[1], err)
	}
	if err := c.redirect(); err != nil {
		return err
	}
	return syscall.Exec(c.words[0], c.words, os.Environ())
}

// command is a line: words, and the files that replace its streams.
type command struct {
	words []string
	in    bool // the input is /dev/null
	out   bool // the output is /dev/null
	errs  bool // errors go where the output goes
}

// plain are the characters that a shell passes on as they are.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_=./,:+-"

// parse reads a line of plain words, words in double quotes, `< "/dev/null"`,
// `> "/dev/null"` and `2>&1`. All else that a shell understands is an error.
func parse(line string) (command, error) {
	var c command
	var target *bool // a redirection that waits for its file
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if rest, ok := strings.CutPrefix(line, "2>&1"); ok && target == nil {
			c.errs, line = true, rest
			continue
		}
		if (line[0] == '<' || line[0] == '>') && target == nil {
			target = &c.out
			if line[0] == '<' {
				target = &c.in
			}
			line = line[1:]
			continue
		}
		word, rest, err := cutWord(line)
		if err != nil {
			return c, err
		}
		switch line = rest; {
		case target == nil:
			c.words = append(c.words, word)
		case word != os.DevNull:
			return c, fmt.Errorf("redirection to %q: only %s is possible", word, os.DevNull)
		default:
			*target, target = true, nil
		}
	}
	switch {
	case target != nil:
		return c, errors.New("a redirection has no file")
	case len(c.words) == 0:
		return c, errors.New("no program is named")
	case path.Dir(c.words[0])+"/" != programs || path.Clean(c.words[0]) != c.words[0]:
		return c, fmt.Errorf("%s is not a program of PostgreSQL", c.words[0])
	}
	return c, nil
}

// cutWord takes the first word from a line.
func cutWord(line string) (word, rest string, err error) {
	if quoted, ok := strings.CutPrefix(line, `"`); ok {
		word, rest, ok = strings.Cut(quoted, `"`)
		if !ok || strings.ContainsAny(word, "$`\\\n") || rest != "" && rest[0] != ' ' {
			return "", "", errors.New("only simple words in double quotes are possible")
		}
		return word, rest, nil
	}
	n := strings.IndexFunc(line, func(r rune) bool { return !strings.ContainsRune(plain, r) })
	switch {
	case n < 0:
		return line, "", nil
	case n == 0 || line[n] != ' ':
		return "", "", fmt.Errorf("the character %q is not possible here", line[n])
	}
	return line[:n], line[n:], nil
}

// redirect replaces the streams of this process.
func (c command) redirect() error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	type pair struct{ from, to int }
	var pairs []pair
	if c.in {
		pairs = append(pairs, pair{int(null.Fd()), 0})
	}
	if c.out {
		pairs = append(pairs, pair{int(null.Fd()), 1})
	}
	if c.errs {
		pairs = append(pairs, pair{1, 2})
	}
	for _, p := range pairs {
		if err := syscall.Dup3(p.from, p.to, 0); err != nil {
			return fmt.Errorf("cannot redirect: %w", err)
		}
	}
	return nil
}
