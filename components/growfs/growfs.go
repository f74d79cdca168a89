//go:build linux

// Package growfs is the program growfs, which makes a file system as large as its device.
package growfs

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
	"github.com/seaworthy-os/seaworthy/components/fsck"
)

// Main runs the program.
func Main() {
	g := grower{devices: block.System, run: applet.Output}
	(&applet.Program{Name: "growfs", Usage: "[flags] DEVICE...", Flags: g.flags, Run: g.grow}).Main()
}

type grower struct {
	devices block.Finder
	run     func(ctx context.Context, args ...string) (string, error)
	wait    time.Duration
}

func (g *grower) flags(fs *flag.FlagSet) {
	fs.DurationVar(&g.wait, "wait", block.Patience, "how long to wait for each device")
}

func (g *grower) grow(ctx context.Context, w io.Writer, args []string) error {
	if len(args) == 0 {
		return applet.Usagef("give the device")
	}
	var errs []error
	for _, spec := range args {
		if err := g.one(ctx, w, spec); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (g *grower) one(ctx context.Context, w io.Writer, spec string) error {
	d, err := g.devices.Wait(ctx, spec, g.wait)
	if err != nil {
		return err
	}
	c, err := d.Content()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(c.Type, "ext") {
		return fmt.Errorf("%s: %q cannot grow here: only ext2, ext3 and ext4 can (xfs and btrfs grow while they are mounted)", d.Path, c.Type)
	}
	before, block, err := size(d.Path)
	if err != nil {
		return err
	}
	if before > d.Size {
		return fmt.Errorf("%s: the file system has %d bytes, and the device only %d: it was made smaller, and data is lost", d.Path, before, d.Size)
	}
	if d.Size-before < block {
		fmt.Fprintf(w, "%s: %s fills the device, %d MiB\n", d.Path, c.Type, before>>20)
		return nil
	}
	// resize2fs changes only a file system that was just checked.
	if err := fsck.E2fsck(ctx, w, g.run, "-p", "-f", d.Path); err != nil {
		return err
	}
	if _, err := g.run(ctx, "resize2fs", d.Path); err != nil {
		return err
	}
	after, _, err := size(d.Path)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: %s grew from %d to %d MiB\n", d.Path, c.Type, before>>20, after>>20)
	return nil
}

// size reads the size of an ext file system and of its blocks in bytes from its superblock
// (fs/ext4/ext4.h, struct ext4_super_block).
func size(path string) (total, block int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	b := make([]byte, 1024)
	if _, err := f.ReadAt(b, 1024); err != nil {
		return 0, 0, err
	}
	shift := binary.LittleEndian.Uint32(b[24:])
	blocks := uint64(binary.LittleEndian.Uint32(b[4:]))
	if binary.LittleEndian.Uint32(b[96:])&0x80 != 0 { // 64bit
		blocks |= uint64(binary.LittleEndian.Uint32(b[336:])) << 32
	}
	if shift > 6 || blocks == 0 || blocks > 1<<46 {
		return 0, 0, fmt.Errorf("%s: the superblock is damaged: run fsck", path)
	}
	block = 1 << (10 + shift)
	return int64(blocks) * block, block, nil
}
