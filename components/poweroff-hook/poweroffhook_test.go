//go:build linux

package poweroffhook

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var got []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.Path+" "+r.Header.Get("Authorization")+" "+string(b))
		if len(got) < 3 { // it is tried again
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	defer s.Close()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("abc\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := hook{event: "poweroff", name: "web-1", token: token, limit: time.Hour, pause: time.Nanosecond}
	var out bytes.Buffer
	if err := h.run(t.Context(), &out, []string{s.URL + "/event"}); err != nil {
		t.Fatal(err)
	}
	if len(got) != 3 || got[2] != `POST /event Bearer abc {"event":"poweroff","host":"web-1"}` {
		t.Errorf("%q", got)
	}
	h.limit = time.Nanosecond
	if err := h.run(t.Context(), &out, []string{s.URL}); err == nil || !strings.Contains(err.Error(), "was not told") {
		t.Error(err)
	}
	for _, bad := range [][]string{nil, {"x"}, {"ftp://x"}, {"http://x", "y"}} {
		if err := h.run(t.Context(), &out, bad); err == nil {
			t.Errorf("%q was accepted", bad)
		}
	}
}
