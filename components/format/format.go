//go:build linux

// Package format is the program format, which makes a file system on a device that is
// empty. It overwrites data only with the flag that asks for it.
package format

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// types are the file systems that can be made, with the program that does it and its
// arguments.
var types = map[string][]string{
	"ext4": {"mke2fs", "-q", "-F", "-t", "ext4"},
	"ext3": {"mke2fs", "-q", "-F", "-t", "ext3"},
	"ext2": {"mke2fs", "-q", "-F", "-t", "ext2"},
}

// maxLabel is the longest label of ext2, ext3 and ext4.
const maxLabel = 16

// sizeRE is how mke2fs takes a size; without a letter, it would count blocks.
var sizeRE = regexp.MustCompile(`^[1-9][0-9]{0,8}[MGT]$`)

var ownerRE = regexp.MustCompile(`^[0-9]{1,9}:[0-9]{1,9}$`)

// Main runs the program.
func Main() {
	f := formatter{devices: block.System, run: applet.Command}
	(&applet.Program{Name: "format", Usage: "[flags] [DEVICE]", Flags: f.flags, Run: f.format}).Main()
}

type formatter struct {
	devices block.Finder
	run     func(ctx context.Context, args ...string) error

	label, typ, size, owner string
	force, noise            bool
	wait                    time.Duration
}

func (f *formatter) flags(fs *flag.FlagSet) {
	fs.StringVar(&f.label, "label", "", "label of the file system, at most 16 characters")
	fs.StringVar(&f.typ, "type", "ext4", "file system: ext2, ext3 or ext4")
	fs.StringVar(&f.size, "size", "", "size of the file system, such as 512M or 20G (default: the whole device)")
	fs.StringVar(&f.owner, "owner", "", "UID:GID, the owner of the top folder (default: root)")
	fs.BoolVar(&f.noise, "noise", false, "an opened dm-crypt device that is new has noise, not zeros: overwrite what is not recognised; other devices must be empty")
	fs.BoolVar(&f.force, "force", false, "overwrite what is on the device")
	fs.DurationVar(&f.wait, "wait", block.Patience, "how long to wait for the device")
}

func (f *formatter) format(ctx context.Context, w io.Writer, args []string) error {
	make, ok := types[f.typ]
	switch {
	case len(args) > 1:
		return applet.Usagef("there are %d devices, want at most one", len(args))
	case !ok:
		return applet.Usagef("unknown type %q: use ext2, ext3 or ext4", f.typ)
	case len(f.label) > maxLabel || strings.ContainsFunc(f.label, func(r rune) bool { return r <= ' ' || r > '~' }):
		return applet.Usagef("the label %q is not text of at most %d characters without spaces", f.label, maxLabel)
	case f.size != "" && !sizeRE.MatchString(f.size):
		return applet.Usagef("-size %q is not a size such as 512M or 20G", f.size)
	case f.owner != "" && !ownerRE.MatchString(f.owner):
		return applet.Usagef("-owner %q is not UID:GID in numbers", f.owner)
	case f.force && len(args) == 0:
		return applet.Usagef("-force needs the name of the device")
	}
	d, err := f.device(ctx, args)
	if err != nil {
		return err
	}
	c, err := d.Content()
	if err != nil {
		return err
	}
	// A system that has booted before has its file system already.
	if !f.force && c.Type == f.typ && c.Label == f.label {
		fmt.Fprintf(w, "%s: has %s%s already\n", d.Path, c.Type, labelled(c.Label))
		return nil
	}
	if !f.force && !(f.noise && d.Encrypted && c.Type == "") {
		if err := d.MustBeEmpty(); err != nil {
			return fmt.Errorf("%w (use -force if the data is not needed)", err)
		}
	}
	command := append([]string{}, make...)
	if f.label != "" {
		command = append(command, "-L", f.label)
	}
	if f.owner != "" {
		command = append(command, "-E", "root_owner="+f.owner)
	}
	command = append(command, d.Path)
	if f.size != "" {
		command = append(command, f.size)
	}
	if err := f.run(ctx, command...); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: made %s%s, %d MiB\n", d.Path, f.typ, labelled(f.label), d.Size>>20)
	return flush(d.Path)
}

// device is the device that is named, else the one with the label, else the only empty disk.
func (f *formatter) device(ctx context.Context, args []string) (*block.Device, error) {
	if len(args) == 1 {
		return f.devices.Wait(ctx, args[0], f.wait)
	}
	if f.label != "" {
		if d, err := f.devices.Find("LABEL=" + f.label); err == nil {
			return d, nil
		}
	}
	return f.devices.Blank()
}

func labelled(label string) string {
	if label == "" {
		return ""
	}
	return fmt.Sprintf(" with the label %q", label)
}

func flush(path string) error {
	d, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
