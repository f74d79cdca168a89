//go:build linux

package main

import (
	"fmt"
	"testing"
)

// TestParse: the lines of initdb are understood, and nothing else.
func TestParse(t *testing.T) {
	t.Parallel()
	const p = "/usr/lib/postgresql/15/bin/postgres"
	for line, want := range map[string]string{
		`"` + p + `" -V`: `["` + p + `" "-V"] false false false`,
		`"` + p + `" --check -F -c shared_buffers=1000 < "/dev/null" > "/dev/null" 2>&1`: `["` + p + `" "--check" "-F" "-c" "shared_buffers=1000"] true true true`,
		p + ` --single template1 >/dev/null`:                                             `["` + p + `" "--single" "template1"] false true false`,
		"":                                                                               "!",
		`/bin/cat /data/x`:                                                               "!",
		p + `/../../../../../bin/cat`:                                                    "!",
		`"` + p + `"x`:                                                                   "!",
		`"` + p:                                                                          "!",
		p + ` > /data/x`:                                                                 "!",
		p + ` >`:                                                                         "!",
		p + ` ; ` + p:                                                                    "!",
		p + ` | ` + p:                                                                    "!",
		p + ` && ` + p:                                                                   "!",
		p + ` $HOME`:                                                                     "!",
		p + ` "$HOME"`:                                                                   "!",
		p + " `x`":                                                                       "!",
		p + " a\n" + p:                                                                   "!",
		p + ` 'a'`:                                                                       "!",
		p + ` \a`:                                                                        "!",
		p + ` *`:                                                                         "!",
		`PATH=/x ` + p:                                                                   "!",
		p + ` 2>&1 ` + "> /dev/null":                                                     `["` + p + `"] false true true`,
		p + ` &`:                                                                         "!",
	} {
		c, err := parse(line)
		got := fmt.Sprintf("%q %t %t %t", c.words, c.in, c.out, c.errs)
		if err != nil {
			got = "!"
		}
		if got != want {
			t.Errorf("%s: %s (%v), want %s", line, got, err, want)
		}
	}
}

// FuzzParse: a line that is accepted starts a program of PostgreSQL.
func FuzzParse(f *testing.F) {
	f.Add(`"/usr/lib/postgresql/15/bin/postgres" --boot < "/dev/null" > "/dev/null" 2>&1`)
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parse(line)
		if err == nil && (len(c.words) == 0 || len(c.words[0]) <= len(programs) || c.words[0][:len(programs)] != programs) {
			t.Errorf("%q starts %q", line, c.words)
		}
	})
}
