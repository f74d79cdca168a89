// Command kernels compares our verdicts on kernel options for many configurations
// with those of kernel-hardening-checker, and with those of another version of this
// program. docs/kernel-differences.md has the results.
package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

func main() {
	ours := flag.String("ours", "bin/seaworthy", "`PROGRAM` to compare")
	peer := flag.String("peer", "", "`FOLDER` with the Python package kernel_hardening_checker")
	before := flag.String("before", "", "older version of the `PROGRAM`, also compared")
	flag.Parse()
	t := table{counts: map[string]int{}, kinds: map[string]int{}, changes: map[string]int{}}
	for _, file := range flag.Args() {
		if err := t.add(file, *ours, *peer, *before); err != nil {
			fmt.Fprintf(os.Stderr, "kernels: %s: %v\n", file, err)
			t.counts["configurations without a verdict"]++
		}
	}
	t.print(os.Stdout)
}

// table counts verdicts: counts has the totals, kinds the differences from the peer,
// changes the differences from the older version.
type table struct{ counts, kinds, changes map[string]int }

func (t table) add(file, ours, peer, before string) error {
	now, err := verdicts(ours, file)
	if err != nil {
		return err
	}
	if before != "" {
		then, err := verdicts(before, file)
		if err != nil {
			return err
		}
		for key := range union(then, now) {
			t.counts["verdicts of both versions"]++
			if a, b := cmp.Or(then[key], "none"), cmp.Or(now[key], "none"); a != b {
				t.changes[fmt.Sprintf("%s: %s, now %s", key, a, b)]++
			}
		}
	}
	if peer == "" {
		return nil
	}
	theirs, err := peerVerdicts(peer, file)
	if err != nil {
		return err
	}
	options := byOption(now)
	t.counts["configurations"]++
	for option, their := range theirs {
		our, both := options[option]
		if !both {
			continue
		}
		t.counts["options that both programs check"]++
		switch {
		case our == their:
			t.counts["the same"]++
		case our == "not-applicable":
			t.counts["not applicable in ours; the peer says "+their]++
		default:
			t.counts["different"]++
			t.kinds[fmt.Sprintf("%s: the peer says %s, we say %s", option, their, our)]++
		}
	}
	return nil
}

// verdicts returns the states of one configuration's findings by rule and resource.
// The file's name is removed from findings about the whole file.
func verdicts(program, file string) (map[string]string, error) {
	var decision struct {
		Findings []struct{ ID, Resource, State string }
	}
	if err := run(&decision, program, "kernel", "check", "--policy", "strict", "--report", "json", file); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, f := range decision.Findings {
		if strings.HasPrefix(f.Resource, "image:") {
			f.Resource = "image"
		}
		key := f.ID + " " + f.Resource
		out[key] = worst(out[key], f.State)
	}
	return out, nil
}

// byOption combines the findings of all rules for each option.
func byOption(verdicts map[string]string) map[string]string {
	out := map[string]string{}
	for key, state := range verdicts {
		if _, option, ok := strings.Cut(key, " kernel:CONFIG_"); ok {
			out["CONFIG_"+option] = worst(out["CONFIG_"+option], state)
		}
	}
	return out
}

// worst returns the worse of two states.
func worst(a, b string) string {
	order := []string{"", "not-applicable", "pass", "unknown", "fail"}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// peerVerdicts returns pass or fail by option.
func peerVerdicts(folder, file string) (map[string]string, error) {
	var rows []struct {
		Option string `json:"option_name"`
		Type   string `json:"type"`
		OK     bool   `json:"check_result_bool"`
	}
	const start = `import sys; sys.path.insert(0, sys.argv.pop(1)); import kernel_hardening_checker as k; k.main()`
	if err := run(&rows, "python3", "-c", start, folder, "-c", file, "-m", "json"); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, r := range rows {
		if r.Type == "kconfig" {
			out[r.Option] = worst(out[r.Option], map[bool]string{true: "pass", false: "fail"}[r.OK])
		}
	}
	return out, nil
}

// run decodes the JSON that a program prints. An exit code is not an error, because
// findings set one.
func run(into any, name string, args ...string) error {
	out, err := exec.Command(name, args...).Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	if bad := json.Unmarshal(out, into); bad != nil {
		return errors.Join(err, fmt.Errorf("%s does not print JSON: %w", name, bad))
	}
	return nil
}

func union[V any](a, b map[string]V) map[string]V {
	out := maps.Clone(a)
	maps.Copy(out, b)
	return out
}

func (t table) print(w io.Writer) {
	for _, part := range []map[string]int{t.counts, t.kinds, t.changes} {
		for _, key := range slices.SortedFunc(maps.Keys(part), func(a, b string) int { return cmp.Or(part[b]-part[a], cmp.Compare(a, b)) }) {
			fmt.Fprintf(w, "%6d  %s\n", part[key], key)
		}
		fmt.Fprintln(w)
	}
	if decided := t.counts["the same"] + t.counts["different"]; decided > 0 {
		fmt.Fprintf(w, "%.2f %% of %d verdicts that both programs give are the same\n", 100*float64(t.counts["the same"])/float64(decided), decided)
	}
}
