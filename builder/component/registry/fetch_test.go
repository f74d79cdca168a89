package registry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A file from a URL is fetched with the same checks as images.
func TestFetch(t *testing.T) {
	failures := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/os.yml", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("services: []")) })
	mux.HandleFunc("/busy", func(w http.ResponseWriter, r *http.Request) {
		if failures++; failures < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("at last"))
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) { hangUp(false, begun)(w, r, 0) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) })
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/os.yml", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://169.254.169.254/os.yml", http.StatusFound)
	})
	mux.HandleFunc("/down", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://example.org/os.yml", http.StatusFound)
	})
	srv := httptest.NewServer(mux)
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	c := &testClock{}
	for address, want := range map[string]struct {
		content, says string
		kind          error
	}{
		srv.URL + "/os.yml":                  {content: "services: []"},
		srv.URL + "/os.yml?key=secret#x":     {content: "services: []"},
		srv.URL + "/here":                    {content: "services: []"},
		srv.URL + "/busy":                    {content: "at last"},
		srv.URL + "/cut":                     {says: "no success after 5 attempts", kind: system.ErrUnusable},
		srv.URL + "/large":                   {says: "larger than 1000 bytes", kind: system.ErrUnusable},
		srv.URL + "/none?key=secret":         {says: "answers 404", kind: system.ErrUnusable},
		srv.URL + "/away?key=secret":         {says: "private address", kind: system.ErrUnusable},
		srv.URL + "/down?key=secret":         {says: "is not https", kind: system.ErrUnusable},
		"http://10.0.0.1/os.yml?key=secret":  {says: "is not https", kind: system.ErrInput},
		"https://me:secret@" + host + "/x":   {says: "password", kind: system.ErrInput},
		"https:///os.yml":                    {says: "no host", kind: system.ErrInput},
		"https://me:secret@%zz/os.yml":       {says: "not a URL", kind: system.ErrInput},
		"http://localhost:1/none?key=secret": {says: "refused", kind: system.ErrUnusable},
	} {
		data, name, err := newClient(t, Options{clock: c.clock()}).Fetch(context.Background(), address, 1000)
		if want.kind == nil {
			if err != nil || string(data) != want.content || strings.Contains(name, "secret") || !strings.HasPrefix(name, srv.URL) {
				t.Errorf("%s: %q as %q, %v", address, data, name, err)
			}
			continue
		}
		wantError(t, err, want.kind, want.says)
		if e := (*system.Error)(nil); strings.Contains(err.Error(), "secret") || !errors.As(err, &e) || e.Next == "" {
			t.Errorf("%s: %v", address, err)
		}
	}
	_, _, err := newClient(t, Options{Offline: true}).Fetch(context.Background(), srv.URL+"/os.yml", 1000)
	wantError(t, err, system.ErrUnusable, "--offline")
}
