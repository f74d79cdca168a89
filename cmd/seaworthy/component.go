package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

func (c *verbs) component() *cobra.Command {
	cmd := &cobra.Command{Use: "component", Short: "Build component images"}
	var layout, arch, state string
	var locked, writeLock bool
	build := &cobra.Command{
		Use:   "build DIR",
		Short: "Make an image from DIR/component.yml, in an OCI layout",
		Long: `Build makes a container image from Debian packages, files and Go programs. The file
component.yml describes the image. Build writes the image to an OCI layout. Equal inputs
give equal digests.

` + cli.ExitHelpPlain("a package cannot be fetched, or a program cannot be compiled"),
		Example: "  seaworthy component build --layout dist/components components/nginx",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			t, err := cli.SourceDate()
			if err != nil {
				return err
			}
			r, err := recipe.Build(cmd.Context(), recipe.Options{Dir: args[0], Output: layout, Arch: arch, StateDir: state,
				Locked: locked, WriteLock: writeLock, Time: t,
				Progress: func(line string) { fmt.Fprintln(c.Err, "  "+cli.Printable(line)) }})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(c.Text, "%s@%s  %s, %.1f MB\n", r.Reference, r.Digest, words.Count(len(r.Packages), "package", "packages"), float64(r.Size)/1e6)
			return err
		},
	}
	fs := build.Flags()
	fs.StringVar(&layout, "layout", "dist/components", "OCI layout to write the image to")
	fs.StringVar(&arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringVar(&state, "state-dir", "", "folder for apt's lists and packages (default: below the user's cache folder)")
	fs.BoolVar(&locked, "locked", false, "use exactly the packages in component.lock.json, or fail")
	fs.BoolVar(&writeLock, "write-lock", false, "write the packages that were used to component.lock.json")
	cmd.AddCommand(build)
	return cmd
}
