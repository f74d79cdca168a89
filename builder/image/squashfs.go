package image

import (
	"archive/tar"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// SquashfsEnding is the ending of a root that a virtual machine gets as a disk.
const SquashfsEnding = "-squashfs.img"

// mksquashfsTool makes the root of verified formats.
var mksquashfsTool = Tool{Name: "mksquashfs", Package: "squashfs-tools"}

// squashfsFormat has LinuxKit's name.
var squashfsFormat = verifiedFormat("kernel+squashfs", rootKind{ending: SquashfsEnding, mark: initMark, start: startSquashfs,
	options: []rootOption{{"CONFIG_SQUASHFS", "squashfs"}, {"CONFIG_SQUASHFS_ZSTD", ""}}, needs: []Tool{mksquashfsTool}, xattrs: true})

// squashfs is a root that mksquashfs writes: the tree goes as a tar into the program.
type squashfs struct {
	image *os.File
	run   *running
	tar   *tarWriter
}

func startSquashfs(o Options, image *os.File) (rootWriter, error) {
	if sec := o.Time.Unix(); sec < 0 || sec > 1<<32-1 {
		return nil, system.BadInput("a squashfs cannot store the time %s", o.Time).Suggest("set SOURCE_DATE_EPOCH to 0 or more")
	}
	run, err := startMksquashfs(o, image.Name())
	if err != nil {
		return nil, err
	}
	return &squashfs{image: image, run: run, tar: &tarWriter{o: o, tw: tar.NewWriter(run)}}, nil
}

// squashfsLevel is the level of zstd: 1 for large systems, 3 for others. The default of
// mksquashfs, 15, takes 25 times as long as 3, and several times as long as the rest of
// a build, for a file that is 8 % smaller.
func (o Options) squashfsLevel() string {
	if o.Thorough {
		return "3"
	}
	return "1"
}

// startMksquashfs starts the program. Its memory does not depend on the machine. Its
// output depends on the tar alone: all times are given, and it gives the same bytes on
// any number of cores.
func startMksquashfs(o Options, out string) (*running, error) {
	tool, err := o.Tools.Find(mksquashfsTool)
	if err != nil {
		return nil, err
	}
	if out, err = filepath.Abs(out); err != nil {
		return nil, err
	}
	sec := fmt.Sprint(o.Time.Unix())
	return start(mksquashfsTool, tool, "-", out, "-tar", "-noappend", "-no-recovery", "-no-progress", "-quiet", "-exit-on-error",
		"-reproducible", "-mem", "128M", "-comp", "zstd", "-Xcompression-level", o.squashfsLevel(), "-b", "131072", "-xattrs", "-no-exports", "-mkfs-time", sec, "-all-time", sec, "-root-time", sec,
		"-root-mode", "755", "-root-uid", "0", "-root-gid", "0")
}

func (s *squashfs) Entry(e *system.RootEntry) (io.WriteCloser, error) {
	return s.tar.Entry(storable(e))
}

func (s *squashfs) Close() (int64, error) {
	if err := s.tar.tw.Close(); err != nil {
		return 0, err
	}
	if err := s.run.Close(); err != nil {
		return 0, err
	}
	size, err := squashfsSize(s.image)
	if err != nil {
		return 0, err
	}
	return size, checkSquashfsRoot(s.image, size)
}

func (s *squashfs) abort() { s.run.kill() }

// squashfsSize is the size of the squashfs at the start of r.
func squashfsSize(r io.ReaderAt) (int64, error) {
	var b [96]byte
	if _, err := r.ReadAt(b[:], 0); err != nil || string(b[:4]) != "hsqs" {
		return 0, errors.Join(errors.New("mksquashfs did not write a squashfs"), err)
	}
	return int64(binary.LittleEndian.Uint64(b[40:])), nil
}

// checkSquashfsRoot checks that root owns the root of a squashfs. Before version 4.6,
// mksquashfs gives it to its own user if it reads a tar, whatever -root-uid says.
func checkSquashfsRoot(r io.ReaderAt, size int64) error {
	uid, gid, err := inspect.SquashfsRoot(io.NewSectionReader(r, 0, size))
	if err != nil {
		return fmt.Errorf("the squashfs of mksquashfs: %w", err)
	}
	if uid != 0 || gid != 0 {
		return system.Unusable("mksquashfs gave the root of the file system to user %d and group %d", uid, gid).
			Suggest("allow user namespaces for this user, build as root, or install squashfs-tools 4.6 or later")
	}
	return nil
}

// storable leaves out the extended attributes that a squashfs cannot store, and that
// the kernel would ignore there: access control lists.
func storable(e *system.RootEntry) *system.RootEntry {
	known := func(name string, _ string) bool {
		prefix, _, _ := strings.Cut(name, ".")
		return !slices.Contains([]string{"user", "trusted", "security"}, prefix)
	}
	out := *e
	out.Xattrs = maps.Clone(e.Xattrs)
	maps.DeleteFunc(out.Xattrs, known)
	return &out
}
