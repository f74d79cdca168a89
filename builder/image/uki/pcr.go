package uki

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Register is a register (PCR) of a TPM in its SHA-256 bank, and the events that give
// it its value.
type Register struct {
	PCR    int
	Events []Event
}

// Event extends a register by a digest.
type Event struct {
	// What says in words what is measured.
	What   string
	Digest [sha256.Size]byte
}

// Add adds an event.
func (r *Register) Add(what string, digest [sha256.Size]byte) {
	r.Events = append(r.Events, Event{what, digest})
}

// Value is the value of the register after all events.
func (r *Register) Value() (v [sha256.Size]byte) {
	for _, e := range r.Events {
		v = sha256.Sum256(slices.Concat(v[:], e.Digest[:]))
	}
	return v
}

// Separator is the event with which firmware ends its own measurements, before it
// starts a program (TCG PC Client Platform Firmware Profile).
var Separator = Event{"firmware: separator", sha256.Sum256(make([]byte, 4))}

// PCR4 predicts register 4, the programs that firmware starts. digest is the image's
// Digest. The prediction is for firmware that follows the TCG's profile and starts
// the image at its first attempt: a boot option that fails before it is measured
// too. The stub starts the kernel without the firmware, so the kernel is not measured
// here.
func PCR4(digest [sha256.Size]byte) Register {
	r := Register{PCR: 4}
	r.Add("firmware: attempt to start a boot option", sha256.Sum256([]byte("Calling EFI Application from Boot Option")))
	r.Events = append(r.Events, Separator)
	r.Add("Authenticode digest of the UKI", digest)
	return r
}

// pcr9Kernel is the oldest version of Linux for which PCR9 was compared with a
// machine. Old versions measure less.
var pcr9Kernel = [2]int{6, 1}

// PCR9 predicts register 9, which the kernel's EFI stub extends by the command line
// and the initrd that the image's stub gives to it.
func (i *Info) PCR9() (Register, error) {
	r := Register{PCR: 9}
	if v := release(i.Uname); v[0] < pcr9Kernel[0] || v[0] == pcr9Kernel[0] && v[1] < pcr9Kernel[1] {
		return r, system.Unusable("cannot predict PCR 9: the image has the kernel version %q", i.Uname).Suggest("use Linux 6.1 or later")
	}
	if err := i.predictable(9); err != nil {
		return r, err
	}
	// UTF-16, with the 0 at the end.
	var line []byte
	for _, u := range utf16.Encode([]rune(i.Cmdline + "\x00")) {
		line = binary.LittleEndian.AppendUint16(line, u)
	}
	r.Add("kernel: command line", sha256.Sum256(line))
	if s, ok := i.Section(".initrd"); ok && s.Size > 0 {
		d, err := s.sum()
		if err != nil {
			return r, err
		}
		r.Add("kernel: initrd", d)
	}
	return r, nil
}

// release reads the first two numbers of a kernel's version; zeros if there are none.
func release(version string) (v [2]int) {
	for n, field := range strings.SplitN(version, ".", 3) {
		end := strings.IndexFunc(field, func(r rune) bool { return r < '0' || r > '9' })
		if end < 0 {
			end = len(field)
		}
		if n < len(v) {
			v[n], _ = strconv.Atoi(field[:end])
		}
	}
	return v
}

// measured are the sections that the stub measures, in its order, and the first
// version of systemd that does. A section of another version is not measured.
var measured = []struct {
	name  string
	since int
}{
	{".linux", 252}, {".osrel", 252}, {".cmdline", 252}, {".initrd", 252}, {".ucode", 256},
	{".splash", 252}, {".dtb", 252}, {".uname", 254}, {".sbat", 254}, {".pcrpkey", 252},
}

// profiles are sections by which a stub chooses at boot what it starts: the registers
// then have no single value.
var profiles = []string{".profile", ".dtbauto", ".hwids", ".efifw"}

// predictable requires a stub whose measurements are known.
func (i *Info) predictable(pcr int) error {
	if major(i.Stub) < 252 {
		return system.Unusable("cannot predict PCR %d: the image has the stub %q", pcr, i.Stub).Suggest("use systemd's stub, version 252 or later")
	}
	for _, name := range profiles {
		if _, ok := i.Section(name); ok {
			return system.Unusable("cannot predict PCR %d: the image has a section %s, so its stub chooses a profile at boot", pcr, name).
				Suggest("use an image without profiles")
		}
	}
	return nil
}

// PCR11 predicts register 11 after the stub has started the kernel: for each section
// the stub extends the register by the digest of the name, with a 0 at its end, and
// by the digest of the contents.
func (i *Info) PCR11() (Register, error) {
	r := Register{PCR: 11}
	if err := i.predictable(11); err != nil {
		return r, err
	}
	for _, m := range measured {
		s, ok := i.Section(m.name)
		if !ok || s.Size == 0 || major(i.Stub) < m.since {
			continue
		}
		contents, err := s.sum()
		if err != nil {
			return r, err
		}
		r.Add("stub: name of section "+m.name, sha256.Sum256([]byte(m.name+"\x00")))
		r.Add("stub: section "+m.name, contents)
	}
	return r, nil
}

// sum is the digest of the section in bytes.
func (s Section) sum() ([sha256.Size]byte, error) {
	b, err := hex.DecodeString(digests.Hex(s.Digest))
	if err != nil || len(b) != sha256.Size {
		return [sha256.Size]byte{}, system.Unusable("section %s has %q, which is not a SHA-256 digest", s.Name, s.Digest)
	}
	return [sha256.Size]byte(b), nil
}
