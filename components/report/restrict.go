//go:build linux

package report

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/seaworthy-os/seaworthy/components/landlock"
)

// Landlock says what the program could still do after it had restricted itself.
type Landlock struct {
	// Version of Landlock in the kernel, 0 if the kernel does not have it.
	Version int `json:"version"`
	// Before and After are the same actions, before and after Restrict.
	Before []Attempt `json:"before"`
	After  []Attempt `json:"after"`
}

// restrict takes away all access that the program does not need to serve a report that
// is made already: it then needs no file and no new connection.
func restrict() Landlock {
	l := Landlock{Before: tryAll(landlocked)}
	var err error
	if l.Version, err = landlock.Restrict(landlock.Needs{}); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
	}
	l.After = tryAll(landlocked)
	return l
}

// landlocked are actions that every container allows, and Landlock forbids: listening
// since version 4.
var landlocked = []action{
	{"read its own program", func() error { return readSome("/proc/self/exe") }},
	{"list /", func() error { _, err := os.ReadDir("/"); return err }},
	{"listen on another port", func() error {
		var c net.ListenConfig
		c.SetMultipathTCP(false) // Landlock does not restrict it
		l, err := c.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		return l.Close()
	}},
}
