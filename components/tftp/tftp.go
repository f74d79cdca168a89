//go:build linux

// Package tftp is the program tftp, a server that gives files to machines that boot from
// the network, and to switches and telephones. It only reads.
package tftp

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var address string
	var dirs applet.List
	(&applet.Program{Name: "tftp", Usage: "[flags]", FlagsOnly: true,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&address, "listen", ":69", "the UDP address")
			fs.Var(&dirs, "dir", "folder with the files (repeatable; the first that has a file gives it)")
		},
		Run: func(ctx context.Context, w io.Writer, _ []string) error {
			files, err := Open(dirs)
			if err != nil {
				return err
			}
			return Serve(ctx, w, address, files)
		}}).Main()
}

// Files are the regular files in some folders.
type Files []*os.Root

// Open opens folders.
func Open(dirs []string) (Files, error) {
	if len(dirs) == 0 {
		return nil, applet.Usagef("give -dir FOLDER")
	}
	var all Files
	for _, d := range dirs {
		root, err := os.OpenRoot(d)
		if err != nil {
			return nil, err
		}
		all = append(all, root)
	}
	return all, nil
}

// Open opens a file of the first folder that has it. No name and no link leads out of the
// folders, and only regular files are opened.
func (f Files) Open(name string) (*os.File, fs.FileInfo, error) {
	// Firmware asks for /file, or for \file.
	name = strings.TrimLeft(strings.ReplaceAll(name, `\`, "/"), "/")
	err := fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	for _, root := range f {
		st, e := root.Stat(name)
		if e == nil && !st.Mode().IsRegular() {
			e = fmt.Errorf("%q is not a regular file", name)
		}
		if e != nil {
			if !errors.Is(e, fs.ErrNotExist) {
				err = e
			}
			continue
		}
		file, e := root.Open(name)
		return file, st, e
	}
	return nil, nil, err
}
