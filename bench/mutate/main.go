// Command mutate is a mutation test of the rules: it changes the rules, one condition
// at a time, and for each change a test must fail. It removes conditions, inverts
// comparisons and moves their bounds by one, inverts `not` and truth values, and
// exchanges operators. A mutant that no test notices is listed and is an error,
// unless it is equivalent to the rule (equivalent.json has the reason).
package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// jobs is the number of mutants that are tested in parallel.
const jobs = 2

func main() {
	every := flag.Int("every", 1, "test only every `N`th mutant")
	only := flag.String("only", "", "test only mutants of files whose path contains `TEXT`")
	inversions := flag.Bool("inversions", false, "invert conditions, but do not remove any")
	flag.Parse()
	code, err := run(os.Stdout, os.Stderr, "rules", choice{*every, *only, *inversions})
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
	}
	os.Exit(code)
}

// choice selects the mutants: every Nth one, of files whose path contains only,
// perhaps without removals.
type choice struct {
	every      int
	only       string
	inversions bool
}

// mutant is one changed module.
type mutant struct {
	File string `json:"file"`
	// Line is the text of the line, so that an entry stays valid when other lines
	// move.
	Line   string `json:"line"`
	Change string `json:"change"`
	Reason string `json:"reason,omitempty"`

	row, number, first, last int
}

func (m mutant) key() mutant { return mutant{File: m.File, Line: m.Line, Change: m.Change} }

//go:embed equivalent.json
var equivalentJSON []byte

// run returns the exit code: 0 if every mutant is noticed or known as equivalent, 1
// if one is not, and 3 if the tests could not run.
func run(stdout, stderr io.Writer, dir string, pick choice) (int, error) {
	s, err := load(os.DirFS(dir))
	if err != nil {
		return 3, err
	}
	equivalent, err := readEquivalent(equivalentJSON)
	if err != nil {
		return 3, err
	}
	all := s.mutants(pick)
	var chosen []mutant
	for i := 0; i < len(all); i += pick.every {
		chosen = append(chosen, all[i])
	}
	start := time.Now()
	outcomes, err := s.try(chosen, stderr)
	if err != nil {
		return 3, err
	}
	counts := map[outcome]int{}
	survived := map[mutant]bool{}
	code := 0
	for i, m := range chosen {
		counts[outcomes[i]]++
		if outcomes[i] != noticed && outcomes[i] != impossible {
			survived[m.key()] = true
			if equivalent[m.key()] == "" {
				code = 1
				fmt.Fprintf(stdout, "%s/%s:%d: %s: %s: %s\n", dir, m.File, m.row, outcomes[i], m.Change, m.Line)
			}
		}
	}
	if pick == (choice{every: 1}) {
		for _, m := range slices.SortedFunc(maps.Keys(equivalent), func(a, b mutant) int { return strings.Compare(a.File+a.Line, b.File+b.Line) }) {
			if !survived[m] {
				code = 1
				fmt.Fprintf(stdout, "%s/%s: listed as equivalent, but a test notices it or it does not exist: %s: %s\n", dir, m.File, m.Change, m.Line)
			}
		}
	}
	fmt.Fprintf(stdout, "%d mutants: %d noticed, %d do not compile, %d not noticed (%d known as equivalent) in %s\n", len(chosen),
		counts[noticed], counts[impossible], counts[missed]+counts[unreached], len(equivalent), time.Since(start).Round(time.Second))
	return code, nil
}

// readEquivalent reads the list of mutants that are equivalent to the rule.
func readEquivalent(raw []byte) (map[mutant]string, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	var list []mutant
	if err := d.Decode(&list); err != nil {
		return nil, fmt.Errorf("equivalent.json: %w", err)
	}
	out := map[mutant]string{}
	for _, m := range list {
		if len(m.Reason) < 10 || out[m.key()] != "" {
			return nil, fmt.Errorf("equivalent.json: %s: %q: the reason is missing, or the entry is a duplicate", m.File, m.Line)
		}
		out[m.key()] = m.Reason
	}
	return out, nil
}

// mutants returns all possible mutants in a stable order.
func (s *suite) mutants(pick choice) []mutant {
	var out []mutant
	for _, file := range slices.Sorted(maps.Keys(s.modules)) {
		if isTest(file) || !strings.Contains(file, pick.only) {
			continue
		}
		lines := strings.Split(string(s.modules[file].source), "\n")
		for i, site := range sites(s.modules[file].parsed) {
			if pick.inversions && site.what == removal {
				continue
			}
			out = append(out, mutant{
				File: file, Line: strings.TrimSpace(lines[site.row-1]), Change: site.what,
				row: site.row, number: i, first: site.first, last: site.last,
			})
		}
	}
	return out
}

// outcome is the result of a mutant.
type outcome string

const (
	noticed    outcome = "noticed"
	impossible outcome = "does not compile"
	missed     outcome = "no test notices"
	unreached  outcome = "no test reaches"
)

// try tests the mutants. It stops at the first error that no mutant caused.
func (s *suite) try(mutants []mutant, stderr io.Writer) ([]outcome, error) {
	outcomes, errs := make([]outcome, len(mutants)), make([]error, len(mutants))
	var done, open atomic.Int64
	start := time.Now()
	each(len(mutants), jobs, func(i int) {
		outcomes[i], errs[i] = s.one(mutants[i])
		if outcomes[i] == missed || outcomes[i] == unreached {
			open.Add(1)
		}
		if n := done.Add(1); n%100 == 0 {
			fmt.Fprintf(stderr, "%6s  %d of %d mutants, %d not noticed\n", time.Since(start).Round(time.Second), n, len(mutants), open.Load())
		}
	})
	return outcomes, errors.Join(errs...)
}

// batch is the number of tests that are tried before all others, because compiling
// few tests is faster.
const batch = 10

// one makes a mutant and looks for a test that fails: first those of its own file,
// then all others that reach its rule.
func (s *suite) one(m mutant) (outcome, error) {
	changed, err := parse(m.File, s.modules[m.File].source)
	if err != nil {
		return "", err
	}
	sites(changed)[m.number].make()
	tried := map[*test]bool{}
	attempt := func(tests []*test) (outcome, error) {
		tests = slices.DeleteFunc(slices.Clone(tests), func(t *test) bool { return tried[t] })
		if len(tests) == 0 {
			return missed, nil
		}
		c, err := s.compile(tests, m.File, changed)
		if err != nil {
			return impossible, nil //nolint:nilerr // a mutant that does not compile is not a mutant
		}
		for _, t := range tests {
			tried[t] = true
			if !s.passes(context.Background(), c, t) {
				return noticed, nil
			}
		}
		return missed, nil
	}
	if out, err := attempt(s.own(m.File)); out != missed || err != nil {
		return out, err
	}
	others, err := s.reaching(m.File, m.first, m.last)
	if err != nil {
		return "", err
	}
	if len(others) == 0 {
		return unreached, nil
	}
	n := min(len(others), batch)
	if out, err := attempt(others[:n]); out != missed || err != nil {
		return out, err
	}
	return attempt(others[n:])
}

// each calls f for 0 to n-1, with a few calls in parallel.
func each(n, at int, f func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range at {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	wg.Wait()
}
