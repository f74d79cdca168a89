// Package clio replaces anchore/clio, the framework of syft's command line. Two
// declarations in syft's internal packages need it. It would link configuration
// files, terminal colours and profilers that no code here can call, and
// initialise them at each start.
package clio

import "github.com/wagoodman/go-partybus"

// Identification describes a program to go-getter, which is replaced too.
type Identification struct {
	Name, Version string
}

// ExitEvent would stop syft's user interface. No event bus is set, so published
// events have no effect.
func ExitEvent(bool) partybus.Event { return partybus.Event{} }
