// Package sysctl is the program sysctl, which sets kernel parameters and ends.
// It reads /etc/sysctl.d/*.conf in the order of the names, or the given files.
// It prints each parameter that it could not set, and then exits with 1. A line
// has one of these forms:
//
//	key = value       net.ipv4.ip_forward or net/ipv4/ip_forward
//	-key = value      the same, but a failure is only mentioned
//	# or ;            a comment
//
// In a key, * stands for any text without a dot.
package sysctl

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Main runs the program.
func Main() {
	files := os.Args[1:]
	if len(files) == 0 {
		found, err := filepath.Glob("/etc/sysctl.d/*.conf")
		if err != nil {
			fmt.Fprintln(os.Stderr, "sysctl:", err)
			os.Exit(1)
		}
		files = found
	}
	if !run(os.Stdout, "/proc/sys", files) {
		os.Exit(1)
	}
}

// run applies the files to the parameters below root. It prints errors and the
// number of parameters. It returns true if all required parameters were set.
func run(w io.Writer, root string, files []string) bool {
	var all []setting
	ok := true
	slices.SortStableFunc(files, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	for _, f := range files {
		s, err := readFile(f)
		if err != nil {
			fmt.Fprintf(w, "%v\n", err)
			ok = false
		}
		all = append(all, s...)
	}
	set, failed := 0, 0
	for _, s := range all {
		n, errs := s.apply(root)
		set += n
		for _, err := range errs {
			if s.optional {
				fmt.Fprintf(w, "%s:%d: skipped: %v\n", s.file, s.line, err)
				continue
			}
			fmt.Fprintf(w, "%s:%d: %v\n", s.file, s.line, err)
			failed++
		}
	}
	fmt.Fprintf(w, "%d parameters set, %d failed\n", set, failed)
	return ok && failed == 0
}
