//go:build linux

// Command tpm-unseal takes a key out of the machine's TPM 2.0, and makes one at the first
// boot.
package main

import (
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

func main() {
	u := unsealer{open: linuxtpm.Open}
	(&applet.Program{Name: "tpm-unseal", Usage: "[flags] FILE", Flags: u.flags, Run: u.run}).Main()
}

type unsealer struct {
	open func(path string) (transport.TPMCloser, error)

	device, pcrs string
	handle       uint64
	lock         int
	create       bool
	wait         time.Duration
}

func (u *unsealer) flags(fs *flag.FlagSet) {
	fs.StringVar(&u.device, "device", "/dev/tpm0", "the TPM")
	fs.StringVar(&u.pcrs, "pcrs", "7", "PCRs (SHA-256) that must be as they were when the key was made, with commas")
	fs.Uint64Var(&u.handle, "handle", 0x81018001, "place of the key in the TPM: a persistent handle of the owner, 0x81000000 to 0x817fffff")
	fs.BoolVar(&u.create, "create", false, "make a random key if the TPM has none at this place")
	fs.IntVar(&u.lock, "lock", -1, "one of -pcrs: change it afterwards, so that no program can get the key before the next boot")
	fs.DurationVar(&u.wait, "wait", time.Minute, "how long to wait for the TPM")
}

// keySize is that of a new key: AES-256 has no larger one.
const keySize = 32

func (u *unsealer) run(ctx context.Context, w io.Writer, args []string) error {
	pcrs, err := parsePCRs(u.pcrs)
	if err != nil {
		return err
	}
	switch {
	case len(args) != 1 || !filepath.IsAbs(args[0]):
		return applet.Usagef("give the absolute path of the file for the key")
	case u.handle < 0x81000000 || u.handle > 0x817fffff:
		return applet.Usagef("-handle %#x is not a persistent handle of the owner", u.handle)
	case u.lock >= 0 && !slices.Contains(pcrs, uint(u.lock)):
		return applet.Usagef("-lock %d is not one of -pcrs %s: a change of it would not lock the key", u.lock, u.pcrs)
	}
	tpm, err := u.waitFor(ctx)
	if err != nil {
		return err
	}
	defer tpm.Close()
	s := sealed{tpm: tpm, handle: uint32(u.handle), pcrs: pcrs}
	exists, err := s.exists()
	if err != nil {
		return err
	}
	if !exists {
		if !u.create {
			return fmt.Errorf("the TPM has no key at %#x (with -create, it makes one)", u.handle)
		}
		key := make([]byte, keySize)
		if _, err := rand.Read(key); err != nil {
			return err
		}
		if err := s.seal(key); err != nil {
			return err
		}
		fmt.Fprintf(w, "made a key of %d bits at %#x, for PCRs %s\n", keySize*8, u.handle, u.pcrs)
	}
	// A new key is read back too: what the TPM cannot give is not used.
	key, err := s.unseal()
	if err != nil {
		return err
	}
	defer clear(key)
	if u.lock >= 0 {
		if err := s.extend(uint(u.lock)); err != nil {
			return err
		}
	}
	if err := write(args[0], key); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s: a key of %d bytes\n", args[0], len(key))
	return nil
}

// waitFor opens the TPM: its driver can take some time after boot.
func (u *unsealer) waitFor(ctx context.Context) (transport.TPMCloser, error) {
	ctx, stop := context.WithTimeout(ctx, u.wait)
	defer stop()
	for {
		tpm, err := u.open(u.device)
		if err == nil {
			return tpm, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the TPM cannot be opened (does the machine have one, and is its driver loaded?): %w (waited %s)", err, u.wait)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// maxPCR is the last PCR of a platform.
const maxPCR = 23

func parsePCRs(text string) ([]uint, error) {
	var all []uint
	for s := range strings.SplitSeq(text, ",") {
		n, err := strconv.ParseUint(strings.TrimSpace(s), 10, 8)
		if err != nil || n > maxPCR || slices.Contains(all, uint(n)) {
			return nil, applet.Usagef("-pcrs %q: give numbers from 0 to %d, each once", text, maxPCR)
		}
		all = append(all, uint(n))
	}
	slices.Sort(all)
	return all, nil
}

// write makes the file, which only its owner can read.
func write(name string, key []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	return atomicfile.Write(name, key, 0o400)
}
