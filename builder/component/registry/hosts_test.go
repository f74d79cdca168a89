package registry

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// After a time-out, no other request waits for the same server. Its errors name the
// registry, and have a next step.
func TestSilentServer(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	for _, part := range []string{pingPath, "/token", "/manifests/"} {
		t.Run(strings.Trim(part, "/"), func(t *testing.T) {
			c := &testClock{}
			ended := make(chan struct{})
			m := newMoody(t, reg, part, 1000, func(_ http.ResponseWriter, r *http.Request, _ int) {
				c.ring()
				select {
				case <-r.Context().Done():
				case <-ended:
				}
			})
			defer close(ended)
			client := newClient(t, Options{clock: c.clock()})
			for i := range 3 {
				err := manifest(t, client, fmt.Sprintf("%s/a/x%d:1", m.host, i))
				wantError(t, err, system.ErrUnusable, "registry "+m.host+": "+m.host+" did not answer for ")
				if nextStep(err) == "" {
					t.Errorf("no next step: %v", err)
				}
			}
			if m.asked[part] != 1 {
				t.Errorf("asked %d times", m.asked[part])
			}
		})
	}
}

// There is one ping for all repositories, and repositories do not block each other.
func TestPingOnce(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	reg.Push("b/y:1", remoteImage().Build())
	client := newClient(t, Options{})
	for _, r := range []string{ref, reg.Host + "/b/y:1"} {
		if err := fetch(t, client, r); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for _, r := range reg.Requests() {
		if r == "GET "+pingPath {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d pings: %v", n, reg.Requests())
	}

	all := make(chan struct{})
	var wait sync.WaitGroup
	wait.Add(3)
	go func() { wait.Wait(); close(all) }()
	m := newMoody(t, reg, "/manifests/1", 3, func(w http.ResponseWriter, _ *http.Request, _ int) {
		wait.Done()
		<-all // each waits for the others, so sequential requests would block forever
		w.WriteHeader(http.StatusNotFound)
	})
	client = newClient(t, Options{})
	var done sync.WaitGroup
	for i := range 3 {
		done.Go(func() {
			err := manifest(t, client, fmt.Sprintf("%s/a/z%d:1", m.host, i))
			wantError(t, err, system.ErrUnusable, "no such image")
		})
	}
	done.Wait()
}

// A server that is not a registry is not reported as an error of TLS.
func TestNotARegistry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	for name, c := range map[string]struct {
		start func(*httptest.Server)
		code  int
		says  string
	}{
		"plain":           {(*httptest.Server).Start, 404, "the server is not a registry"},
		"plain, gone":     {(*httptest.Server).Start, 410, "410 Gone"},
		"plain, trouble":  {(*httptest.Server).Start, 500, "no success after 5 attempts"},
		"own certificate": {(*httptest.Server).StartTLS, 404, "certificate"},
	} {
		srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.code) }))
		srv.Config.ErrorLog = log.New(io.Discard, "", 0)
		c.start(srv)
		defer srv.Close()
		_, host, _ := strings.Cut(srv.URL, "://")
		err := manifest(t, newClient(t, Options{clock: new(testClock).clock()}), host+"/x:1")
		wantError(t, err, system.ErrUnusable, c.says, "registry "+host)
		if err != nil && c.says != "certificate" && (strings.Contains(err.Error(), "HTTPS") || strings.Contains(err.Error(), "tls")) {
			t.Errorf("%s: %v", name, err)
		}
		if errors.Is(err, ErrNoSuchImage) {
			t.Errorf("%s: reads as a missing image: %v", name, err)
		}
	}
}

// Redirects to private addresses are followed only if they are allowed.
func TestAllowRedirect(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	_, port, _ := strings.Cut(reg.Host, ":")
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/blobs/") {
			http.Redirect(w, r, "http://localhost:"+port+r.URL.Path, http.StatusTemporaryRedirect)
			return
		}
		reg.ServeHTTP(w, r)
	}))
	defer front.Close()
	x := strings.Replace(ref, reg.Host, strings.TrimPrefix(front.URL, "http://"), 1)
	err := fetch(t, newClient(t, Options{}), x)
	wantError(t, err, system.ErrUnusable, "private address localhost")
	if next := nextStep(err); !strings.Contains(next, "--allow-redirect") {
		t.Errorf("next step: %q", next)
	}
	for _, allow := range []string{"localhost", "localhost:" + port} {
		if err := fetch(t, newClient(t, Options{RedirectTo: []string{allow}}), x); err != nil {
			t.Error(err)
		}
	}
	err = fetch(t, newClient(t, Options{RedirectTo: []string{"localhost:1", "127.0.0.0/8", "10.0.0.1"}}), x)
	wantError(t, err, system.ErrUnusable, "private address")

	for _, bad := range []string{"", "http://10.0.0.1", "10.0.0.0/33", "a b", "*"} {
		_, err := New(Options{RedirectTo: []string{bad}})
		if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), fmt.Sprintf("--allow-redirect: %q", bad)) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	in, err := parseAllowances([]string{"10.1.0.0/16", "[fd00::1]", "minio.localhost:9000"})
	if err != nil {
		t.Fatal(err)
	}
	for u, forbidden := range map[string]bool{
		"https://10.1.2.3/": false, "https://10.2.0.1/": true, "https://[fd00::1]:5000/": false, "https://[fd00::2]/": true,
		"https://[::ffff:10.1.2.3]/": false, "https://[::ffff:10.2.2.3]/": true, "https://[fe80::1%25eth0]/": true, "https://0.0.0.0/": true,
		"https://100.64.0.1/": true, "https://LOCALHOST/": true, "https://localhost./": true, "https://minio.localhost:9000/": false,
		"https://minio.localhost/": true, "https://example.org/": false, "https://8.8.8.8/": false,
	} {
		if in.forbids(httptest.NewRequest(http.MethodGet, u, nil).URL) != forbidden {
			t.Errorf("%s: forbidden %v", u, !forbidden)
		}
	}
}

// Pings and token requests do not reach private addresses either.
func TestGuardAllowsNamedHosts(t *testing.T) {
	r := newClient(t, Options{})
	r.hosts.name("10.0.0.1:5000")
	for u, ok := range map[string]bool{"https://10.0.0.1:5000/v2/": true, "https://10.0.0.2/v2/": false, "https://169.254.169.254/token": false} {
		r.base.(*guard).next = roundTripper(func(req *http.Request) (*http.Response, error) {
			return httptest.NewRecorder().Result(), nil
		})
		if _, err := r.base.RoundTrip(httptest.NewRequest(http.MethodGet, u, nil)); (err == nil) != ok {
			t.Errorf("%s: %v", u, err)
		}
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
