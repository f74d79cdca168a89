// Package clio stands in for anchore/clio, the framework of syft's own command
// line, which reaches this module through two declarations in syft's internal
// packages. It would link configuration files, terminal colours and profilers
// that no code here can call, and initialise them at each start.
package clio

import "github.com/wagoodman/go-partybus"

// Identification names a program to go-getter, which is a stand-in too.
type Identification struct {
	Name, Version string
}

// ExitEvent would ask syft's user interface to stop. There is none: no bus is
// set, so an event that is published reaches nothing.
func ExitEvent(bool) partybus.Event { return partybus.Event{} }
