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
	}
	return errors.Join(errs...)
}

// maxVerifiedCmdline is the room that kernels have for a command line. A longer one
// would lose the root hash at its end.
const maxVerifiedCmdline = 2047

// addable returns an error if a verified format cannot add its root hash to the
// command line.
func addable(format string, os *system.OS) error {
	bad := func(text, next string) error {
		o := os.Kernel.Origin
		return system.BadInput("format %s: %s", format, text).At(system.Position{File: o.File, Line: o.Line, Column: o.Column}).Suggest("%s", next)
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
