package uki

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// measured are the sections that the stub measures, in its order, and the first
// version of systemd that does. A section of another version is not measured.
var measured = []struct {
	name  string
	since int
}{
	{".linux", 252}, {".osrel", 252}, {".cmdline", 252}, {".initrd", 252}, {".ucode", 256},
	{".splash", 252}, {".dtb", 252}, {".uname", 254}, {".sbat", 254}, {".pcrpkey", 252},
}

// profiles are sections by which a stub chooses at boot what it starts: PCR 11
// then has no single value.
var profiles = []string{".profile", ".dtbauto", ".hwids", ".efifw"}

// PCR11 predicts the TPM's register 11 in its SHA-256 bank after the stub has
// started the kernel: for each section the stub extends the register by the
// digest of the name, with a 0 at its end, and by the digest of the contents.
func (i *Info) PCR11() ([sha256.Size]byte, error) {
	var pcr [sha256.Size]byte
	stub := major(i.Stub)
	if stub < 252 {
		return pcr, system.Unusable("cannot predict PCR 11: the image has the stub %q", i.Stub).Suggest("use systemd's stub, version 252 or later")
	}
	for _, name := range profiles {
		if _, ok := i.Section(name); ok {
			return pcr, system.Unusable("cannot predict PCR 11: the image has a section %s, so its stub chooses a profile at boot", name).
				Suggest("use an image without profiles")
		}
	}
	for _, m := range measured {
		s, ok := i.Section(m.name)
		if !ok || s.Size == 0 || stub < m.since {
			continue
		}
		contents, err := hex.DecodeString(digests.Hex(s.Digest))
		if err != nil || len(contents) != sha256.Size {
			return pcr, system.Unusable("cannot predict PCR 11: section %s has %q, which is not a SHA-256 digest", m.name, s.Digest)
		}
		name := sha256.Sum256([]byte(m.name + "\x00"))
		for _, digest := range [][]byte{name[:], contents} {
			pcr = sha256.Sum256(slices.Concat(pcr[:], digest))
		}
	}
	return pcr, nil
}
