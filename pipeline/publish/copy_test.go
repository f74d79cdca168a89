package publish_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

const emptyBlob = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

// refer stores a foreign referrer of a manifest, and returns its digest. In a
// registry without an API, it is added to the list under the fallback tag.
func (s *server) refer(subject, name string, api bool) string {
	s.t.Helper()
	raw := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"example/%s","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":3}}`,
		name, emptyBlob, subject)
	digest := s.put("", raw)
	if !api {
		s.put(strings.Replace(subject, ":", "-", 1), fmt.Appendf(nil,
			`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d,"artifactType":"example/%s"}]}`, digest, len(raw), name))
	}
	return digest
}

// A copy has everything that belongs to the image, through every kind of registry and
// an archive, and no digest changes.
func TestCopy(t *testing.T) {
	first, plain, last := newServer(t, true), newServer(t, false), newServer(t, true)
	s := seal(t, nil)
	pushed := s.push(t, first.host+"/os:1")
	_, digest, _ := strings.Cut(pushed.Reference, "@")
	foreign := first.refer(digest, "scan", true)
	nested := first.refer(foreign, "signature-of-scan", true)
	signature := first.put(strings.Replace(digest, ":", "-", 1)+".sig", fmt.Appendf(nil,
		`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":2},"layers":[]}`, emptyBlob))
	archive := filepath.Join(t.TempDir(), "os.tar")
	at := first.host + "/os:1"
	for _, target := range []string{plain.host + "/os:2", debian(t) + "/os:2", archive, last.host + "/os:3"} {
		done, err := publish.Copy(t.Context(), at, target, publish.Options{Note: func(n string) { t.Errorf("%s: %s", target, n) }})
		if err != nil {
			t.Fatalf("%s: %v", target, err)
		}
		if done.Digest != digest {
			t.Errorf("%s is %s, want %s", target, done.Digest, digest)
		}
		at = target
	}
	for _, want := range []string{digest, foreign, nested, signature} {
		if got := digests.Of(last.get("manifests/" + want)); got != want {
			t.Errorf("%s became %s", want, got)
		}
	}
	if got := digests.Of(last.get("manifests/" + strings.Replace(digest, ":", "-", 1) + ".sig")); got != signature {
		t.Errorf("the tag of the signature is %s, want %s", got, signature)
	}
	if list := string(last.get("referrers/" + foreign)); !strings.Contains(list, nested) {
		t.Errorf("the referrer of the referrer is not listed: %s", list)
	}
	dir, notes, err := s.pull(t, last.host+"/os:3")
	if err != nil {
		t.Fatal(err, notes)
	}
	same(t, s.dir, dir)
	// A second copy sends nothing.
	if done, err := publish.Copy(t.Context(), archive, last.host+"/os:3", publish.Options{}); err != nil || done.Sent != 0 {
		t.Errorf("%+v, %v", done, err)
	}
}

// A thousand referrers of other programs are copied, and a pull ignores them.
func TestThousandReferrers(t *testing.T) {
	r, to := newServer(t, true), newServer(t, false)
	s := seal(t, nil)
	_, digest, _ := strings.Cut(s.push(t, r.host+"/os:1").Reference, "@")
	var last string
	for i := range 1000 {
		last = r.refer(digest, fmt.Sprint("n", i), true)
	}
	done, err := publish.Copy(t.Context(), r.host+"/os:1", to.host+"/os:1", publish.Options{})
	if err != nil || done.Manifests < 1000 {
		t.Fatal(done, err)
	}
	if list := string(to.get("manifests/" + strings.Replace(digest, ":", "-", 1))); !strings.Contains(list, last) {
		t.Error("a referrer is not in the list under the fallback tag")
	}
	before := to.requests(http.MethodGet, "/manifests/")
	dir, notes, err := s.pull(t, to.host+"/os:1")
	if err != nil || len(notes) != 1 || !strings.HasPrefix(notes[0], "1000 other referrers") {
		t.Fatal(err, notes)
	}
	same(t, s.dir, dir)
	if n := to.requests(http.MethodGet, "/manifests/") - before; n != 3 { // the image, the list, and the folder
		t.Errorf("a pull reads %d manifests: it should read only its own", n)
	}
}

// pack packs an image.
func pack(t *testing.T, image string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "os.tar")
	if _, err := publish.Pack(t.Context(), image, file, &publish.Site{}, publish.Options{}); err != nil {
		t.Fatal(err)
	}
	return file
}

// unpack unpacks an archive. After an error, nothing may be left.
func (s *sealed) unpack(t *testing.T, file string) (string, error) {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "got")
	err := publish.Unpack(t.Context(), file, dir, publish.Options{}, s.verify)
	if left, _ := os.ReadDir(parent); err != nil && len(left) > 0 {
		t.Errorf("after %v, the parent folder has %v", err, left)
	}
	return dir, err
}

// The folder and the image in a registry give the same archive, which gives the same
// folder.
func TestPack(t *testing.T) {
	r := newServer(t, false)
	s := seal(t, nil)
	one, err := os.ReadFile(pack(t, s.dir))
	if err != nil {
		t.Fatal(err)
	}
	file := pack(t, s.push(t, r.host+"/os:1").Reference)
	two, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one, two) {
		t.Error("the archives of the folder and of the image in the registry differ")
	}
	dir, err := s.unpack(t, file)
	if err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, dir)
	// Another key.
	_, err = sealWith(t, sealtest.Signer(t), nil).unpackWith(t, file, seal(t, nil).verify)
	if refused := (*verify.Refusal)(nil); !errors.As(err, &refused) || refused.Check != verify.CheckSignature {
		t.Errorf("another key: %v", err)
	}
	// A damaged file is not packed.
	if err := os.Remove(filepath.Join(s.dir, "os-initrd.img")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "os-initrd.img"), bytes.Repeat([]byte("x"), 440000), 0o644); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(t.TempDir(), "bad.tar")
	_, err = publish.Pack(t.Context(), s.dir, bad, &publish.Site{}, publish.Options{})
	wantKind(t, err, system.ErrMismatch, "os-initrd.img")
	if left, _ := os.ReadDir(filepath.Dir(bad)); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

func (s *sealed) unpackWith(t *testing.T, file string, c publish.Checks) (string, error) {
	s.verify = c
	return s.unpack(t, file)
}

// entries reads an archive.
type entry struct {
	tar.Header
	content []byte
}

func entries(t testing.TB, file string) []entry {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []entry
	for r := tar.NewReader(bytes.NewReader(raw)); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, entry{*h, content})
	}
}

func written(t testing.TB, all []entry) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range all {
		if e.Typeflag == tar.TypeReg {
			e.Size = int64(len(e.content))
		}
		if err := w.WriteHeader(&e.Header); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(e.content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "changed.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Archives that were changed in any way are refused.
func TestHostileArchives(t *testing.T) {
	s := seal(t, nil)
	good := pack(t, s.dir)
	other := entries(t, pack(t, seal(t, nil).dir))
	content := []byte(strings.Repeat("content of the system\n", 20000))
	blob := func(all []entry, content []byte) int {
		return slices.IndexFunc(all, func(e entry) bool { return strings.HasSuffix(e.Name, digests.Hex(digests.Of(content))) })
	}
	for name, c := range map[string]struct {
		change func(all []entry) []entry
		kind   error
		says   string
	}{
		"changed blob": {func(all []entry) []entry {
			i := blob(all, content)
			all[i].content = bytes.ToUpper(all[i].content)
			return all
		}, system.ErrMismatch, "os-initrd.img"},
		"short blob": {func(all []entry) []entry {
			i := blob(all, content)
			all[i].content = all[i].content[:9]
			return all
		}, system.ErrMismatch, "os-initrd.img"},
		"missing blob": {func(all []entry) []entry { i := blob(all, content); return slices.Delete(all, i, i+1) }, system.ErrUnusable, "os-initrd.img"},
		"pipe":         {nil, system.ErrInput, "not a regular file"},
		"two names of a blob": {func(all []entry) []entry {
			return append(all, entry{tar.Header{Typeflag: tar.TypeReg, Name: "blobs/sha256/x/../" + all[2].Name[len("blobs/sha256/"):]}, []byte("evil")})
		}, system.ErrInput, "does not belong to an image layout"},
		"two slashes": {func(all []entry) []entry {
			all[2].Name = strings.Replace(all[2].Name, "/", "//", 1)
			return all
		}, system.ErrInput, "does not belong to an image layout"},
		"two lists in the index": {func(all []entry) []entry {
			all[1].content = bytes.Replace(all[1].content, []byte(`"manifests"`), []byte(`"Manifests":[],"manifests"`), 1)
			return all
		}, system.ErrInput, "malformed"},
		"other size in the index": {func(all []entry) []entry {
			all[1].content = regexp.MustCompile(`"size":\d+`).ReplaceAll(all[1].content, []byte(`"size":1`))
			return all
		}, system.ErrInput, "has 1 bytes, but it has"},
		"negative size in the index": {func(all []entry) []entry {
			all[1].content = regexp.MustCompile(`"size":\d+`).ReplaceAll(all[1].content, []byte(`"size":-5`))
			return all
		}, system.ErrInput, "has -5 bytes, but it has"},
		"hard link": {func(all []entry) []entry {
			return append(all, entry{tar.Header{Typeflag: tar.TypeLink, Name: "blobs/sha256/" + strings.Repeat("a", 64), Linkname: "index.json"}, nil})
		}, system.ErrInput, "not a regular file"},
		"names in capital letters": {func(all []entry) []entry { all[2].Name = strings.ToUpper(all[2].Name); return all }, system.ErrInput, "does not belong"},
		"two indexes":              {func(all []entry) []entry { return append(all, all[1]) }, system.ErrInput, "two entries"},
		"no index":                 {func(all []entry) []entry { return slices.Delete(all, 1, 2) }, system.ErrInput, "no index.json"},
		"empty index": {func(all []entry) []entry {
			all[1].content = []byte(`{"schemaVersion":2,"manifests":[]}`)
			return all
		}, system.ErrInput, "index is empty"},
		"foreign index": {func(all []entry) []entry { all[1].content = other[1].content; return all }, system.ErrInput, "does not have the manifest"},
		"link": {func(all []entry) []entry {
			return append(all, entry{tar.Header{Typeflag: tar.TypeSymlink, Name: "blobs/sha256/x", Linkname: "/etc/passwd"}, nil})
		}, system.ErrInput, "not a regular file"},
		"other file": {func(all []entry) []entry {
			return append(all, entry{tar.Header{Typeflag: tar.TypeReg, Name: "../../x"}, []byte("x")})
		}, system.ErrInput, "does not belong"},
		"other version":          {func(all []entry) []entry { all[0].content = []byte(`{"imageLayoutVersion":"9"}`); return all }, system.ErrInput, "unknown version"},
		"other image, same name": {func([]entry) []entry { return other }, system.ErrMismatch, "signed"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "pipe")
			if c.change != nil {
				file = written(t, c.change(entries(t, good)))
			} else if err := syscall.Mkfifo(file, 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := s.unpack(t, file)
			wantKind(t, err, c.kind, c.says)
		})
	}
	raw, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.tar")
	for _, n := range []int{0, 1, 511, 512, 513, 2000, len(raw) / 2, len(raw) - 1024 - 512} {
		if err := os.WriteFile(cut, raw[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := s.unpack(t, cut); err == nil {
			t.Errorf("an archive that is cut after %d bytes is accepted", n)
		}
	}
}

// The archive is verified where there is no network: this test runs itself in an
// empty network namespace.
func TestUnpackWithoutNetwork(t *testing.T) {
	if file := os.Getenv("SEAWORTHY_UNPACK"); file != "" {
		if all, err := net.Interfaces(); err != nil || slices.ContainsFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagUp != 0 }) {
			t.Fatalf("the namespace has a network: %v, %v", all, err)
		}
		key, err := verify.LoadKey(filepath.Join(filepath.Dir(file), "key.pub"))
		if err != nil {
			t.Fatal(err)
		}
		v := verifierOf(t, key)
		dir, err := (&sealed{verify: v}).unpack(t, file)
		if err != nil {
			t.Fatal(err)
		}
		if out := os.Getenv("SEAWORTHY_UNPACKED"); os.CopyFS(out, os.DirFS(dir)) != nil {
			t.Fatal("not copied")
		}
		return
	}
	if out, err := exec.Command("unshare", "-rn", "true").CombinedOutput(); err != nil {
		t.Skipf("this machine does not permit network namespaces (unshare -rn: %v, %s)", err, out)
	}
	s := seal(t, nil)
	file := pack(t, s.dir)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "key.pub"), publicKey(t, s.signer), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "unshare", "-rn", os.Args[0], "-test.run=^TestUnpackWithoutNetwork$", "-test.v")
	cmd.Env = append(os.Environ(), "SEAWORTHY_UNPACK="+file, "SEAWORTHY_UNPACKED="+out)
	if text, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(text), "--- PASS") {
		t.Fatalf("%v\n%s", err, text)
	}
	for path, want := range tree(t, s.dir) {
		if !strings.HasPrefix(want, "d") && tree(t, out)[path] == "" {
			t.Errorf("%s is missing", path)
		}
	}
}

// Each archive that is accepted as input gives an error or an image, and never a
// crash.
func FuzzArchive(f *testing.F) {
	s := sealtest.New("os")
	signer, _ := sealtest.SignerWithKey(f)
	dir := s.Seal(f, signer)
	file := filepath.Join(f.TempDir(), "os.tar")
	if _, err := publish.Pack(f.Context(), dir, file, &publish.Site{}, publish.Options{}); err != nil {
		f.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:2048])
	f.Fuzz(func(t *testing.T, raw []byte) {
		file := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		got := filepath.Join(t.TempDir(), "got")
		refuse := errors.New("refused")
		err := publish.Unpack(t.Context(), file, got, publish.Options{}, publish.Checks{
			Statements: func(string, string) error { return refuse }, Whole: func(string) error { return nil }})
		if err == nil {
			t.Error("the check was left out")
		}
		if _, err := os.Lstat(got); err == nil {
			t.Error("a refused folder is in its place")
		}
	})
}
