package files

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := io.WriteString(z, text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarred(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: files[i], Mode: 0o600, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, files[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zipped(t testing.TB, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		f, err := w.Create(files[i])
		if err == nil {
			_, err = io.WriteString(f, files[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// bzipped is a private key, compressed by bzip2, which Go cannot write.
const bzipped = "QlpoOTFBWSZTWRthQe8AAAzWACAQQAI2uXcgIABAkpG1NqG1GnlCmE00BpibhZ7OPlgVGCjDQKSLyLRjNkRcoXp9xsMiNCkkoTjgfi7kinChIDbCg94="

func TestSecretInArchive(t *testing.T) {
	t.Parallel()
	token := "export T=" + ghp + "\n"
	elf := "\x7fELF\x00" + strings.Repeat("\x00", 600) + pem
	nested := pem
	for range maxNested + 1 {
		nested = gzipped(t, nested)
	}
	bz, err := base64.StdEncoding.DecodeString(bzipped)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ content, want string }{
		"gzip":                   {gzipped(t, pem), "private key"},
		"bzip2":                  {string(bz), "private key"},
		"tar, a token":           {tarred(t, "a", "x", "b", token), "GitHub token"},
		"tar.gz":                 {gzipped(t, tarred(t, "a", "x", "b", token)), "GitHub token"},
		"zip":                    {zipped(t, "a", strings.Repeat("y", 5000), "keys/web.pem", pem), "private key"},
		"tar.gz in a zip":        {zipped(t, "a.tgz", gzipped(t, tarred(t, "b", pem))), "private key"},
		"deeper than it goes":    {gzipped(t, nested), ""},
		"cut short":              {gzipped(t, pem+strings.Repeat("0123456789abcdef", 1<<16))[:1200], "private key"},
		"a certificate":          {gzipped(t, cert), ""},
		"a program":              {gzipped(t, elf), ""},
		"no archive":             {"PK\x03\x04" + strings.Repeat("x", 1000), ""},
		"empty":                  {"\x1f\x8b\x08", ""},
		"behind all that it may": {gzipped(t, strings.Repeat("\x00", maxUnpacked)+pem), ""},
	} {
		if got := SecretInArchive([]byte(c.content)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		want := []string{}
		if c.want != "" {
			want = []string{"/srv/a 600 " + c.want}
		}
		inv := must(t, st.Mode("srv/first", 0o600, "x"), st.Mode("srv/a", 0o600, c.content), st.Mode("srv/b", 0o600, "x"))
		if got := show(inv.Secrets); len(got) != len(want) || len(want) > 0 && got[0] != want[0] {
			t.Errorf("%s, in an image: %q, want %q", name, got, want)
		}
	}
}
