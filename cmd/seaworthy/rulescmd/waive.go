package rulescmd

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
	"github.com/seaworthy-os/seaworthy/pipeline/waive"
)

// defaultWaivers is the file that waive writes to by default.
const defaultWaivers = "waivers.yml"

// Waive makes the verb waive.
func Waive(s *cli.Streams) *cobra.Command {
	c := &verbs{s}
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	var o waive.Options
	var file string
	cmd := &cobra.Command{
		Use: "waive FINDING [OS.yml...]", Short: "Write a waiver for a finding",
		Long: `Waive adds one entry to the waiver file, and creates the file if it does not exist. The rest
of the file does not change.

Name the finding as RULE@RESOURCE. The finding must exist and must fail. Name the system's
OS.yml files: waive then checks the system. Or give a decision.json with --decision.

A waiver names its owner, its reason and its last day. It is valid to the end of that day,
UTC. When a waiver has expired, its finding denies the system again. Give the file to check
and build with --waivers.

` + cli.ExitHelpPlain(cli.BadComponent),
		Example: "  seaworthy waive CAP-003@component:services/web os.yml --owner platform --reason 'mounts disks, until OPS-12' --expires 2027-03-31",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			name, files := args[0], args[1:]
			o.Finding, o.File = name, pf.Waivers
			var err error
			if o.Now, err = cli.ParseNow(pf.Now); err != nil {
				return err
			}
			if file == "" && len(files) == 0 {
				err = system.BadInput("%q is a finding, but no system is given", name).
					Suggest("add the system's OS.yml, or give --decision dist/NAME.denied/decision.json")
			}
			if err := errors.Join(o.Check(), err, outputfile.Check(o.File)); err != nil {
				return err
			}
			if _, err := os.Stat(pf.Waivers); errors.Is(err, os.ErrNotExist) {
				pf.Waivers = ""
			}
			d, err := c.decided(cmd, &rf, &pf, nil, file, files)
			if err != nil {
				return err
			}
			release := outputfile.LockFolder(o.File)
			defer release()
			text, w, err := waive.Add(d, o)
			if err != nil {
				return err
			}
			err = outputfile.Write(o.File, func(to io.Writer) error {
				_, err := to.Write(text)
				return err
			})
			if err != nil {
				return err
			}
			what := w.Resource
			if w.Digest != "" {
				what = w.Digest
			}
			_, err = fmt.Fprintf(c.Text, "%s: %s on %s is waived until the end of %s\n", o.File, w.Rule, cli.Printable(what), w.Expires)
			return err
		},
	}
	rf.Add(cmd)
	pf.AddDecision(cmd)
	fs := cmd.Flags()
	fs.Lookup("waivers").DefValue = defaultWaivers
	pf.Waivers = defaultWaivers
	fs.StringVar(&o.Owner, "owner", "", "person or team that is responsible for the waiver")
	fs.StringVar(&o.Reason, "reason", "", "why the finding is acceptable")
	fs.StringVar(&o.Expires, "expires", "", "last day on which the waiver is valid, YYYY-MM-DD")
	fs.BoolVar(&o.ByDigest, "by-digest", false, "bind the waiver to the digest of the component's current image, not to its name")
	fs.StringVar(&file, "decision", "", "decision.json with the finding")
	return cmd
}
