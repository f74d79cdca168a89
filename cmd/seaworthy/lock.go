package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/outputfile"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
)

func (c *verbs) lock() *cobra.Command {
	var rf cli.ResolveFlags
	var pf cli.PolicyFlags
	cmd := &cobra.Command{
		Use:   "lock OS.yml...",
		Short: "Pin every input of a system by digest",
		Long: `Lock writes the digests of every component, of the kernel's configuration and of the policy
to a lock file beside the first file (os.lock.json for os.yml). With --locked, check and
build use exactly these digests, or fail. The lock also records the version of seaworthy.

Lock asks the registry for the current digest of each tag, also if the cache has the image.
With --offline, it uses the digests in the cache. If the lock file exists, lock prints what
has changed. A lock can be for several architectures: lock it once for each, with --arch.

` + cli.ExitHelpPlain(cli.BadComponent),
		Example: "  seaworthy lock os.yml\n  seaworthy check --locked os.yml",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, err := c.CheckOptions(&rf, &pf, files)
			if err != nil {
				return err
			}
			progress := o.Progress
			o.Progress = func(s pipeline.Step, detail string) {
				if s != pipeline.Decide { // lock needs the digests of a decision, and has no verdict
					progress(s, detail)
				}
			}
			lock, err := pipeline.Lock(cmd.Context(), o, cli.Version())
			if err != nil {
				return err
			}
			path := builder.LockPath(files[0])
			before, _, err := component.ReadLock(path)
			if err != nil {
				before = nil // an unreadable lock is replaced
			}
			lock.KeepArchitectures(before)
			data, err := lock.Encode()
			if err != nil {
				return err
			}
			err = outputfile.Write(path, func(w io.Writer) error { _, err := w.Write(data); return err })
			if err != nil {
				return errors.Join(fmt.Errorf("lock %s", path), err)
			}
			for _, m := range pipeline.Moves(before, lock) {
				c.Note(moveText(m))
			}
			fmt.Fprintf(c.Err, "seaworthy: %s pins %s\n", cli.Printable(path), words.Count(len(lock.Components), "component", "components"))
			return nil
		},
	}
	rf.AddInputs(cmd)
	pf.RuleFlags.Add(cmd, policy.DefaultPolicy)
	return cmd
}

// moveText describes how an input changed from one lock to the next.
func moveText(m pipeline.Move) string {
	resource := strings.TrimPrefix(m.Resource, "image:")
	switch {
	case m.Old == "":
		return "new: " + resource + " " + m.New
	case m.New == "":
		return "removed: " + resource + " " + m.Old
	}
	return "moved: " + resource + " " + m.Old + " -> " + m.New
}
