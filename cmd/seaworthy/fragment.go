package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// fragmentVersion increases with each incompatible change of the JSON.
const fragmentVersion = 1

// fragmentFlags say for which kernel and for which system a fragment is.
type fragmentFlags struct {
	pack, version, format string
	files                 []string
	from                  cli.ResolveFlags
}

func (c *verbs) fragment() *cobra.Command {
	var f fragmentFlags
	cmd := &cobra.Command{
		Use:   "fragment --version VERSION",
		Short: "Print the configuration that a kernel needs to pass a policy",
		Long: `Fragment prints a part of a kernel configuration: the options with which a kernel of this
version and architecture passes the rules of a built-in pack. Each line has a comment with its
rules, reasons and sources. scripts/kconfig/merge_config.sh of the kernel merges the fragment
into a configuration. docs/kernel.md says how.

With --for, the fragment also has the options that the components of a system need, for example
for namespaces, limits and filesystems. If the policy forbids an option that a component needs,
the line is that of the policy. Fragment prints an error that names both, and ends with exit
code 1.

Exit status:
  0  done
  1  done, but the policy forbids an option that something needs
  2  usage error or malformed input
  3  failed: ` + cli.BadComponent + `
  4  verification failed: a digest, signature or lock does not match`,
		Example: `  seaworthy kernel fragment --policy hardened --version 6.12 > hardened.config
  seaworthy kernel fragment --policy strict --version 6.12 --arch arm64 --for os.yml`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runFragment(cmd, &f) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.pack, "policy", policy.DefaultPolicy, "built-in pack: "+strings.Join(decision.Packs(), ", "))
	fs.StringVar(&f.version, "version", "", "version of the kernel, for example 6.12")
	fs.StringArrayVar(&f.files, "for", nil, "os.yml whose components need options (repeatable: the files are merged)")
	cli.AddTextOrJSON(cmd, &f.format)
	f.from.Add(cmd)
	f.from.AddFormats(cmd)
	f.from.AddRescan(cmd)
	for _, name := range []string{"policy", "report", "version", "for"} {
		cli.Own(cmd, name) // only the command line chooses what is printed
	}
	return cmd
}

var kernelVersion = lazyre.New(`^[1-9]\d{0,2}\.\d{1,3}([.-][0-9A-Za-z.+~_-]{1,60})?$`)

func (c *verbs) runFragment(cmd *cobra.Command, f *fragmentFlags) error {
	if err := cli.ApplyConfig(cmd); err != nil {
		return err
	}
	if err := cli.TextOrJSON(f.format); err != nil {
		return err
	}
	if f.version == "" {
		return system.BadInput("no kernel version is given").Suggest("add --version, for example --version 6.12")
	}
	if !kernelVersion.MatchString(f.version) {
		return system.BadInput("--version %q is not a version of the kernel", f.version).Suggest("write for example 6.12 or 6.12.40")
	}
	if err := cli.CheckArch(f.from.Arch); err != nil {
		return err
	}
	rules, err := policy.PrepareFragment(f.pack)
	if err != nil {
		return err
	}
	k, err := c.fragmentFacts(cmd, f)
	if err != nil {
		return err
	}
	out, err := rules.Fragment(cmd.Context(), k)
	if err != nil {
		return err
	}
	if f.format == "json" {
		err = c.JSON(struct {
			SchemaVersion int      `json:"schemaVersion"`
			Policy        string   `json:"policy"`
			Version       string   `json:"version"`
			Arch          string   `json:"arch"`
			For           []string `json:"for"`
			*policy.Fragment
		}{fragmentVersion, f.pack, f.version, f.from.Arch, append([]string{}, f.files...), out})
	} else {
		fmt.Fprintf(c.Text, "# Linux %s for %s: what the policy %s needs%s.\n", f.version, f.from.Arch, f.pack, forWhom(f.files))
		out.WriteText(c.Text)
	}
	if err != nil || len(out.Conflicts) == 0 {
		return err
	}
	for i := range out.Conflicts {
		c.Note(out.Conflicts[i].Text())
	}
	return exitWith(1)
}

// fragmentFacts are the facts of the system of --for, or of no system, with the kernel
// that the fragment is for.
func (c *verbs) fragmentFacts(cmd *cobra.Command, f *fragmentFlags) (*facts.Facts, error) {
	k := &facts.Facts{SchemaVersion: facts.SchemaVersion, Components: []facts.Component{}}
	if len(f.files) > 0 {
		o, done, err := c.ScanOptions(cmd, &f.from, &cli.PolicyFlags{}, f.files)
		if err != nil {
			return nil, err
		}
		defer done()
		if k, err = pipeline.Facts(cmd.Context(), o); err != nil {
			return nil, err
		}
	}
	k.Arch, k.Kernel = f.from.Arch, facts.Kernel{Present: true, Version: f.version, Modules: []string{}}
	return k, nil
}

func forWhom(files []string) string {
	if len(files) == 0 {
		return ""
	}
	return ", and what the components of " + cli.Printable(strings.Join(files, ", ")) + " need"
}
