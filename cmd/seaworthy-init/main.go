//go:build linux

// Command seaworthy-init is PID 1 of the systems that seaworthy builds. By the name
// seaworthy-whence, it says where a file or a process of the system comes from: both
// are one program, because most of a second one would be Go's runtime again.
package main

import (
	"fmt"
	"os"
	"path"

	"github.com/seaworthy-os/seaworthy/builder/guest"
	"github.com/seaworthy-os/seaworthy/builder/guest/origin"
)

func main() {
	if path.Base(os.Args[0]) == origin.Name {
		os.Exit(origin.Run(os.Args[1:], os.Stdout, os.Stderr))
	}
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "seaworthy-init: this program runs only as PID 1 of a built image; boot the image")
		os.Exit(2)
	}
	guest.Init()
}
