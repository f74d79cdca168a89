package records

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// counter keeps the contents of the documents that it reads.
func counter(name string) (*Reader, *[]string) {
	var got []string
	r := &Reader{Name: name, Count: func() int { return len(got) }}
	r.Document = func(in *bufio.Reader) error {
		data, err := io.ReadAll(in)
		if string(data) == "bad" {
			err = errors.New("it is bad")
		}
		got = append(got, string(data))
		return err
	}
	return r, &got
}

func zipped(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.Create(entries[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, entries[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(p), 0o755), os.WriteFile(p, []byte(content), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestPath(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"CVE-2.json": "two", "a/CVE-1.json": "one", "other.json": "other", "a/b.zip": string(zipped(t,
		"x/CVE-4.json", "four", "../../CVE-3.json", "three", "/etc/CVE-5.json", "five", "README.json", "other")), "CVE-3.json.sha1": "other"})
	r, got := counter("CVE-*.json")
	if err := r.Path(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	if s := strings.Join(*got, " "); s != "two one three five four" {
		t.Error(s)
	}
	if len(r.digests) != 3 || !strings.HasPrefix(r.Digest(), "sha256:") {
		t.Error(r.digests)
	}
	one, _ := counter("CVE-*.json")
	if err := one.Path(t.Context(), filepath.Join(dir, "other.json")); err != nil { // a file that is named itself
		t.Error(err)
	}
	if one.Digest() != one.digests[0] {
		t.Error("one file does not have its own digest")
	}
}

func TestPathErrors(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":           {map[string]string{"a.json": ""}, "contains no CVE-*.json"},
		"no file in a zip":  {map[string]string{"a.zip": string(zipped(t, "a.json", "x"))}, "the archive contains no CVE-*.json"},
		"no zip":            {map[string]string{"a.zip": "PK\x03\x04"}, "zip: not a valid zip file"},
		"a bad document":    {map[string]string{"CVE-1.json": "bad"}, "it is bad"},
		"bad, in a zip":     {map[string]string{"a.zip": string(zipped(t, "CVE-1.json", "bad"))}, "it is bad"},
		"one file is empty": {map[string]string{"CVE-1/CVE-1.txt": "x"}, "contains no CVE-*.json"},
	} {
		r, _ := counter("CVE-*.json")
		err := r.Path(t.Context(), folder(t, c.files))
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dir := t.TempDir()
	if err := os.Symlink("missing", filepath.Join(dir, "CVE-1.json")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	r, _ := counter("CVE-*.json")
	if err := r.Path(t.Context(), dir); err == nil {
		t.Error("a link without a target is accepted")
	}
	if err := errors.Join(os.Remove(filepath.Join(dir, "CVE-1.json")), os.Symlink("folder", filepath.Join(dir, "CVE-1.json"))); err != nil {
		t.Fatal(err)
	}
	if err := r.Path(t.Context(), dir); err == nil {
		t.Error("a link to a folder is accepted")
	}
	nothing := &Reader{Name: "*", Document: func(*bufio.Reader) error { return nil }, Count: func() int { return 0 }}
	if err := nothing.Path(t.Context(), folder(t, map[string]string{"a": "x"})); err == nil || !strings.Contains(err.Error(), "no vulnerabilities") {
		t.Errorf("%v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.Path(ctx, folder(t, map[string]string{"CVE-1.json": "x"})); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// No archive makes the reader fail in another way than with an error.
func FuzzArchive(f *testing.F) {
	f.Add(zipped(f, "CVE-1.json", "one", "../CVE-2.json", "two"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, got := counter("CVE-*.json")
		if r.archive(context.Background(), bytes.NewReader(data), int64(len(data)), "a.zip") == nil && len(*got) == 0 {
			t.Error("an archive without a document is accepted")
		}
	})
}
