// Command small measures commands that take less than a second, as people run
// them many times a day, and kernel-hardening-checker beside them where it is
// installed.
//
//	go run ./bench/small
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"

	"github.com/seaworthy-os/seaworthy/bench/measure"
)

func main() {
	program := flag.String("program", "bin/seaworthy", "the program, as `make build` leaves it")
	config := flag.String("config", "testdata/kernel/debian-12-amd64.config", "a kernel configuration")
	system := flag.String("os", "examples/minimal.yml", "a system")
	components := flag.String("components", "dist/components", "where its images are, as `make components` leaves them")
	runs := flag.Int("runs", 15, "how often each command runs")
	flag.Parse()
	if err := run(*program, *config, *system, *components, *runs); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(program, config, system, components string, runs int) error {
	cache, err := os.MkdirTemp("", "bench-small")
	if err != nil {
		return err
	}
	defer os.RemoveAll(cache)
	commands := [][]string{
		{"true"},
		{program, "version"},
		{program, "--help"},
		{program, "kernel", "check", "--fail-on", "none", "--policy", "strict", config},
		{program, "check", "--fail-on", "none", "--components", components, "--offline", "--cache", cache, system},
	}
	const peer = "kernel-hardening-checker"
	if _, err := exec.LookPath(peer); err == nil {
		commands = append(commands, []string{peer, "-c", config})
	} else {
		fmt.Printf("%s is not installed: it is not measured\n", peer)
	}
	var rows []measure.Row
	for _, c := range commands {
		var samples []measure.Sample
		for i := range runs + 1 {
			s, _, err := measure.Command(nil, c[0], c[1:]...)
			if err != nil {
				return err
			}
			if i > 0 { // the first one fills caches
				samples = append(samples, s)
			}
		}
		name := c[0]
		if name == program {
			name = c[1]
		}
		rows = append(rows, measure.Row{Name: name, Sample: measure.Median(samples)})
	}
	fmt.Printf("%s, %d runs of each\n", measure.Load(), runs)
	return measure.Table(os.Stdout, "command", rows, rows[1].Sample)
}
