//go:build linux

package applet

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
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
}

func TestOutput(t *testing.T) {
	t.Parallel()
	if got, err := Output(t.Context(), strings.NewReader(" hello \n"), "cat"); got != "hello" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if err := Command(t.Context(), "cat", "/no/such/file"); err == nil || !strings.Contains(err.Error(), "cat /no/such/file: exit status 1: ") {
		t.Error(err)
	}
	if err := Command(t.Context(), "no-such-program"); err == nil || !strings.Contains(err.Error(), "the image has no program no-such-program") {
		t.Error(err)
	}
}
