//go:build linux

// Package machineid is the program machine-id, which gives the system its machine id
// (machine-id(5)) at boot.
package machineid

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/components/applet"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
)

// Main runs the program.
func Main() {
	var m maker
	(&applet.Program{Name: "machine-id", Usage: "[flags]", FlagsOnly: true, Flags: m.flags, Run: m.run}).Main()
}

type maker struct{ keep, product, out string }

func (m *maker) flags(fs *flag.FlagSet) {
	fs.StringVar(&m.keep, "keep", "", "file on a disk that keeps the id; without it, a machine without an id of its own gets a new one at each boot")
	fs.StringVar(&m.product, "product", "/sys/class/dmi/id/product_uuid", "the id that the hypervisor gave the machine, used for a new id; \"\" for a random one")
	fs.StringVar(&m.out, "out", "/run/config/machine-id", "where to write the id")
}

// errInvalid is an id that machine-id(5) does not allow.
var errInvalid = errors.New("not 32 hexadecimal digits, or all zero")

// parse reads an id, or a UUID with hyphens.
func parse(text string) (string, error) {
	s := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(text), "-", ""))
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 16 || strings.Trim(s, "0") == "" || strings.Trim(s, "f") == "" {
		return "", fmt.Errorf("%.80q: %w", text, errInvalid)
	}
	return s, nil
}

func read(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return "", err
	}
	id, err := parse(string(b))
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return id, nil
}

func (m *maker) run(_ context.Context, w io.Writer, _ []string) error {
	id, from, err := m.choose()
	if err != nil {
		return err
	}
	if m.keep != "" && from != m.keep {
		if err := write(m.keep, id); err != nil {
			return err
		}
	}
	if err := write(m.out, id); err != nil {
		return err
	}
	// The id itself is not printed: it is a secret of the machine (machine-id(5)).
	fmt.Fprintf(w, "%s (from %s)\n", m.out, from)
	return nil
}

// choose gives the kept id, else that of the hypervisor, else a new one.
func (m *maker) choose() (id, from string, err error) {
	if m.keep != "" {
		id, err := read(m.keep)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return id, m.keep, err
		}
	}
	if m.product != "" {
		// Many machines have an id that is not one, such as all zeros.
		if id, err := read(m.product); err == nil {
			return id, m.product, nil
		}
	}
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", "", err
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80 // a UUID of version 4
	return hex.EncodeToString(b), "the kernel's random numbers", nil
}

// write writes an id to a file, and makes its folder.
func write(name, id string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return atomicfile.WriteSynced(name, []byte(id+"\n"), 0o444)
}
