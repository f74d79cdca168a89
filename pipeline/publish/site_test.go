package publish_test

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/frozentest"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/policy"
)

// siteFile is a frozen archive with documents for a site.
const siteFile = "2026-12-archive.json"

// siteArchive is siteFile as an archive in which the manifest of the documents was
// changed. The index names the changed manifest.
func siteArchive(t *testing.T, change func(manifest string) string) string {
	t.Helper()
	f, _ := frozentest.Read[frozenArchive](t, siteFile)
	var all []entry
	var old, next []byte
	for _, e := range f.Entries {
		content := e.bytes()
		if bytes.Contains(content, []byte(`"artifactType":"`+publish.SiteType+`"`)) && e.Name != "index.json" {
			old, next = content, []byte(change(string(content)))
			content, e.Name = next, "blobs/sha256/"+digests.Hex(digests.Of(next))
		}
		all = append(all, entry{tar.Header{Typeflag: tar.TypeReg, Name: e.Name, Mode: 0o644}, content})
	}
	if old == nil || bytes.Equal(old, next) {
		t.Fatal("the manifest of the documents was not changed")
	}
	for i := range all {
		if all[i].Name == "index.json" {
			was, is := fmt.Sprintf("%q,\"size\":%d", digests.Of(old), len(old)), fmt.Sprintf("%q,\"size\":%d", digests.Of(next), len(next))
			if all[i].content = []byte(strings.Replace(string(all[i].content), was, is, 1)); !strings.Contains(string(all[i].content), is) {
				t.Fatal("the index does not name the manifest")
			}
		}
	}
	return written(t, all)
}

// Documents for a site are not signed: what does not belong to the image, or is not
// written as pack writes it, is refused, and never left out in silence.
func TestHostileSites(t *testing.T) {
	rename := func(old, next string) func(string) string {
		return func(m string) string { return strings.Replace(m, `"`+old+`"`, `"`+next+`"`, 1) }
	}
	const rules = "policies/policy.tar.gz"
	for name, c := range map[string]struct {
		change func(string) string
		kind   error
		says   string
	}{
		"absolute path":           {rename(rules, "/etc/x"), system.ErrUnusable, "documents for the site are malformed"},
		"path that leaves":        {rename(rules, "../x"), system.ErrUnusable, "documents for the site are malformed"},
		"control characters":      {rename(rules, `policies/\u001b[2J.tar.gz`), system.ErrUnusable, "documents for the site are malformed"},
		"one path twice":          {rename(rules, "trusted-root.json"), system.ErrUnusable, "documents for the site are malformed"},
		"another form":            {func(m string) string { return m + "\n" }, system.ErrUnusable, "documents for the site are malformed"},
		"policy for the folder":   {rename(rules, "policies/...tar.gz"), system.ErrMismatch, "unknown document"},
		"policy for all policies": {rename(rules, "policies/..tar.gz"), system.ErrMismatch, "unknown document"},
		"policy without a name":   {rename(rules, "policies/.tar.gz"), system.ErrMismatch, "unknown document"},
		"policy in a folder":      {rename(rules, "policies/a/b.tar.gz"), system.ErrMismatch, "unknown document"},
		"unknown document":        {rename(rules, "start.sh"), system.ErrMismatch, "unknown document"},
		"lock under another name": {rename("os.lock.json", "zz"), system.ErrMismatch, "unknown document"},
		"lock of another image": {func(m string) string {
			return strings.Replace(m, digests.Of([]byte("os.lock.json")), digests.Of([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)), 1)
		}, system.ErrMismatch, "longer than the 12 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			file := siteArchive(t, c.change)
			site, err := publish.ReadSite(t.Context(), file, policy.Options{})
			if err == nil {
				err = site.Check(t.Context(), unpackedFrozen(t, file))
			}
			wantKind(t, err, c.kind, c.says)
		})
	}
}

// unpackedFrozen unpacks the image of an archive that siteArchive made.
func unpackedFrozen(t *testing.T, file string) string {
	t.Helper()
	f, _ := frozentest.Read[frozenArchive](t, siteFile)
	dir, err := (&sealed{verify: verifierOf(t, parseKey(t, f.Key))}).unpack(t, file)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
