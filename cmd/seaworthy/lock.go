package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

func (c *cli) lock() *cobra.Command {
	var rf resolveFlags
	var pf policyFlags
	cmd := &cobra.Command{
		Use:   "lock OS.yml...",
		Short: "Pin every input of a system by digest",
		Long: `Lock writes STEM.lock.json beside the first file: the digest of every component, of the
kernel's configuration and of the policy. With --locked, check and build take exactly
these, or fail. The builder's version stands there as a record.

` + exitHelp,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, files []string) error {
			if err := settle(cmd); err != nil {
				return err
			}
			if rf.locked {
				return usageError("lock writes the lock; it cannot be --locked", "")
			}
			if len(pf.reports) > 0 {
				return usageError("lock makes no report", "use seaworthy check --locked")
			}
			o, err := c.checkOptions(&rf, &pf, files)
			if err != nil {
				return err
			}
			progress := o.Progress
			o.Progress = func(s pipeline.Step, detail string) {
				if s != pipeline.Decide { // lock decides for the digests; its verdict is nobody's business here
					progress(s, detail)
				}
			}
			lock, err := pipeline.Lock(cmd.Context(), o, version())
			if err != nil {
				return err
			}
			data, err := lock.Encode()
			if err != nil {
				return err
			}
			path := builder.LockPath(files[0])
			err = writeWhole(path, func(w io.Writer) error { _, err := w.Write(data); return err })
			if err != nil {
				return errors.Join(fmt.Errorf("lock %s", path), err)
			}
			fmt.Fprintf(c.err, "seaworthy: %s pins %d components\n", path, len(lock.Components))
			return nil
		},
	}
	rf.add(cmd)
	pf.add(cmd)
	return cmd
}
