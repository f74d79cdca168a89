//go:build linux

// Package mdraid is the program mdraid, which joins disks to one.
package mdraid

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	a := assembler{devices: block.System, run: applet.Command}
	(&applet.Program{Name: "mdraid", Usage: "[flags] mdN DEVICE...", Flags: a.flags, Run: a.assemble}).Main()
}

type assembler struct {
	devices block.Finder
	run     func(ctx context.Context, args ...string) error

	level            string
	create, degraded bool
	wait             time.Duration
}

func (a *assembler) flags(fs *flag.FlagSet) {
	fs.BoolVar(&a.create, "create", false, "make the array if all devices are empty")
	fs.StringVar(&a.level, "level", "1", "level of a new array: "+strings.Join(levels, ", "))
	fs.BoolVar(&a.degraded, "degraded", false, "start an array although a device is missing")
	fs.DurationVar(&a.wait, "wait", block.Patience, "how long to wait for each device")
}

var levels = []string{"0", "1", "4", "5", "6", "10"}

// leastDevices are those that mdadm takes for a level.
var leastDevices = map[string]int{"0": 2, "1": 2, "4": 3, "5": 3, "6": 4, "10": 2}

var nameRE = regexp.MustCompile(`^md[0-9]{1,3}$`)

// member is the type of a device that belongs to an array, as the package block names it.
const member = "linux_raid_member"

func (a *assembler) assemble(ctx context.Context, w io.Writer, args []string) error {
	switch {
	case len(args) < 2 || !nameRE.MatchString(args[0]):
		return applet.Usagef("give a name such as md0, and the devices")
	case !slices.Contains(levels, a.level):
		return applet.Usagef("-level %q is not one of %s", a.level, strings.Join(levels, ", "))
	case len(args)-1 < leastDevices[a.level]:
		return applet.Usagef("an array of level %s has at least %d devices", a.level, leastDevices[a.level])
	}
	array := filepath.Join(a.devices.Dev, args[0])
	if d, err := a.devices.Find(array); err == nil {
		fmt.Fprintf(w, "%s runs already, %d MiB\n", array, d.Size>>20)
		return nil
	}
	paths, empty, err := a.members(ctx, w, args[1:])
	if err != nil {
		return err
	}
	command := []string{"mdadm", "--assemble", array}
	switch {
	case empty && !a.create:
		return fmt.Errorf("the devices are empty: there is no array %s (with -create, it is made)", array)
	case empty:
		command = []string{"mdadm", "--create", array, "--run", "--metadata=1.2", "--homehost=any", "--name=" + args[0], "--level=" + a.level,
			"--raid-devices=" + strconv.Itoa(len(paths))}
		if a.level != "0" { // after a crash, only what was written is compared
			command = append(command, "--bitmap=internal")
		}
	case a.degraded:
		command = append(command, "--run")
	default:
		command = append(command, "--no-degraded")
	}
	if err := a.run(ctx, append(command, paths...)...); err != nil {
		return err
	}
	d, err := a.devices.Wait(ctx, array, a.wait)
	if err != nil {
		return err
	}
	verb := "assembled"
	if empty {
		verb = "made"
	}
	fmt.Fprintf(w, "%s: %s from %s, %d MiB\n", array, verb, strings.Join(paths, " "), d.Size>>20)
	return nil
}

// members finds the devices. Either all are empty, or all of them belong to an array.
func (a *assembler) members(ctx context.Context, w io.Writer, specs []string) (paths []string, empty bool, err error) {
	var fresh []string
	for _, spec := range specs {
		d, err := a.devices.Wait(ctx, spec, a.wait)
		if err != nil && a.degraded && ctx.Err() == nil {
			fmt.Fprintf(w, "%s is missing: %v\n", spec, err)
			continue
		}
		if err != nil {
			return nil, false, err
		}
		c, err := d.Content()
		if err != nil {
			return nil, false, err
		}
		if c.Type != member {
			if err := d.MustBeEmpty(); err != nil {
				return nil, false, err
			}
			fresh = append(fresh, d.Path)
			continue
		}
		paths = append(paths, d.Path)
	}
	switch {
	case len(fresh) == len(specs):
		return fresh, true, nil
	case len(fresh) > 0:
		return nil, false, fmt.Errorf("%s has no part of an array, and other devices do: add it by hand (mdadm --add)", strings.Join(fresh, ", "))
	case len(paths) == 0:
		return nil, false, errors.New("there is no device of the array")
	}
	return paths, false, nil
}
