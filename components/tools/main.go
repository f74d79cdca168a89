//go:build linux

// Command tools is several small programs in one: the name under which it is started says
// which one it is. It has the programs that the demo does not need; those of the demo are
// in components/box.
package main

import (
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/components/binfmt"
	"github.com/seaworthy-os/seaworthy/components/check"
	"github.com/seaworthy-os/seaworthy/components/modprobe"
)

var programs = map[string]func(){
	"binfmt": binfmt.Main,

	"binfmt-example": binfmt.Example,
	"check":          check.Main,
	"modprobe":       modprobe.Main,
}

func main() {
	name := path.Base(os.Args[0])
	run, ok := programs[name]
	if !ok {
		fmt.Fprintf(os.Stderr, "tools: there is no program %q: start it as %s\n", name, strings.Join(slices.Sorted(maps.Keys(programs)), ", "))
		os.Exit(2)
	}
	run()
}
