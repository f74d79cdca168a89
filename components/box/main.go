//go:build linux

// Command box is several small programs in one: dhcp, report, sysctl. The name under
// which it is started says which one it is. Most of a small Go program is Go's runtime.
// The images of these programs contain the same file, and a compressed system with
// several of them is hardly larger than with one.
package main

import (
	"fmt"
	"os"
	"path"

	"github.com/seaworthy-os/seaworthy/components/dhcp"
	"github.com/seaworthy-os/seaworthy/components/report"
	"github.com/seaworthy-os/seaworthy/components/sysctl"
)

var programs = map[string]func(){"dhcp": dhcp.Main, "report": report.Main, "sysctl": sysctl.Main}

func main() {
	name := path.Base(os.Args[0])
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "box: there is no program %q: start it as dhcp, report or sysctl\n", name)
		os.Exit(2)
	}
	run()
}
