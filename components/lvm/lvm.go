//go:build linux

// Package lvm is the program lvm-start, which switches on the logical volumes of a group,
// and makes them from empty disks.
package lvm

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	s := starter{devices: block.System, run: applet.Output}
	(&applet.Program{Name: "lvm-start", Usage: "[flags] GROUP [DEVICE...]", Flags: s.flags, Run: s.start}).Main()
}

type starter struct {
	devices block.Finder
	run     func(ctx context.Context, args ...string) (string, error)

	volumes applet.List
	create  bool
	wait    time.Duration
}

func (s *starter) flags(fs *flag.FlagSet) {
	fs.BoolVar(&s.create, "create", false, "make the group if all devices are empty")
	fs.Var(&s.volumes, "volume", "NAME=SIZE: a volume of a new group, of 512M, 20G, 50%VG or 100%FREE (repeatable)")
	fs.DurationVar(&s.wait, "wait", block.Patience, "how long to wait for each device")
}

var (
	nameRE = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}$`)
	sizeRE = regexp.MustCompile(`^([1-9][0-9]{0,9}[MGT]|[1-9][0-9]?%VG|100%VG|[1-9][0-9]?%FREE|100%FREE)$`)
)

// member is the type of a device that belongs to a group, as the package block names it.
const member = "LVM2_member"

func (s *starter) start(ctx context.Context, w io.Writer, args []string) error {
	switch {
	case len(args) == 0 || !nameRE.MatchString(args[0]):
		return applet.Usagef("give the name of the group, and the devices")
	case s.create && (len(args) == 1 || len(s.volumes) == 0):
		return applet.Usagef("-create needs devices, and at least one -volume")
	}
	for _, v := range s.volumes {
		if name, size, _ := strings.Cut(v, "="); !nameRE.MatchString(name) || !sizeRE.MatchString(size) {
			return applet.Usagef("-volume %q is not NAME=SIZE", v)
		}
	}
	group := args[0]
	if err := s.members(ctx, w, group, args[1:]); err != nil {
		return err
	}
	if _, err := s.run(ctx, "lvm", "vgchange", "--activate", "y", "--quiet", group); err != nil {
		return err
	}
	out, err := s.run(ctx, "lvm", "lvs", "--noheadings", "--options", "lv_name,lv_active", group)
	if err != nil {
		return err
	}
	var names []string
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) != 2 || f[1] != "active" {
			return fmt.Errorf("the volume %q of %s was not switched on", strings.TrimSpace(line), group)
		}
		names = append(names, "/dev/"+group+"/"+f[0])
	}
	if len(names) == 0 {
		return fmt.Errorf("the group %s has no volume", group)
	}
	fmt.Fprintf(w, "%s\n", strings.Join(names, " "))
	return nil
}

// members waits for the devices, and makes the group if all of them are empty.
func (s *starter) members(ctx context.Context, w io.Writer, group string, specs []string) error {
	var fresh []string
	for _, spec := range specs {
		d, err := s.devices.Wait(ctx, spec, s.wait)
		if err != nil {
			return err
		}
		c, err := d.Content()
		if err != nil {
			return err
		}
		if c.Type == member {
			continue
		}
		if err := d.MustBeEmpty(); err != nil {
			return err
		}
		fresh = append(fresh, d.Path)
	}
	switch {
	case len(fresh) == 0:
		return nil
	case len(fresh) < len(specs):
		return fmt.Errorf("%s is empty, and other devices have a group: add it by hand (vgextend)", strings.Join(fresh, ", "))
	case !s.create:
		return errors.New("the devices are empty (with -create, the group is made)")
	}
	for _, command := range s.commands(group, fresh) {
		if _, err := s.run(ctx, command...); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%s: made from %s\n", group, strings.Join(fresh, " "))
	return nil
}

// commands make the group and its volumes.
func (s *starter) commands(group string, paths []string) [][]string {
	all := [][]string{
		slices.Concat([]string{"lvm", "pvcreate", "--quiet"}, paths),
		slices.Concat([]string{"lvm", "vgcreate", "--quiet", group}, paths),
	}
	for _, v := range s.volumes {
		name, size, _ := strings.Cut(v, "=")
		how := "--size"
		if strings.Contains(size, "%") {
			how = "--extents"
		}
		all = append(all, []string{"lvm", "lvcreate", "--quiet", "--yes", "--wipesignatures", "n", "--name", name, how, size, group})
	}
	return all
}
