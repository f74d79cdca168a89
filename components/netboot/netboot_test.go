//go:build linux

package netboot

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/components/tftp"
)

func TestHandler(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "boot.ipxe"), []byte("#!ipxe\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	files, err := tftp.Open([]string{dir})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	h := handler(&log, files)
	for _, c := range []struct {
		method, path, span string
		status             int
		body               string
	}{
		{"GET", "/boot.ipxe", "", 200, "#!ipxe\n"},
		{"GET", "/boot.ipxe", "bytes=2-5", 206, "ipxe"},
		{"HEAD", "/boot.ipxe", "", 200, ""},
		{"GET", "/folder", "", 403, "Forbidden\n"},
		{"GET", "/", "", 403, "Forbidden\n"},
		{"GET", "/missing", "", 404, "Not Found\n"},
		{"GET", "/link", "", 403, "Forbidden\n"},
		{"GET", "/../../etc/passwd", "", 403, "Forbidden\n"},
		{"PUT", "/boot.ipxe", "", 405, "only GET and HEAD\n"},
	} {
		r := httptest.NewRequest(c.method, "http://boot"+c.path, http.NoBody)
		if c.span != "" {
			r.Header.Set("Range", c.span)
		}
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		body, err := io.ReadAll(rw.Result().Body)
		if err != nil || rw.Code != c.status || string(body) != c.body {
			t.Errorf("%s %s: %d %q, %v", c.method, c.path, rw.Code, body, err)
		}
	}
	if !strings.Contains(log.String(), `netboot: GET "/boot.ipxe" by ""`) {
		t.Error(log.String())
	}
}
