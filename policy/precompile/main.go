// Command precompile writes the built-in rules in compiled form, for package
// policy/engine to embed: precompile FILE.
package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/seaworthy-os/seaworthy/policy/engine"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "precompile:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("usage: precompile FILE")
	}
	var b bytes.Buffer
	if err := engine.Precompile(&b); err != nil {
		return err
	}
	return os.WriteFile(args[0], b.Bytes(), 0o644)
}
