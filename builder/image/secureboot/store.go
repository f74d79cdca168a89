package secureboot

import (
	"bytes"
	"encoding/binary"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// MaxTemplate is the largest variable store that is read. QEMU's for arm64 has
// 64 MiB, most of it empty.
const MaxTemplate = 64 << 20

// The headers of a variable store, and of a variable in it.
const (
	storeHeader    = 28
	variableHeader = 60
	storeFormatted = 0x5a
	storeHealthy   = 0xfe
	variableAdded  = 0x3f
)

// VariableStore is a copy of a store of QEMU's firmware (OVMF_VARS_4M.fd; for
// arm64 AAVMF_VARS.snakeoil.fd) that has these variables, dated at, and no
// others. Secure Boot is on in it. Equal inputs give equal bytes.
func VariableStore(template []byte, vars []Variable, at time.Time) ([]byte, error) {
	begin, end, err := storeArea(template)
	if err != nil {
		return nil, system.Unusable("the template of the variable store is not usable").Because(err).
			Suggest("use OVMF_VARS_4M.fd of Debian's package ovmf, or AAVMF_VARS.snakeoil.fd of qemu-efi-aarch64")
	}
	if err := checkTime(at); err != nil {
		return nil, err
	}
	var area []byte
	for _, v := range vars {
		area = appendVariable(area, v, attributes, efiTime(at))
	}
	area = appendVariable(area, Variable{"SecureBootEnable", guidEnable, []byte{1}}, 3, make([]byte, 16))
	if len(area) > end-begin {
		return nil, system.BadInput("the variables have %d bytes, and the store has room for %d", len(area), end-begin).Suggest("revoke fewer images")
	}
	out := bytes.Clone(template)
	copy(out[begin:end], bytes.Repeat([]byte{0xff}, end-begin))
	copy(out[begin:], area)
	return out, nil
}

// appendVariable adds a variable: its header, name and data, filled up to 4.
func appendVariable(area []byte, v Variable, attr uint32, stamp []byte) []byte {
	le := binary.LittleEndian
	name := append(utf16Bytes(v.Name), 0, 0)
	h := le.AppendUint16(nil, 0x55aa)
	h = append(h, variableAdded, 0)
	h = le.AppendUint32(h, attr)
	h = le.AppendUint64(h, 0)
	h = append(h, stamp...)
	h = le.AppendUint32(h, 0)
	h = le.AppendUint32(h, uint32(len(name)))
	h = le.AppendUint32(h, uint32(len(v.Data)))
	h = append(h, v.GUID[:]...)
	area = append(append(append(area, h...), name...), v.Data...)
	for len(area)%4 != 0 {
		area = append(area, 0xff)
	}
	return area
}

// errTemplate says what a template is not.
type errTemplate string

func (e errTemplate) Error() string { return string(e) }

// storeArea finds where the variables of a store are: behind the header of its
// firmware volume, and the header of the store.
func storeArea(b []byte) (begin, end int, err error) {
	const volumeHeader = 72
	le := binary.LittleEndian
	if len(b) > MaxTemplate {
		return 0, 0, errTemplate("it is larger than 64 MiB")
	}
	if len(b) < volumeHeader+storeHeader || string(b[40:44]) != "_FVH" || !bytes.Equal(b[16:32], guidSystemNV[:]) {
		return 0, 0, errTemplate("it does not begin with a firmware volume for variables")
	}
	header := int(le.Uint16(b[48:]))
	if header < volumeHeader || header%4 != 0 || header+storeHeader > len(b) {
		return 0, 0, errTemplate("the header of its firmware volume has a wrong length")
	}
	var sum uint16
	for i := 0; i < header; i += 2 {
		sum += le.Uint16(b[i:])
	}
	if sum != 0 {
		return 0, 0, errTemplate("the checksum of its firmware volume is wrong")
	}
	store := b[header:]
	if !bytes.Equal(store[:16], guidAuthVariables[:]) || store[20] != storeFormatted || store[21] != storeHealthy {
		return 0, 0, errTemplate("it is not a healthy store of signed variables")
	}
	size := int64(le.Uint32(store[16:]))
	if size < storeHeader || int64(header)+size > int64(len(b)) || uint64(header)+uint64(size) > le.Uint64(b[32:]) {
		return 0, 0, errTemplate("its variables are longer than the store")
	}
	return header + storeHeader, header + int(size), nil
}

// CheckStore requires that firmware with this variable store enforces Secure Boot:
// a PK is enrolled, and Secure Boot is not turned off. Firmware would replace a
// damaged store, and then start anything.
func CheckStore(store []byte) error {
	begin, end, err := storeArea(store)
	if err != nil {
		return system.BadInput("it is not a variable store").Because(err).Suggest("make a store with: seaworthy key generate --secure-boot")
	}
	enrolled, off := false, false
	area := store[begin:end]
	for len(area) >= variableHeader && area[0] == 0xaa && area[1] == 0x55 {
		nameSize, dataSize := int64(binary.LittleEndian.Uint32(area[36:])), int64(binary.LittleEndian.Uint32(area[40:]))
		size := variableHeader + nameSize + dataSize
		if size > int64(len(area)) {
			break
		}
		name, data := area[variableHeader:variableHeader+nameSize], area[variableHeader+nameSize:size]
		if area[2] == variableAdded {
			switch string(name) {
			case string(utf16Bytes("PK\x00")):
				enrolled = enrolled || dataSize > 0
			case string(utf16Bytes("SecureBootEnable\x00")):
				off = off || dataSize == 1 && data[0] == 0
			}
		}
		area = area[min((size+3)&^3, int64(len(area))):]
	}
	switch {
	case !enrolled:
		return system.BadInput("no platform key (PK) is enrolled in the variable store: the firmware would start anything").Suggest("make a store with: seaworthy key generate --secure-boot")
	case off:
		return system.BadInput("Secure Boot is turned off in the variable store: the firmware would start anything").Suggest("make a store with: seaworthy key generate --secure-boot")
	}
	return nil
}
