package made

import (
	"flag"
	"fmt"
	"os"
)

// Flags adds the flags that name the program and the system, to which generated
// components are added.
func Flags(program, system *string) {
	flag.StringVar(program, "program", "bin/seaworthy", "the program, written by make build")
	flag.StringVar(system, "os", "examples/minimal.yml", "the system to which the generated components are added")
}

// Exit ends a benchmark that failed.
func Exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}
