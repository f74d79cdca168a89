package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/diff"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

func (c *verbs) diff() *cobra.Command {
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	var oldWaivers string
	var df cli.DocumentFlags
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Show what is weaker and what is stronger in NEW than in OLD",
		Long: `Diff compares what two systems are allowed to do: capabilities, mounts, namespaces, kernel
options, packages, waivers. OLD and NEW are each one of these:

  - an os.yml; write several files of one system as a.yml,b.yml
  - a folder that build wrote
  - an image in a registry, signed by --key; only its facts and its decision are fetched
  - a file of facts
  - a lock, if the other side is a lock too

More permissions or fewer limits are weaker. For the kernel, its command line and sysctls,
the rules of --policy decide what is weaker. Neither system needs to pass the policy: with
--fail-on weaker, a system that does not pass yet cannot get worse.

Exit status:
  0  compared
  1  NEW is weaker, and --fail-on weaker is given
  2  usage error or malformed input
  3  could not compare: ` + cli.BadComponent + `
  4  a digest or lock does not match`,
		Example: "  seaworthy diff main/os.yml os.yml --fail-on weaker\n  seaworthy diff dist/os-1.0 dist/os-1.1 --report markdown=change.md\n" +
			"  seaworthy diff --key seaworthy.pub registry.example.org/systems/os:1 os.yml",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, sides []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			if sides[0] == "-" && sides[1] == "-" {
				return system.BadInput("standard input is given twice").Suggest("give a file for OLD or for NEW")
			}
			ratchet := pf.FailOn == string(diff.Weaker)
			if !ratchet && pf.FailOn != policy.FailOnNone {
				return system.BadInput("unknown value --fail-on %q", pf.FailOn).Suggest("use weaker or none")
			}
			// The verdict of each side does not matter.
			pf.FailOn = policy.FailOnNone
			reports, err := cli.ParseWanted(pf.Reports, report.CheckDiff)
			if err != nil {
				return err
			}
			check, done, err := c.ScanOptions(cmd, &rf, &pf, []string{""})
			if err != nil {
				return err
			}
			defer done()
			o := pipeline.DiffOptions{CheckOptions: check, OldWaivers: oldWaivers, Folders: map[string]string{}}
			var errs []error
			for _, side := range sides {
				if !cli.IsReference(side) || o.Folders[side] != "" {
					continue
				}
				f, err := df.Fetch(c.Streams, cmd, side, &rf, pipeline.DiffFiles)
				if errs = append(errs, err); err == nil {
					defer f.Close()
					o.Folders[side] = f.Dir
				}
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			r, err := pipeline.Diff(cmd.Context(), sides[0], sides[1], o)
			if err != nil {
				return err
			}
			err = c.WriteWanted(reports, func(w io.Writer, format string, o report.Options) error { return report.WriteDiff(w, format, r, o) })
			if err != nil {
				return err
			}
			if ratchet && r.Count(diff.Weaker) > 0 {
				return exitWith(cli.ExitDenied)
			}
			return nil
		},
	}
	rf.Add(cmd)
	pf.RuleFlags.Add(cmd, "strict")
	rf.AddRescan(cmd)
	rf.AddMemory(cmd)
	df.Add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&pf.Waivers, "waivers", "", "file with waivers of NEW")
	fs.StringVar(&oldWaivers, "old-waivers", "", "file with waivers of OLD (default: the file of --waivers)")
	fs.StringVar(&pf.FailOn, "fail-on", policy.FailOnNone, "weaker: exit with 1 if NEW is weaker; none: do not fail")
	fs.StringVar(&pf.Now, "now", "", "current time, to decide which waivers have expired: RFC 3339 or YYYY-MM-DD (default: the clock)")
	fs.StringArrayVar(&pf.Reports, "report", nil, "FORMAT[=FILE]: "+strings.Join(report.DiffFormats(), ", ")+"; without FILE to stdout (repeatable, default text)")
	return cmd
}
