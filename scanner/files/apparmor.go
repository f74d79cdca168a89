package files

import (
	"bytes"
	"encoding/binary"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// apparmorFolder is the folder of compiled AppArmor profiles that init loads.
const apparmorFolder = "/usr/lib/seaworthy/apparmor"

// apparmor lists the profiles of all files in the folder.
func (s *Sink) apparmor() {
	for p, content := range s.kept {
		for _, name := range AppArmor(p, content.Bytes()) {
			s.strings(&s.inv.AppArmorProfiles, name)
		}
	}
	slices.Sort(s.inv.AppArmorProfiles)
	s.inv.AppArmorProfiles = slices.Compact(s.inv.AppArmorProfiles)
}

// profileStart begins a profile in a compiled file: the name of a field, its value, a
// structure, and in it a string, the name of the profile. See the kernel's
// security/apparmor/policy_unpack.c.
var profileStart = []byte("\x04\x08\x00profile\x00\x07\x05")

// AppArmor returns the names of the profiles in a file that is written to p, nil if init
// does not load it.
func AppArmor(p string, policy []byte) (names []string) {
	if path.Dir(path.Clean(p)) != apparmorFolder {
		return nil
	}
	for {
		_, rest, found := bytes.Cut(policy, profileStart)
		if !found || len(rest) < 2 {
			return names
		}
		size := int(binary.LittleEndian.Uint16(rest))
		if policy = rest[2:]; size < 2 || size > len(policy) {
			continue
		}
		name := string(policy[:size-1])
		if policy[size-1] == 0 && utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }) {
			names = append(names, name)
		}
	}
}
