// Command small measures commands that take less than a second and that people run
// many times a day. It also measures kernel-hardening-checker if it is installed.
// The commands take turns, so that other work on the machine affects all of them
// equally.
//
//	go run ./bench/small
//	go run ./bench/small -peer peer/usr/bin/kernel-hardening-checker
//
// Debian has kernel-hardening-checker in unstable. On an older release, download
// only this package, with separate package lists, and unpack it. This installs
// nothing. MIRROR is the URL of a Debian mirror:
//
//	mkdir -p peer/lists/partial peer/cache/archives/partial && touch peer/status
//	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $MIRROR sid main" > peer/sources.list
//	set -- -o Dir::State=$PWD/peer -o Dir::State::status=$PWD/peer/status -o Dir::Cache=$PWD/peer/cache \
//		-o Dir::Etc::sourcelist=$PWD/peer/sources.list -o Dir::Etc::sourceparts=-
//	apt-get "$@" update && apt-get "$@" download kernel-hardening-checker
//	dpkg -x kernel-hardening-checker_*_all.deb peer
//	export PYTHONPATH=$PWD/peer/usr/lib/python3/dist-packages
//
// The script runs /usr/bin/python3. A wrapper around python3, such as that of pyenv,
// would take longer than the checker.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/seaworthy-os/seaworthy/bench/measure"
)

func main() {
	program := flag.String("program", "bin/seaworthy", "the program, written by make build")
	config := flag.String("config", "testdata/kernel/debian-12-amd64.config", "a kernel configuration")
	system := flag.String("os", "examples/minimal.yml", "a system")
	components := flag.String("components", "dist/components", "folder of its images, written by make components")
	peer := flag.String("peer", "kernel-hardening-checker", "the program to compare with")
	runs := flag.Int("runs", 31, "runs of each command")
	flag.Parse()
	if err := run(*program, *config, *system, *components, *peer, *runs); err != nil {
		fmt.Fprintf(os.Stderr, "bench: %v\n", err)
		os.Exit(1)
	}
}

func run(program, config, system, components, peer string, runs int) error {
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
	if _, err := exec.LookPath(peer); err == nil {
		commands = append(commands, []string{peer, "-c", config})
	} else {
		fmt.Printf("%s is not installed, so it is not measured\n", peer)
	}
	samples := make([][]measure.Sample, len(commands))
	for i := range runs + 1 {
		for j, c := range commands {
			s, _, err := measure.Command(nil, c[0], c[1:]...)
			if err != nil {
				return err
			}
			if i > 0 { // the first run fills caches
				samples[j] = append(samples[j], s)
			}
		}
	}
	var rows []measure.Row
	for j, c := range commands {
		name := filepath.Base(c[0])
		if c[0] == program {
			name = c[1]
		}
		rows = append(rows, measure.Row{Name: name, Sample: measure.Median(samples[j])})
	}
	fmt.Printf("%s, %d runs of each\n", measure.Load(), runs)
	yardstick := rows[len(rows)-1] // the peer, or else our check
	return measure.Table(os.Stdout, "command", rows, yardstick.Sample)
}
