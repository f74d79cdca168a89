//go:build linux

package metadata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// sector is the unit of ISO 9660.
const sector = 2048

// Limits: a CD with settings has a few files.
const (
	maxEntries = 4096
	maxFolder  = 1 << 20
)

// isoFS reads files of an ISO 9660 image. The kernel need not mount it, so a damaged or
// hostile image meets a small program without rights, and not the kernel.
type isoFS struct {
	r     io.ReaderAt
	root  extent
	utf16 bool // Joliet
	label string
}

type extent struct {
	at, size int64
	folder   bool
}

var errNotISO = errors.New("not an ISO 9660 image")

// openISO finds the volume descriptor: that of Joliet, if there is one.
func openISO(r io.ReaderAt) (*isoFS, error) {
	var fs *isoFS
	b := make([]byte, sector)
	for n := int64(16); n < 16+32; n++ {
		if _, err := r.ReadAt(b, n*sector); err != nil {
			break
		}
		if string(b[1:6]) != "CD001" || b[0] == 255 {
			break
		}
		joliet := b[0] == 2 && b[88] == '%' && b[89] == '/' && (b[90] == '@' || b[90] == 'C' || b[90] == 'E')
		if b[0] != 1 && !joliet {
			continue
		}
		root, _, err := record(b[156:190])
		if err != nil {
			return nil, err
		}
		label := strings.TrimRight(string(b[40:72]), " \x00")
		if fs != nil {
			label = fs.label
		}
		fs = &isoFS{r: r, root: root, utf16: joliet, label: label}
	}
	if fs == nil {
		return nil, errNotISO
	}
	return fs, nil
}

// record reads the fixed part of a directory record, and returns the bytes behind it.
func record(b []byte) (extent, []byte, error) {
	if len(b) < 34 || int(b[0]) > len(b) || b[0] < 34 || 33+int(b[32]) > int(b[0]) {
		return extent{}, nil, errors.New("the ISO image has a damaged folder")
	}
	e := extent{at: int64(binary.LittleEndian.Uint32(b[2:])) * sector, size: int64(binary.LittleEndian.Uint32(b[10:])), folder: b[25]&2 != 0}
	return e, b[33:b[0]], nil
}

// list calls each for the entries of a folder.
func (f *isoFS) list(dir extent, each func(name string, e extent) bool) error {
	if !dir.folder || dir.size > maxFolder {
		return fmt.Errorf("the ISO image has a folder of %d bytes", dir.size)
	}
	data := make([]byte, dir.size)
	if _, err := f.r.ReadAt(data, dir.at); err != nil {
		return fmt.Errorf("the ISO image ends in a folder: %w", err)
	}
	for n := 0; len(data) > 0; n++ {
		if n > maxEntries {
			return fmt.Errorf("the ISO image has a folder with more than %d entries", maxEntries)
		}
		if data[0] == 0 { // the rest of the sector is empty
			skip := len(data) % sector
			if skip == 0 {
				skip = sector
			}
			data = data[skip:]
			continue
		}
		e, rest, err := record(data)
		if err != nil {
			return err
		}
		id := rest[:data[32]]
		system := rest[len(id):]
		if len(id)%2 == 0 && len(system) > 0 {
			system = system[1:] // padding
		}
		data = data[data[0]:]
		if len(id) == 1 && id[0] < 2 {
			continue // the folder itself, and the one above it
		}
		if !each(f.name(id, system), e) {
			return nil
		}
	}
	return nil
}

// name is the name in Rock Ridge, Joliet or ISO 9660.
func (f *isoFS) name(id, system []byte) string {
	if f.utf16 {
		var u []uint16
		for i := 0; i+1 < len(id); i += 2 {
			u = append(u, binary.BigEndian.Uint16(id[i:]))
		}
		return strings.TrimSuffix(string(utf16.Decode(u)), ";1")
	}
	name := ""
	for len(system) >= 4 && int(system[2]) >= 4 && int(system[2]) <= len(system) {
		if string(system[:2]) == "NM" && system[2] > 5 {
			name += string(system[5:system[2]])
		}
		system = system[system[2]:]
	}
	if name == "" {
		name = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(string(id), ";1"), "."))
	}
	return name
}

// file reads a file. Names are compared without regard to case: without Rock Ridge and
// Joliet, all names are in capitals, with "_" for "-".
func (f *isoFS) file(path string, limit int64) ([]byte, error) {
	at := f.root
	for part := range strings.SplitSeq(path, "/") {
		found := false
		err := f.list(at, func(name string, e extent) bool {
			if strings.EqualFold(strings.ReplaceAll(strings.TrimSuffix(name, "."), "_", "-"), strings.ReplaceAll(part, "_", "-")) {
				at, found = e, true
			}
			return !found
		})
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, fmt.Errorf("%s: %w", path, errMissing)
		}
	}
	if at.folder {
		return nil, fmt.Errorf("%s is a folder", path)
	}
	if at.size > limit {
		return nil, fmt.Errorf("%s: %d bytes, more than %d", path, at.size, limit)
	}
	b := make([]byte, at.size)
	if n, err := f.r.ReadAt(b, at.at); n < len(b) {
		return nil, fmt.Errorf("%s: the ISO image ends in the file: %w", path, err)
	}
	return b, nil
}

// fromISO reads NoCloud (a CD named cidata) or OpenStack (a CD named config-2).
func fromISO(r io.ReaderAt, want string) (*Settings, error) {
	f, err := openISO(r)
	if err != nil {
		return nil, err
	}
	if !strings.EqualFold(f.label, want) {
		return nil, fmt.Errorf("it is named %.32q, not %q", f.label, want)
	}
	names := map[string][2]string{
		labelNoCloud: {"meta-data", "user-data"}, labelOpenStack: {"openstack/latest/meta_data.json", "openstack/latest/user_data"}}[want]
	meta, err := f.file(names[0], maxMetaData)
	if err != nil {
		return nil, err
	}
	user, err := f.file(names[1], maxUserData)
	if err != nil && !errors.Is(err, errMissing) {
		return nil, err
	}
	s := &Settings{}
	if want == labelNoCloud {
		return s, s.noCloud(meta, user)
	}
	return s, s.openStack(meta, user)
}

// The names of CDs with settings.
const (
	labelNoCloud   = "cidata"
	labelOpenStack = "config-2"
)
