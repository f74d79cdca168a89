package image

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// service returns the entries of a component. It has hard links, and contents
// that do not fill whole blocks.
func service(name string, seed int64) []item {
	noise := make([]byte, 150_001)
	rand.New(rand.NewSource(seed)).Read(noise)
	dir := "containers/services/" + name
	return []item{
		{path: dir, typ: system.TypeDir, mode: 0o755},
		{path: dir + "/a", typ: system.TypeFile, mode: 0o4755, body: string(noise)},
		{path: dir + "/b", typ: system.TypeHardlink, link: dir + "/a"},
		{path: dir + "/c", typ: system.TypeHardlink, link: dir + "/a"},
		{path: dir + "/text", typ: system.TypeFile, mode: 0o644, body: strings.Repeat(name+" is here\n", 20_000)},
		{path: dir + "/link", typ: system.TypeSymlink, mode: 0o777, link: "a"},
	}
}

// parted describes a system with some services. seeds holds the seed of each
// service's content.
type parted struct {
	services []string
	seeds    map[string]int64
	formats  []string
	kernel   Kernel
	ucode    bool
}

var three = parted{services: []string{"x", "y", "z"}, seeds: map[string]int64{"x": 1, "y": 2, "z": 3}, formats: []string{"kernel+initrd", "tar"}, kernel: Kernel{Zstd: true}}

// write writes the system. It copies parts of the earlier image old if it can,
// and returns the names of the copied services.
func (p parted) write(t *testing.T, dir string, old map[string]Earlier) (files map[string]string, now map[string]Earlier, taken []string, err error) {
	t.Helper()
	s, err := New(p.formats, Options{Dir: dir, Stem: "os", Time: time.Unix(0, 0), Earlier: old})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err != nil {
			s.Abort()
		}
	}()
	first := small
	if p.ucode {
		first = append([]item{{path: "boot/ucode.cpio", typ: system.TypeFile, mode: 0o644, body: "UCODE..."}}, small...)
	}
	feed(t, s, first)
	if err := s.Kernel(p.kernel); err != nil {
		t.Fatal(err)
	}
	feed(t, s, []item{{path: "containers", typ: system.TypeDir, mode: 0o755}, {path: "containers/services", typ: system.TypeDir, mode: 0o755}})
	for _, name := range p.services {
		ok, err := s.Part("services/"+name, fmt.Sprint(p.seeds[name]))
		if err != nil {
			return nil, nil, nil, err
		}
		if ok {
			taken = append(taken, name)
			continue
		}
		feed(t, s, service(name, p.seeds[name]))
		if err := s.EndPart(); err != nil {
			t.Fatal(err)
		}
	}
	feed(t, s, []item{{path: "end", typ: system.TypeFile, mode: 0o644, body: "end"}})
	names, err := s.Close()
	if err != nil {
		t.Fatal(err)
	}
	files, now = map[string]string{}, map[string]Earlier{}
	for _, n := range names {
		raw, err := os.ReadFile(filepath.Join(dir, n))
		if err != nil {
			t.Fatal(err)
		}
		files[n] = string(raw)
		if d := s.Digests()[n]; d != "" && d != digests.Of(raw) || d == "" && n == "os.tar" {
			t.Errorf("%s: the digest is %q, and of the file %s", n, d, digests.Of(raw))
		}
		kept := filepath.Join(t.TempDir(), n)
		stretches, err := Copy(filepath.Join(dir, n), kept, s.Stretches()[n])
		if err != nil {
			t.Fatalf("%s: %v", n, err)
		}
		now[n] = Earlier{kept, stretches}
	}
	return files, now, taken, nil
}

// checkWrite writes the system with the earlier image old. The files must have
// the same bytes as without old. want names the services that must be copied.
func (p parted) checkWrite(t *testing.T, old map[string]Earlier, want string) map[string]Earlier {
	t.Helper()
	got, now, taken, err := p.write(t, t.TempDir(), old)
	if err != nil {
		t.Fatal(err)
	}
	fresh, alone, _, err := p.write(t, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, fresh) {
		t.Error("other bytes than without the earlier image")
	}
	for n, e := range now {
		if !slices.Equal(e.Stretches, alone[n].Stretches) {
			t.Errorf("%s: other stretches than without the earlier image", n)
		}
	}
	if s := strings.Join(taken, " "); s != want {
		t.Errorf("taken: %q, want %q", s, want)
	}
	return now
}

// The bytes of an image do not depend on which parts were copied from an
// earlier image.
func TestPartsOfEarlierImage(t *testing.T) {
	t.Parallel()
	for _, k := range []Kernel{{Zstd: true}, {}} {
		for _, ucode := range []bool{false, true} {
			p := three
			p.kernel, p.ucode = k, ucode
			old := p.checkWrite(t, nil, "")
			p.checkWrite(t, old, "x y z")
			other := p
			other.seeds = map[string]int64{"x": 1, "y": 22, "z": 3}
			was := other.checkWrite(t, old, "x z")
			other.checkWrite(t, was, "x y z")
			other.services = []string{"z", "new", "y", "x"}
			other.checkWrite(t, was, "z y x")
			other.services = []string{"y"}
			other.checkWrite(t, was, "y")
			other.kernel.Zstd = !k.Zstd
			other.checkWrite(t, was, "")
			other = p
			other.ucode = !ucode
			other.checkWrite(t, old, "x y z")
			other = p
			other.formats = []string{"kernel+initrd"}
			other.checkWrite(t, old, "x y z")
			delete(old, "os.tar")
			p.checkWrite(t, old, "")
		}
	}
}

// The stretches of an initrd form one archive. In it, the links of a file are
// only those that its image has.
func TestInitrdIsOneArchive(t *testing.T) {
	t.Parallel()
	p := three
	files, _, _, err := p.write(t, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	archive := unzstd(t, []byte(files["os-initrd.img"]))
	p.kernel.Zstd = false
	files, _, _, err = p.write(t, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(strings.NewReader(files["os-initrd.img"]))
	if err != nil {
		t.Fatal(err)
	}
	var other bytes.Buffer
	if _, err := other.ReadFrom(z); err != nil || !bytes.Equal(archive, other.Bytes()) {
		t.Errorf("the gzip archive differs from the zstd archive (%v)", err)
	}
	if n := bytes.Count(archive, []byte(cpioEnd)); n != 1 {
		t.Errorf("%d trailers", n)
	}
	checkArchive(t, archive)
	type number struct{ major, minor, ino uint64 }
	names := map[number][]string{}
	recs := unpack(t, archive)
	for name, r := range recs {
		n := number{r.Major, r.Minor, r.Ino}
		names[n] = append(names[n], name)
	}
	for _, list := range names {
		if want := int(recs[list[0]].NLink); len(list) > 1 && len(list) != want {
			t.Errorf("%q are one file with %d links", list, want)
		}
	}
	for _, s := range p.services {
		for _, it := range service(s, p.seeds[s]) {
			if it.typ == system.TypeFile && body(t, recs[it.path]) != it.body {
				t.Errorf("%s has another content", it.path)
			}
		}
		if dir := "containers/services/" + s; body(t, recs[dir+"/b"]) != body(t, recs[dir+"/a"]) || recs[dir+"/b"].Ino != recs[dir+"/c"].Ino {
			t.Errorf("the links of %s are not those of its file", dir)
		}
	}
	if _, ok := recs["end"]; !ok {
		t.Error("what follows the parts is missing")
	}
}

// Part never copies a damaged part, wherever the changed byte is.
func TestDamagedParts(t *testing.T) {
	t.Parallel()
	p := three
	fresh, old, _, err := p.write(t, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range old {
		honest, err := os.ReadFile(e.Path)
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Stretches) == 1 {
			continue // it has no parts
		}
		try := func(what string, raw []byte, part bool) {
			t.Helper()
			if err := os.WriteFile(e.Path, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			files, _, _, err := p.write(t, t.TempDir(), old)
			if part != errors.Is(err, ErrDamaged) || !part && err != nil {
				t.Errorf("%s: %s: error %v", name, what, err)
			}
			if err == nil && !maps.Equal(files, fresh) {
				t.Errorf("%s: %s: other bytes", name, what)
			}
		}
		at := int64(0)
		for _, s := range e.Stretches {
			for _, n := range []int64{at, at + s.Size/2, at + s.Size - 1} {
				raw := bytes.Clone(honest)
				raw[n] ^= 1
				try(fmt.Sprintf("byte %d", n), raw, s.Key != "")
			}
			at += s.Size
		}
		if at != int64(len(honest)) {
			t.Errorf("%s: the stretches have %d bytes, the file has %d", name, at, len(honest))
		}
		try("cut", honest[:len(honest)/2], true)
		try("empty", nil, true)
		try("moved", append([]byte{0}, honest...), true)
		if err := os.Remove(e.Path); err != nil {
			t.Fatal(err)
		}
		if _, _, _, err := p.write(t, t.TempDir(), old); err != nil {
			t.Errorf("%s is gone: %v", name, err)
		}
		if err := os.WriteFile(e.Path, honest, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// Two parts with the same id would share a device number, so links of one could
// point into the other.
func TestPartsWithSameID(t *testing.T) {
	t.Parallel()
	p := three
	p.services = []string{"x", "y", "x"}
	if _, _, _, err := p.write(t, t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "services/x") {
		t.Errorf("error %v", err)
	}
}

// Copy copies the whole file or returns an error.
func TestCopyWholeFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	if err := os.WriteFile(from, []byte("0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	for i, sizes := range [][]int64{{10}, {4, 6}, {10, 0}, nil, {9}, {11}, {4, 7}} {
		var stretches []Stretch
		for _, n := range sizes {
			stretches = append(stretches, Stretch{Size: n})
		}
		got, err := Copy(from, filepath.Join(dir, fmt.Sprint(i)), stretches)
		if (err == nil) != (i < 4) || err == nil && len(got) != max(1, len(sizes)) {
			t.Errorf("%v: %v, %v", sizes, got, err)
		}
	}
}
