//go:build linux

package dmcrypt

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// volume is what the device mapper must know about the data.
type volume struct {
	cipher string
	// key is hexadecimal.
	key     string
	device  string // MAJOR:MINOR
	uuid    string
	offset  int64 // where the data begins, in bytes
	size    int64
	tweak   int64 // number of the first sector in the encryption
	sector  int64
	discard bool
}

// segment is one part of the data, in the metadata of LUKS2 (its specification, section
// 3.3).
type segment struct {
	Type       string
	Offset     string
	Size       string
	IVTweak    string `json:"iv_tweak"`
	Encryption string
	SectorSize int64 `json:"sector_size"`
	Integrity  json.RawMessage
	Flags      []string
}

// cipherRE is what the kernel calls a cipher. Another text could add parameters to the
// table.
var cipherRE = regexp.MustCompile(`^[a-z0-9]+-[a-z0-9]+-[a-z0-9:()-]+$`)

// parse reads the metadata of a device of size bytes. They are not trusted: a
// person who can write to the disk can change them.
func parse(metadata []byte, size int64) (*volume, error) {
	var m struct{ Segments map[string]segment }
	if err := json.Unmarshal(metadata, &m); err != nil {
		return nil, fmt.Errorf("the metadata of LUKS2: %w", err)
	}
	s, ok := m.Segments["0"]
	if !ok || len(m.Segments) != 1 || len(s.Flags) > 0 {
		return nil, errors.New("the data has several parts: end the encryption that runs with cryptsetup reencrypt")
	}
	switch {
	case s.Type != "crypt" || !cipherRE.MatchString(s.Encryption) || strings.HasPrefix(s.Encryption, "cipher_null"):
		return nil, fmt.Errorf("the cipher %.60q is not supported", s.Encryption)
	case s.Integrity != nil:
		return nil, errors.New("data with checksums (integrity) is not supported")
	case s.SectorSize != 512 && s.SectorSize != 1024 && s.SectorSize != 2048 && s.SectorSize != 4096:
		return nil, fmt.Errorf("sectors of %d bytes are not supported", s.SectorSize)
	}
	v := &volume{cipher: s.Encryption, sector: s.SectorSize}
	var err error
	if v.offset, err = strconv.ParseInt(s.Offset, 10, 64); err != nil || v.offset < 4096 || v.offset%512 != 0 || v.offset >= size {
		return nil, fmt.Errorf("the data does not begin on the device: %.40q", s.Offset)
	}
	v.size = size - v.offset
	if s.Size != "dynamic" {
		if v.size, err = strconv.ParseInt(s.Size, 10, 64); err != nil || v.size < s.SectorSize || v.size > size-v.offset {
			return nil, fmt.Errorf("the data does not end on the device: %.40q", s.Size)
		}
	}
	if v.size -= v.size % s.SectorSize; v.size == 0 {
		return nil, errors.New("the device has no room for data")
	}
	if v.tweak, err = strconv.ParseInt(s.IVTweak, 10, 64); err != nil || v.tweak < 0 {
		return nil, fmt.Errorf("the number of the first sector is wrong: %.40q", s.IVTweak)
	}
	return v, nil
}

// table is that of the target crypt (Documentation/admin-guide/device-mapper/dm-crypt.rst).
func (v *volume) table() string {
	var options []string
	if v.discard {
		options = append(options, "allow_discards")
	}
	if v.sector != 512 {
		options = append(options, fmt.Sprintf("sector_size:%d", v.sector))
	}
	t := fmt.Sprintf("%s %s %d %s %d", v.cipher, v.key, v.tweak, v.device, v.offset/512)
	if len(options) > 0 {
		t += fmt.Sprintf(" %d %s", len(options), strings.Join(options, " "))
	}
	return t
}

// id is how cryptsetup recognises a device that it did not open itself.
func (v *volume) id(name string) string {
	return "CRYPT-LUKS2-" + strings.ReplaceAll(v.uuid, "-", "") + "-" + name
}

// ask reads a line on the console, which does not show it.
func ask(text string) ([]byte, error) {
	c, err := os.OpenFile("/dev/console", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("cannot ask for the passphrase: %w", err)
	}
	defer c.Close()
	fmt.Fprint(c, text)
	phrase, err := term.ReadPassword(int(c.Fd()))
	fmt.Fprintln(c)
	if err != nil {
		return nil, fmt.Errorf("cannot read the passphrase: %w", err)
	}
	return phrase, nil
}
