package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

func (c *verbs) component() *cobra.Command {
	cmd := &cobra.Command{Use: "component", Short: "Build component images"}
	var layout, arch, state string
	var locked, writeLock bool
	var jobs int
	build := &cobra.Command{
		Use:   "build DIR...",
		Short: "Make images from DIR/component.yml, in an OCI layout",
		Long: `Build makes a container image from Debian packages, files and Go programs. The file
component.yml describes the image. Build writes the image to an OCI layout. Equal inputs
give equal digests. An image is made again only if its recipe, files, programs or packages
have changed, or if the layout does not have it.

` + cli.ExitHelpPlain("a package cannot be fetched, or a program cannot be compiled"),
		Example: "  seaworthy component build --layout dist/components components/nginx",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			t, err := cli.SourceDate()
			if err != nil {
				return err
			}
			if jobs < 1 {
				return system.BadInput("--jobs %d: must be at least 1", jobs)
			}
			o := recipe.Options{Output: layout, Arch: arch, StateDir: state, Locked: locked, WriteLock: writeLock, Time: t,
				Progress: func(line string) { fmt.Fprintln(c.Err, "  "+cli.Printable(line)) }}
			return recipe.BuildAll(cmd.Context(), o, args, jobs, func(r *recipe.Result) {
				note := ""
				if r.Unchanged {
					note = ", unchanged"
				}
				fmt.Fprintf(c.Text, "%s@%s  %s, %.1f MB%s\n", r.Reference, r.Digest, words.Count(len(r.Packages), "package", "packages"), float64(r.Size)/1e6, note)
			})
		},
	}
	fs := build.Flags()
	fs.StringVar(&layout, "layout", "dist/components", "OCI layout to write the image to")
	fs.StringVar(&arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringVar(&state, "state-dir", "", "folder for apt's lists and packages (default: below the user's cache folder)")
	fs.IntVar(&jobs, "jobs", runtime.NumCPU(), "number of images to make at the same time")
	fs.BoolVar(&locked, "locked", false, "use exactly the packages in component.lock.json, or fail")
	fs.BoolVar(&writeLock, "write-lock", false, "write the packages that were used to component.lock.json")
	cmd.AddCommand(build)
	return cmd
}
