package files

import "encoding/binary"

// aclAttribute contains an access control list, which replaces the mode
// (linux/posix_acl_xattr.h).
const aclAttribute = "system.posix_acl_access"

// others are the permissions, as in a mode, that a list gives to all users. A
// list that cannot be read gives all.
func others(acl string) uint32 {
	const version, entry, tagOther = 2, 8, 0x20
	b := []byte(acl)
	if len(b) < 4 || len(b)%entry != 4 || binary.LittleEndian.Uint32(b) != version {
		return 7
	}
	for b = b[4:]; len(b) > 0; b = b[entry:] {
		if binary.LittleEndian.Uint16(b) == tagOther {
			return uint32(binary.LittleEndian.Uint16(b[2:])) & 7
		}
	}
	return 7
}
