//go:build linux

package applet

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var size List
	p := Program{Name: "tool", Usage: "[flags] WHAT", Flags: func(fs *flag.FlagSet) {
		size = nil
		fs.Var(&size, "size", "a size")
	}, Run: func(_ context.Context, w io.Writer, args []string) error {
		if len(args) != 1 {
			return Usagef("there are %d arguments, want 1", len(args))
		}
		if args[0] == "bad" {
			return errors.Join(errors.New("one"), errors.New("two"))
		}
		fmt.Fprintln(w, args[0], size.String())
		return nil
	}}
	for _, c := range []struct {
		args        []string
		code        int
		out, errors string
	}{
		{[]string{"-size", "1", "-size", "2", "x"}, 0, "x 1,2\n", ""},
		{nil, 2, "", "tool: there are 0 arguments, want 1\nUsage: tool [flags] WHAT\n  -size value\n    \ta size\n"},
		{[]string{"bad"}, 1, "", "tool: one\ntool: two\n"},
		{[]string{"-h"}, 0, "", "Usage: tool [flags] WHAT\n  -size value\n    \ta size\n"},
	} {
		var out, errs bytes.Buffer
		code := p.run(t.Context(), c.args, &out, &errs)
		if code != c.code || out.String() != c.out || errs.String() != c.errors {
			t.Errorf("%q: %d %q %q", c.args, code, out.String(), errs.String())
		}
	}
	p.FlagsOnly = true
	var out, errs bytes.Buffer
	if code := p.run(t.Context(), []string{"-size", "1", "x"}, &out, &errs); code != 2 || out.Len() != 0 || !strings.HasPrefix(errs.String(), "tool: unexpected argument \"x\"\nUsage: ") {
		t.Errorf("%d %q %q", code, out.String(), errs.String())
	}
}

func TestStatements(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	do := func(args ...string) error {
		return Statements(&out, args, strconv.Atoi, func(n int) error {
			if n < 0 {
				return errors.New("below 0")
			}
			return nil
		})
	}
	if err := do("1", "2"); err != nil || out.String() != "1\n2\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	out.Reset()
	// The last one is wrong, so none is done.
	if err := do("1", "x"); err == nil || out.String() != "" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	if err := do("1", "-1", "2"); err == nil || err.Error() != "-1: below 0" || out.String() != "1\n" {
		t.Errorf("printed %q, %v", out.String(), err)
	}
	if err := do(); !errors.Is(err, ErrUsage) {
		t.Error(err)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	if got, err := Filter(t.Context(), strings.NewReader(" hello \n"), "cat"); got != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := Command(t.Context(), "cat", "/no/such/file"); err == nil || !strings.Contains(err.Error(), "cat /no/such/file: exit status 1: ") {
		t.Error(err)
	}
	if err := Command(t.Context(), "no-such-program"); err == nil || !strings.Contains(err.Error(), "the image has no program no-such-program") {
		t.Error(err)
	}
}
