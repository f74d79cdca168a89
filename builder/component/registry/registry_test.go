package registry

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// Plain HTTP is only for loopback and allowed hosts, and a registry must not
// redirect to addresses that it cannot reach itself.
func TestTransportGuards(t *testing.T) {
	r := newClient(t, Options{Insecure: func(h string) bool { return h == "lab:5000" }})
	for host, want := range map[string]bool{"localhost:1": true, "127.0.0.1:80": true, "[::1]:80": true, "lab:5000": true,
		"10.0.0.1:5000": false, "registry.local": false, "localhost.example": false, "example.com": false} {
		if r.plain(host) != want {
			t.Errorf("%s: plain %v", host, !want)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "http://10.0.0.1:5000/v2/", nil)
	if _, err := r.base.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "is not https") {
		t.Errorf("plain HTTP to a private address: %v", err)
	}
	at := func(u string) *http.Request { return httptest.NewRequest(http.MethodGet, u, nil) }
	for u, ok := range map[string]bool{"https://cdn.example/x": true, "https://reg.example/x": true, "http://127.0.0.1/x": false,
		"https://10.1.2.3/x": false, "http://169.254.169.254/x": false, "https://localhost/x": false} {
		if err := r.inner.onlyOutward(at(u), []*http.Request{at("https://reg.example/")}); (err == nil) != ok {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// Blobs are often on another server. That server receives neither the password nor
// the token for the registry.
func TestRedirectsCarryNoCredentials(t *testing.T) {
	for _, scheme := range []string{"Basic", "Bearer"} {
		t.Run(scheme, func(t *testing.T) {
			reg := ocitest.NewRegistry(t)
			ref := reg.Push("a/x:1", remoteImage().Build())
			var mu sync.Mutex
			var received []string
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				received = append(received, r.Header.Get("Authorization"))
				mu.Unlock()
				reg.ServeHTTP(w, r)
			}))
			defer elsewhere.Close()
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				known := user == "me" && password == "secret"
				switch {
				case r.URL.Path == "/token" && known:
					fmt.Fprint(w, `{"token": "pass"}`)
				case scheme == "Basic" && !known, scheme == "Bearer" && r.Header.Get("Authorization") != "Bearer pass":
					w.Header().Set("WWW-Authenticate", scheme+` realm="http://`+r.Host+`/token"`)
					w.WriteHeader(http.StatusUnauthorized)
				case strings.Contains(r.URL.Path, "/blobs/"):
					http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
				default:
					reg.ServeHTTP(w, r)
				}
			}))
			defer front.Close()
			host := strings.TrimPrefix(front.URL, "http://")
			ocitest.DockerConfig(t, host, "me", "secret")
			if err := fetch(t, newClient(t, Options{}), strings.Replace(ref, reg.Host, host, 1)); err != nil {
				t.Fatal(err)
			}
			if len(received) == 0 || slices.ContainsFunc(received, func(s string) bool { return s != "" }) {
				t.Errorf("the other server received %q", received)
			}
		})
	}
}

// A silent registry does not block a build forever, nor does one that sends a byte
// now and then. A slow reader is not the fault of the registry.
func TestReadTimeouts(t *testing.T) {
	for name, c := range map[string]struct {
		gap, rest time.Duration // before each byte; and of the reader, after each
		size      int
		ok        bool
	}{
		"silent":      {gap: stall + time.Second, size: 1},
		"drip":        {gap: stall - time.Second, size: 100},
		"slow drip":   {gap: time.Second, size: 10_000},
		"slow line":   {gap: time.Millisecond / 2, size: 100_000, ok: true},
		"slow reader": {gap: time.Millisecond / 2, rest: time.Hour, size: 100, ok: true},
		"slow start":  {gap: stall - time.Second, size: 1, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := net.Pipe()
				go func() {
					defer w.Close()
					for range c.size {
						select {
						case <-time.After(c.gap):
						case <-t.Context().Done():
							return
						}
						if _, err := w.Write([]byte("x")); err != nil {
							return
						}
					}
				}()
				p := newPatient(r, func() { r.Close() }, stall)
				defer p.Close()
				var err error
				got, b := 0, make([]byte, 8)
				for err == nil {
					var n int
					n, err = p.Read(b)
					got += n
					time.Sleep(c.rest)
				}
				if ok := errors.Is(err, io.EOF) && got == c.size; ok != c.ok {
					t.Errorf("%d bytes, %v", got, err)
				}
				if !c.ok && !strings.Contains(err.Error(), "almost nothing for 2m0s") {
					t.Error(err)
				}
			})
		})
	}
}

// The same limits apply to errors and tokens.
func TestGuardLimitsWaiting(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer s.Close()
	r := newClient(t, Options{})
	r.hosts.name("127.0.0.1")
	res, err := r.base.RoundTrip(httptest.NewRequest(http.MethodGet, s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, ok := res.Body.(*patient); !ok {
		t.Errorf("an error's body is a %T", res.Body)
	}
}

// If a registry on loopback uses TLS, plain HTTP is not tried.
func TestPingPrefersTLS(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	proxy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reg.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	r := newClient(t, Options{})
	r.base.(*guard).next = proxy.Client().Transport
	if err := manifest(t, r, strings.Replace(ref, reg.Host, strings.TrimPrefix(proxy.URL, "https://"), 1)); err != nil {
		t.Error(err)
	}
}
