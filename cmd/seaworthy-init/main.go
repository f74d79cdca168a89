//go:build linux

// Command seaworthy-init is PID 1 of the systems that seaworthy builds.
package main

import (
	"fmt"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/guest"
)

func main() {
	if os.Getpid() != 1 {
		fmt.Fprintln(os.Stderr, "seaworthy-init: this program runs only as PID 1 of a built image; boot the image")
		os.Exit(2)
	}
	guest.Init()
}
