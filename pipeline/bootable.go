package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// bootable returns an error for each format that needs a part which the system does
// not have, or a command line that it cannot use.
func bootable(os *system.OS, formats []string) error {
	var errs []error
	for _, name := range formats {
		f, _ := image.Find(name)
		if f.NeedsKernel && os.Kernel.Component == nil {
			others := image.Formats(func(f image.Format) bool { return !f.NeedsKernel })
			errs = append(errs, system.BadInput("format %s: system %s has no kernel", name, os.Name).
				Suggest("add a kernel section, or use --format %s", strings.Join(others, " or ")))
		} else if f.Verified {
			errs = append(errs, addable(name, os))
		}
		if _, asked := dataVolume(os); asked && !f.OwnDisk {
			others := image.Formats(func(f image.Format) bool { return f.OwnDisk })
			errs = append(errs, atCmdline(os, "format %s: seaworthy.data= asks for a data partition, and the format has no disk for it", name).
				Suggest("use --format %s, or remove seaworthy.data= from kernel.cmdline", strings.Join(others, " or ")))
		}
	}
	return errors.Join(append(errs, checkData(os))...)
}

// dataVolume is the volume that the command line keeps on a data partition: the value of
// seaworthy.data=, and whether it is there.
func dataVolume(os *system.OS) (name string, asked bool) {
	for _, p := range scanner.Cmdline(os.Kernel.Cmdline) {
		if p.Name == "seaworthy.data" {
			name, asked = "", true
			if p.Value != nil {
				name = *p.Value
			}
		}
	}
	return name, asked
}

// checkData requires that the volume exists, and can be written.
func checkData(os *system.OS) error {
	name, asked := dataVolume(os)
	if !asked {
		return nil
	}
	for _, c := range os.InSection(system.SectionVolumes) {
		if c.Name == name && !c.ReadOnly {
			return nil
		}
	}
	return atCmdline(os, "seaworthy.data=%s: the system has no volume of this name that can be written", name).
		Suggest("add it: volumes: [{name: data}], and write seaworthy.data=data")
}

// atCmdline is an error at the command line in os.yml.
func atCmdline(os *system.OS, format string, args ...any) *system.Error {
	o := os.Kernel.Origin
	return system.BadInput(format, args...).At(system.Position{File: o.File, Line: o.Line, Column: o.Column})
}

// maxVerifiedCmdline is the room that kernels have for a command line. A longer one
// would lose the root hash at its end.
const maxVerifiedCmdline = 2047

// addable returns an error if a verified format cannot add its root hash to the
// command line.
func addable(format string, os *system.OS) error {
	bad := func(text, next string) error {
		return atCmdline(os, "format %s: %s", format, text).Suggest("%s", next)
	}
	const name = "roothash"
	if slices.ContainsFunc(scanner.Cmdline(os.Kernel.Cmdline), func(p facts.Param) bool { return p.Name == name }) {
		return bad("kernel.cmdline has roothash=, which the format adds itself", "remove roothash= from kernel.cmdline")
	}
	with := image.WithParameters(os.Kernel.Cmdline, name+"="+strings.Repeat("0", 64))
	params := scanner.Cmdline(with)
	if len(params) == 0 || params[len(params)-1].Name != name {
		return bad(`the root hash cannot be added to kernel.cmdline: it has "--" or an open quote`, `remove "--" and what follows, and close the quotes`)
	}
	if len(with) > maxVerifiedCmdline {
		return bad(fmt.Sprintf("kernel.cmdline and the root hash have %d bytes, and kernels have room for %d", len(with), maxVerifiedCmdline), "shorten kernel.cmdline")
	}
	return nil
}
