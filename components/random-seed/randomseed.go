//go:build linux

// Package randomseed is the program random-seed, which carries entropy from one boot to
// the next one.
package randomseed

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// size is what the kernel's generator can use.
const size = 512

// Main runs the program.
func Main() {
	s := seeder{add: add}
	(&applet.Program{Name: "random-seed", Usage: "[flags] FILE", Flags: s.flags, Run: s.run}).Main()
}

type seeder struct {
	credit, save bool
	// add gives bytes to the kernel, and counts them as entropy if credit.
	add func(seed []byte, credit bool) error
}

func (s *seeder) flags(fs *flag.FlagSet) {
	fs.BoolVar(&s.credit, "credit", false, "count the seed as entropy: only if the file is on a disk that only this system can read or copy; needs CAP_SYS_ADMIN")
	fs.BoolVar(&s.save, "save", false, "only write a new seed: for the end of the system")
}

func (s *seeder) run(_ context.Context, w io.Writer, args []string) error {
	if len(args) != 1 {
		return applet.Usagef("give the file of the seed")
	}
	name := args[0]
	old, err := read(name)
	if err != nil {
		return err
	}
	// The old seed must not be used twice. So the new one is on the disk before the
	// kernel counts the old one as entropy.
	fresh := make([]byte, size)
	if _, err := rand.Read(fresh); err != nil {
		return err
	}
	if err := write(name, fresh); err != nil {
		return err
	}
	switch {
	case s.save:
		fmt.Fprintf(w, "%s: saved %d bytes\n", name, size)
		return nil
	case old == nil:
		fmt.Fprintf(w, "%s: there was no seed; the next boot has one\n", name)
		return nil
	}
	if err := s.add(old, s.credit); err != nil {
		return fmt.Errorf("the kernel refused the seed: %w", err)
	}
	fmt.Fprintf(w, "%s: used %d bytes\n", name, len(old))
	return nil
}

// read returns nil if there is no seed, or only a part of one.
func read(name string) ([]byte, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, size)
	if _, err := io.ReadFull(f, b); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	return b, nil
}

func write(name string, seed []byte) error {
	dir := filepath.Dir(name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := atomicfile.WriteSynced(name, seed, 0o600); err != nil { // only its owner can read it
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// add gives the seed to /dev/urandom, or with credit to the ioctl RNDADDENTROPY.
func add(seed []byte, credit bool) error {
	f, err := os.OpenFile("/dev/urandom", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	if !credit {
		_, err = f.Write(seed)
		return err
	}
	pool := struct { // struct rand_pool_info
		bits, size int32
		buf        [size]byte
	}{int32(len(seed) * 8), int32(len(seed)), [size]byte(seed)}
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&pool))); errno != 0 {
		return errno
	}
	return nil
}
