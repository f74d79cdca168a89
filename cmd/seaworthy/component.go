package main

import (
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/words"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

func (c *verbs) component() *cobra.Command {
	cmd := &cobra.Command{Use: "component", Short: "Build component images, and publish them"}
	cmd.AddCommand(c.componentBuild(), c.componentPush())
	return cmd
}

func (c *verbs) componentBuild() *cobra.Command {
	var sf cli.SignFlags
	var layout, arch, state string
	var locked, writeLock bool
	var jobs int
	cmd := &cobra.Command{
		Use:   "build DIR...",
		Short: "Make images from DIR/component.yml, in an OCI layout",
		Long: `Build makes a container image from Debian packages, files and Go programs. The file
component.yml describes the image. Build writes the image to an OCI layout. Equal inputs
give equal digests. An image is made again only if its recipe, files, programs or packages
have changed, or if the layout does not have it.

With --key, --signer-command or --keyless, build also signs each image, its bills of
materials and its provenance. The statements are stored beside the image in the layout, and
component push pushes them too. A trust policy can require them (docs/trust.md).

` + cli.ExitHelpPlain("a package cannot be fetched, or a program cannot be compiled"),
		Example: "  seaworthy component build --layout dist/components components/nginx\n  seaworthy component build --key seaworthy.key components/nginx",
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
			sign, err := c.optionalSigner(cmd, &sf, "component build")
			if err != nil {
				return err
			}
			how := pipeline.ComponentSigning{Layout: layout, Arch: arch, Time: t, Version: cli.Version(), Signer: sign}
			var errs []error
			o := recipe.Options{Output: layout, Arch: arch, StateDir: state, Locked: locked, WriteLock: writeLock, Time: t,
				Progress: func(line string) { fmt.Fprintln(c.Err, "  "+cli.Printable(line)) }}
			err = recipe.BuildAll(cmd.Context(), o, args, jobs, func(r *recipe.Result) {
				note := ""
				if sign != nil {
					if err := pipeline.SignComponent(cmd.Context(), how, r); err != nil {
						errs = append(errs, err)
						return
					}
					note = ", signed"
				}
				if r.Unchanged {
					note += ", unchanged"
				}
				fmt.Fprintf(c.Text, "%s@%s  %s, %.1f MB%s\n", r.Reference, r.Digest, words.Count(len(r.Packages), "package", "packages"), float64(r.Size)/1e6, note)
			})
			return errors.Join(append([]error{err}, errs...)...)
		},
	}
	sf.AddKey(cmd)
	sf.AddCertificate(cmd)
	sf.Keyless.Add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&layout, "layout", "dist/components", "OCI layout to write the image to")
	fs.StringVar(&arch, "arch", runtime.GOARCH, "architecture: amd64, arm64 or riscv64")
	fs.StringVar(&state, "state-dir", "", "folder for apt's lists and packages (default: below the user's cache folder)")
	fs.IntVar(&jobs, "jobs", runtime.NumCPU(), "number of images to make at the same time")
	fs.BoolVar(&locked, "locked", false, "use exactly the packages in component.lock.json, or fail")
	fs.BoolVar(&writeLock, "write-lock", false, "write the packages that were used to component.lock.json")
	return cmd
}

// optionalSigner opens the signer of a verb, nil if no flag names one.
func (c *verbs) optionalSigner(cmd *cobra.Command, sf *cli.SignFlags, verb string) (attest.Signer, error) {
	if len(sf.Given()) == 0 {
		return nil, sf.CheckFiles()
	}
	if err := sf.Check(verb); err != nil {
		return nil, err
	}
	return sf.Signer(cmd.Context(), c.Streams)
}

func (c *verbs) componentPush() *cobra.Command {
	var tf transferFlags
	var layout string
	cmd := &cobra.Command{
		Use:   "push NAME REFERENCE",
		Short: "Push a component image with its signatures to a registry",
		Long: `Push sends an image of a layout to a registry, under a tag, with the signatures and
statements that lie beside it. NAME is the name that component build printed. Push sends only
what the registry does not have. It prints the reference with the digest, for os.yml.

` + cli.ExitHelpPlain("the registry cannot be reached, or a file cannot be read"),
		Example: "  seaworthy component push seaworthy/nginx:1.22 registry.example.org/seaworthy/nginx:1.22",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := cli.ApplyConfig(cmd); err != nil {
				return err
			}
			o, err := tf.options(c, "component push")
			if err != nil {
				return err
			}
			done, err := publish.PushImage(cmd.Context(), layout, args[0], args[1], o)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.Err, "seaworthy: %s; %s sent\n", words.Count(done.Manifests, "manifest", "manifests"), words.Count(done.Sent, "blob was", "blobs were"))
			fmt.Fprintln(c.Text, done.Reference)
			return nil
		},
	}
	cmd.Flags().StringVar(&layout, "layout", "dist/components", "OCI layout that has the image")
	tf.add(cmd)
	return cmd
}
