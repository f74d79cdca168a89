package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/manpage"
)

// man writes the manual pages. They are made from the same texts as the help. They
// contain no date and nothing about this machine.
func (c *verbs) man() *cobra.Command {
	return &cobra.Command{
		Use: "man DIR", Short: "Write the manual pages of all commands into a folder", Args: cobra.ExactArgs(1),
		Hidden: true, // for those who package the program
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o755); err != nil {
				return system.Unusable("cannot make the folder %s", args[0]).Because(err)
			}
			return manpage.Write(cmd.Root(), args[0])
		},
	}
}
