//go:build linux

// Package mount is the program mount, which mounts a file system where the system and
// its services see it.
package mount

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/components/block"
)

// Main runs the program.
func Main() {
	var label, device, typ, options string
	var wait time.Duration
	(&applet.Program{Name: "mount", Usage: "[flags] [DEVICE] FOLDER",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&label, "label", "", "the label of the file system; the same as DEVICE LABEL=VALUE")
			fs.StringVar(&device, "device", "", "the same as DEVICE")
			fs.StringVar(&typ, "type", "", "the file system (default: as found on the device)")
			fs.StringVar(&options, "options", "nosuid,nodev,noexec,noatime", "mount options, with commas")
			fs.DurationVar(&wait, "wait", block.Patience, "how long to wait for the device")
		},
		Run: func(ctx context.Context, w io.Writer, args []string) error {
			spec, folder, err := arguments(label, device, args)
			if err != nil {
				return err
			}
			flags, data, err := parse(options)
			if err != nil {
				return err
			}
			return run(ctx, w, spec, folder, typ, flags, data, wait)
		}}).Main()
}

// arguments gives the device and the folder.
func arguments(label, device string, args []string) (spec, folder string, err error) {
	var specs []string
	if label != "" {
		specs = append(specs, "LABEL="+label)
	}
	if device != "" {
		specs = append(specs, device)
	}
	if len(args) == 2 {
		specs = append(specs, args[0])
		args = args[1:]
	}
	switch {
	case len(args) != 1 || len(specs) != 1:
		return "", "", applet.Usagef("give one device and one folder")
	case !filepath.IsAbs(args[0]) || filepath.Clean(args[0]) != args[0] || args[0] == "/":
		return "", "", applet.Usagef("%q is not an absolute path of a folder", args[0])
	}
	return specs[0], args[0], nil
}

// flags of mount(2) by their names. An option that clears a flag is missing: none is
// set unless it is named.
var flags = map[string]uintptr{
	"ro": unix.MS_RDONLY, "nosuid": unix.MS_NOSUID, "nodev": unix.MS_NODEV, "noexec": unix.MS_NOEXEC, "sync": unix.MS_SYNCHRONOUS,
	"dirsync": unix.MS_DIRSYNC, "noatime": unix.MS_NOATIME, "nodiratime": unix.MS_NODIRATIME, "relatime": unix.MS_RELATIME,
	"strictatime": unix.MS_STRICTATIME, "lazytime": unix.MS_LAZYTIME,
}

// known are options without a flag.
var known = []string{"rw", "suid", "dev", "exec", "async", "atime", "diratime", "defaults"}

// other are options that the program does not do.
var other = []string{"bind", "rbind", "remount", "move", "shared", "rshared", "private", "rprivate", "slave", "rslave"}

func parse(options string) (set uintptr, data string, err error) {
	var rest []string
	for o := range strings.SplitSeq(options, ",") {
		f, ok := flags[o]
		switch {
		case ok:
			set |= f
		case slices.Contains(other, o):
			return 0, "", applet.Usagef("the option %q is not possible here: it mounts no device", o)
		case o != "" && !slices.Contains(known, o):
			rest = append(rest, o) // the file system refuses what it does not know
		}
	}
	return set, strings.Join(rest, ","), nil
}

func run(ctx context.Context, w io.Writer, spec, folder, typ string, flags uintptr, data string, wait time.Duration) error {
	d, err := block.System.Wait(ctx, spec, wait)
	if err != nil {
		return err
	}
	if typ == "" {
		c, err := d.Content()
		if err != nil {
			return err
		}
		if typ = c.Type; typ == "" {
			return fmt.Errorf("%s: no file system was recognised: format the device, or give -type", d.Path)
		}
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := shared(folder); err != nil {
		return err
	}
	if err := unix.Mount(d.Path, folder, typ, flags, data); err != nil {
		hint := ""
		if errors.Is(err, unix.ENODEV) {
			hint = fmt.Sprintf(": the kernel does not have %s; load its module before", typ)
		}
		return fmt.Errorf("cannot mount %s (%s) on %s: %w%s", d.Path, typ, folder, err, hint)
	}
	fmt.Fprintf(w, "%s (%s) on %s\n", d.Path, typ, folder)
	return nil
}

// shared is an error if the folder is not in a mount that the system shares with this
// container: no other process would see the new mount.
func shared(folder string) error {
	b, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	if !sharedIn(string(b), folder) {
		return fmt.Errorf("%s is not in a folder that the system shares with this container: add a bind such as /var:/var:rw,rshared, and rootfsPropagation: shared", folder)
	}
	return nil
}

// sharedIn finds the last of the innermost mounts above folder in a mountinfo, and
// reports whether it is shared.
func sharedIn(mountinfo, folder string) bool {
	best, isShared := "", false
	for line := range strings.Lines(mountinfo) {
		f := strings.Fields(line)
		if len(f) < 7 {
			continue
		}
		at := strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(f[4])
		if at != folder && at != "/" && !strings.HasPrefix(folder, at+"/") || len(at) < len(best) {
			continue
		}
		best, isShared = at, strings.HasPrefix(f[6], "shared:")
	}
	return isShared
}
