package inspect

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf16"
)

// BootEntry is an entry of a boot catalogue (El Torito).
type BootEntry struct {
	// Platform is BIOS, EFI, PowerPC or Mac.
	Platform string `json:"platform"`
	// Bootable: firmware may start it.
	Bootable bool `json:"bootable"`
	// Media is "no emulation", or the disk that the firmware emulates.
	Media string `json:"media"`
	// Start and Size in bytes.
	Start int64 `json:"start"`
	Size  int64 `json:"size"`
	// Path is the file at this place, if there is one.
	Path string `json:"path,omitempty"`
}

const isoSector = 2048

var isoKinds = []kind{{"iso", "ISO 9660 file system", func(c *content) bool { return c.at(16*isoSector+1, "CD001") }, describeISO}}

func describeISO(w *walker, it *Item, s *io.SectionReader) {
	it.FileSystem = &FileSystem{Type: "ISO 9660"}
	var root, joliet []byte
	var catalogue int64
	for i := int64(16); i < 16+32; i++ {
		b, err := read(s, i*isoSector, isoSector)
		if err != nil || string(b[1:6]) != "CD001" {
			it.problem("the list of volume descriptors is damaged")
			break
		}
		if b[0] == 255 {
			break
		}
		switch {
		case b[0] == 0 && strings.HasPrefix(string(b[7:39]), "EL TORITO SPECIFICATION"):
			catalogue = int64(binary.LittleEndian.Uint32(b[71:])) * isoSector
		case b[0] == 1 && root == nil:
			root = b[156:190]
			it.FileSystem.Label = strings.TrimRight(string(b[40:72]), " \x00")
			it.FileSystem.Size = int64(binary.LittleEndian.Uint32(b[80:])) * isoSector
		case b[0] == 2 && joliet == nil && b[88] == '%' && b[89] == '/':
			joliet = b[156:190]
		}
	}
	if it.FileSystem.Size > s.Size() {
		it.problem("the file system has %d bytes, and there are %d: it is truncated", it.FileSystem.Size, s.Size())
	}
	files := &isoFiles{s: s, at: map[int64]string{}, lists: map[string][]treeEntry{}, files: map[string]isoRecord{}}
	if root != nil {
		files.walk(w, it, root, joliet)
		w.describeTree(it, files)
	}
	if catalogue > 0 {
		describeElTorito(w, it, s, catalogue, files)
	}
	describeISOTable(it, s)
	w.verityBehind(it, s, it.FileSystem.Size)
}

// describeISOTable describes the partition table of an ISO that also boots from a
// disk. Its partitions are listed, but not looked into: they are files of the ISO.
func describeISOTable(it *Item, s *io.SectionReader) {
	c := &content{SectionReader: s, head: make([]byte, 8192)}
	if _, err := s.ReadAt(c.head, 0); err != nil || sectorSize(c) == 0 && !isMBR(c) {
		return
	}
	table := &Item{}
	describeDisk(&walker{kinds: nil, items: 0}, table, s)
	it.Table = table.Table
	for _, p := range table.Contents {
		it.Contents = append(it.Contents, &Item{Size: p.Size, Partition: p.Partition, Problems: p.Problems})
	}
	for _, p := range table.Problems {
		it.problem("%s", p)
	}
}

// isoFiles reads folders. at has the path of the file at a place.
type isoFiles struct {
	s       *io.SectionReader
	unicode bool
	at      map[int64]string
	// lists has the folders that describeTree asks for, and files its files.
	lists map[string][]treeEntry
	files map[string]isoRecord
}

func (f *isoFiles) list(path string) ([]treeEntry, error) { return f.lists[path], nil }

func (f *isoFiles) content(path string) ([]byte, error) {
	r, ok := f.files[path]
	if !ok || r.size > maxText {
		return nil, nil
	}
	return read(f.s, r.at, int(r.size))
}

// keep remembers what describeTree asks for.
func (f *isoFiles) keep(folder, path string, r isoRecord) {
	if slices.Contains(rootFolders, folder) {
		f.lists[folder] = append(f.lists[folder], treeEntry{r.name, r.folder, r.size})
	}
	if !r.folder && slices.Contains(osReleaseFiles, path) {
		f.files[path] = r
	}
}

// isoRecord is an entry of a folder.
type isoRecord struct {
	name     string
	folder   bool
	at, size int64
}

// walk lists the files. Names are those of Rock Ridge, of Joliet, or else of
// ISO 9660.
func (f *isoFiles) walk(w *walker, it *Item, root, joliet []byte) {
	type open struct {
		path     string
		at, size int64
	}
	top := f.record(root)
	if joliet != nil && !f.rockRidge(top) {
		f.unicode, top = true, f.record(joliet)
	}
	queue := []open{{"", top.at, top.size}}
	seen := map[int64]bool{top.at: true}
	for i := 0; i < len(queue); i++ {
		dir := queue[i]
		list, err := f.folder(dir.at, dir.size)
		if err != nil {
			it.problem("folder /%s: %v", dir.path, err)
			continue
		}
		for _, r := range list {
			path := strings.TrimPrefix(dir.path+"/"+r.name, "/")
			f.keep(dir.path, path, r)
			switch {
			case !r.folder:
				it.list(path, r.size)
				if it.FilesLeftOff > 0 || r.size == 0 {
					continue
				}
				f.at[r.at] = path
				if r.at+r.size > f.s.Size() {
					it.problem("file /%s ends at byte %d, and the image at %d", path, r.at+r.size, f.s.Size())
				}
				w.loaderFile(it, path, part(f.s, r.at, r.size))
			case len(queue) < maxFolders && !seen[r.at]:
				seen[r.at] = true
				queue = append(queue, open{path, r.at, r.size})
			default:
				it.problem("folder /%s is not shown", path)
			}
		}
	}
}

// rockRidge says whether the entries of a folder have names of Rock Ridge.
func (f *isoFiles) rockRidge(dir isoRecord) bool {
	b, err := read(f.s, dir.at, isoSector)
	if err != nil || b[0] < 34 {
		return false
	}
	return strings.Contains(string(b[34:b[0]]), "SP\x07\x01\xbe\xef")
}

func (f *isoFiles) folder(at, size int64) ([]isoRecord, error) {
	if size > maxFolder {
		return nil, fmt.Errorf("it has more than %d bytes", maxFolder)
	}
	b, err := read(f.s, at, int(size))
	if err != nil {
		return nil, err
	}
	var out []isoRecord
	for i := 0; i < len(b); {
		n := int(b[i])
		if n == 0 { // records do not cross sectors
			i = (i/isoSector + 1) * isoSector
			continue
		}
		if n < 34 || i+n > len(b) || 33+int(b[i+32]) > n {
			return out, fmt.Errorf("the entry at byte %d is not valid", i)
		}
		if r := f.record(b[i : i+n]); r.name != "\x00" && r.name != "\x01" {
			out = append(out, r)
		}
		i += n
	}
	return out, nil
}

func (f *isoFiles) record(b []byte) isoRecord {
	r := isoRecord{at: int64(binary.LittleEndian.Uint32(b[2:])) * isoSector, size: int64(binary.LittleEndian.Uint32(b[10:])), folder: b[25]&2 != 0}
	length := int(b[32])
	raw := b[33:min(33+length, len(b))]
	r.name = string(raw)
	if length < 2 {
		return r
	}
	if f.unicode {
		var units []uint16
		for ; len(raw) > 1; raw = raw[2:] {
			units = append(units, binary.BigEndian.Uint16(raw))
		}
		r.name = string(utf16.Decode(units))
	}
	r.name, _, _ = strings.Cut(r.name, ";")
	r.name = strings.TrimSuffix(r.name, ".")
	if name := rockRidgeName(b[min(33+length+(1-length%2), len(b)):]); name != "" {
		r.name = name
	}
	return r
}

// rockRidgeName is the name in the system use area of a record.
func rockRidgeName(b []byte) string {
	name := ""
	for len(b) >= 4 && int(b[2]) >= 4 && int(b[2]) <= len(b) {
		if string(b[:2]) == "NM" && b[2] > 5 {
			name += string(b[5:b[2]])
		}
		b = b[b[2]:]
	}
	return name
}

var (
	elToritoPlatforms = map[byte]string{0: "BIOS", 1: "PowerPC", 2: "Mac", 0xef: "EFI"}
	elToritoMedia     = map[byte]string{0: "no emulation", 1: "1.2 MB floppy", 2: "1.44 MB floppy", 3: "2.88 MB floppy", 4: "hard disk"}
)

func describeElTorito(w *walker, it *Item, s *io.SectionReader, at int64, files *isoFiles) {
	b, err := read(s, at, isoSector)
	if err != nil || b[0] != 1 || b[30] != 0x55 || b[31] != 0xaa {
		it.problem("the boot catalogue is damaged")
		return
	}
	platform := b[1]
	for i := 32; i+32 <= len(b); i += 32 {
		e := b[i : i+32]
		switch e[0] {
		case 0x90, 0x91:
			platform = e[1]
		case 0x88, 0x00:
			start := int64(binary.LittleEndian.Uint32(e[8:])) * isoSector
			if start == 0 {
				if i > 32 {
					return
				}
				continue
			}
			entry := BootEntry{Platform: elToritoPlatforms[platform], Bootable: e[0] == 0x88, Media: elToritoMedia[e[1]&0xf],
				Start: start, Size: int64(binary.LittleEndian.Uint16(e[6:])) * 512, Path: files.at[start]}
			if entry.Platform == "" {
				entry.Platform = fmt.Sprintf("%#02x", platform)
			}
			it.Boot = append(it.Boot, entry)
			if platform == 0xef && entry.Path == "" { // the size in the entry is often wrong: the file system has its own
				w.inside(it, "", part(s, start, s.Size()-start))
			}
		default:
			return
		}
	}
}
