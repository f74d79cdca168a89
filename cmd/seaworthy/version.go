package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

func (c *verbs) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(c.Text, "seaworthy %s %s %s/%s\n", cli.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}
