package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

const cargo = "bytes of a file, sent to a registry"

// ship uploads cargo.
func ship(r *Client, q oci.Reference) (bool, error) {
	d := oci.Descriptor{Digest: digests.Of([]byte(cargo)), Size: int64(len(cargo))}
	return r.Upload(context.Background(), q, d, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(cargo)), nil })
}

// front serves reg, except for requests that first answers: the nth request of each
// method, counted from 1.
func front(t *testing.T, reg http.Handler, first func(w http.ResponseWriter, r *http.Request, n int) bool) string {
	t.Helper()
	var mu sync.Mutex
	count := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		count[r.Method]++
		n := count[r.Method]
		mu.Unlock()
		if r.URL.Path == pingPath || !first(w, r, n) {
			reg.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestUpload(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	for name, c := range map[string]struct {
		first func(w http.ResponseWriter, r *http.Request, n int) bool
		slept int // waits
		says  string
	}{
		"nothing": {first: func(http.ResponseWriter, *http.Request, int) bool { return false }},
		"busy at first": {slept: 2, first: func(w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPost && n < 3 {
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusTooManyRequests)
				return true
			}
			return false
		}},
		"always busy": {slept: 4, says: "no success after 5 attempts", first: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}},
		"cut": {slept: 2, first: func(_ http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPut && n < 3 {
				_, _ = io.CopyN(io.Discard, r.Body, 3)
				panic(http.ErrAbortHandler)
			}
			return false
		}},
		"always cut": {slept: 4, says: "no success after 5 attempts", first: func(_ http.ResponseWriter, r *http.Request, _ int) bool {
			if r.Method == http.MethodPut {
				panic(http.ErrAbortHandler)
			}
			return false
		}},
		"busy, then the bytes are there twice": {slept: 2, first: func(w http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPut && n < 3 {
				w.WriteHeader(map[int]int{1: http.StatusServiceUnavailable, 2: http.StatusBadRequest}[n])
				return true
			}
			return false
		}},
		"private address": {says: "private address", first: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.Method == http.MethodPost {
				w.Header().Set("Location", "https://169.254.169.254/upload")
				w.WriteHeader(http.StatusAccepted)
			}
			return r.Method == http.MethodPost
		}},
		"no location": {says: "without a valid Location", first: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			if r.Method == http.MethodPost {
				w.WriteHeader(http.StatusAccepted)
			}
			return r.Method == http.MethodPost
		}},
		"denied": {says: "denies access to a/x", first: func(w http.ResponseWriter, r *http.Request, _ int) bool {
			w.WriteHeader(http.StatusForbidden)
			return true
		}},
	} {
		t.Run(name, func(t *testing.T) {
			reg := ocitest.NewRegistry(t)
			clock := &testClock{}
			r := newClient(t, Options{clock: clock.clock()})
			q := parse(t, front(t, reg, c.first)+"/a/x:1")
			sent, err := ship(r, q)
			if len(clock.slept) != c.slept {
				t.Errorf("waits: %v, want %d", clock.slept, c.slept)
			}
			if c.says != "" {
				wantError(t, err, system.ErrUnusable, c.says)
				return
			}
			if err != nil || !sent {
				t.Fatal(sent, err)
			}
			if name == "busy at first" && clock.slept[0] != 7*time.Second {
				t.Errorf("waits: %v", clock.slept)
			}
			if sent, err := ship(r, q); err != nil || sent {
				t.Errorf("sent again: %v, %v", sent, err)
			}
		})
	}
}

// A file that changed, or that cannot be read, is not a fault of the registry.
func TestUploadSource(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	clock := &testClock{}
	r := newClient(t, Options{clock: clock.clock()})
	q := parse(t, reg.Host+"/a/x:1")
	d := oci.Descriptor{Digest: digests.Of([]byte(cargo)), Size: int64(len(cargo))}
	for _, content := range []string{"", cargo[1:], cargo + "x", strings.ToUpper(cargo)} {
		_, err := r.Upload(context.Background(), q, d, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil })
		wantError(t, err, system.ErrMismatch, d.Digest)
	}
	broken := errors.New("the disk is broken")
	if _, err := r.Upload(context.Background(), q, d, func() (io.ReadCloser, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Error(err)
	}
	if len(clock.slept) > 0 {
		t.Errorf("waits: %v", clock.slept)
	}
	if sent, err := r.Upload(context.Background(), q, oci.Descriptor{Digest: digests.Of(nil)}, nil); err != nil || !sent {
		t.Errorf("an empty file: %v, %v", sent, err)
	}
}

// Writing uses the credentials of docker login.
func TestUploadLogin(t *testing.T) {
	reg := ocitest.NewRegistry(t)
	reg.Require("me", "secret")
	q := parse(t, reg.Host+"/a/x:1")
	ocitest.DockerConfig(t, reg.Host, "me", "wrong")
	_, err := ship(newClient(t, Options{}), q)
	wantError(t, err, system.ErrUnusable, "denies access")
	if next := nextStep(err); !strings.Contains(next, "docker login "+reg.Host) {
		t.Error(next)
	}
	ocitest.DockerConfig(t, reg.Host, "me", "secret")
	r := newClient(t, Options{})
	if sent, err := ship(r, q); err != nil || !sent {
		t.Error(sent, err)
	}
	raw := []byte(`{"schemaVersion":2}`)
	if err := r.PutManifest(context.Background(), q, oci.TypeManifest, raw); err != nil {
		t.Error(err)
	}
	if _, got, err := r.Manifest(context.Background(), q); err != nil || string(got) != string(raw) {
		t.Errorf("%s, %v", got, err)
	}
}

// A manifest is sent again after a cut connection.
func TestPutManifest(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	for most, says := range map[int]string{3: "", 100: "no success after 5 attempts"} {
		clock := &testClock{}
		host := front(t, ocitest.NewRegistry(t), func(_ http.ResponseWriter, r *http.Request, n int) bool {
			if r.Method == http.MethodPut && n < most {
				panic(http.ErrAbortHandler)
			}
			return false
		})
		err := newClient(t, Options{clock: clock.clock()}).PutManifest(context.Background(), parse(t, host+"/a/x:1"), oci.TypeManifest, []byte("{}"))
		if says != "" {
			wantError(t, err, system.ErrUnusable, says)
		} else if err != nil || len(clock.slept) != 2 {
			t.Error(clock.slept, err)
		}
	}
}

// A list of referrers can have several pages, but only on the same server.
func TestReferrersOfType(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	digest := digests.Of(nil)
	for name, c := range map[string]struct {
		link  func(n int) string
		pages int
	}{
		"one": {func(int) string { return "" }, 1},
		"three": {func(n int) string {
			return map[int]string{1: `</v2/a/x/referrers/next?n=2>; rel="next"`, 2: `<next?n=3>; rel="next"`}[n]
		}, 3},
		"another":        {func(int) string { return `<https://example.org/v2/>; rel="next"` }, 1},
		"not a link":     {func(int) string { return `v2; rel="next"` }, 1},
		"other rel":      {func(int) string { return `</v2/a/x/referrers/next>; rel="prev"` }, 1},
		"without an end": {func(n int) string { return fmt.Sprintf(`<next?n=%d>; rel="next"`, n) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			host := front(t, ocitest.NewRegistry(t), func(w http.ResponseWriter, r *http.Request, n int) bool {
				if r.Method != http.MethodGet {
					return false
				}
				if l := c.link(n - 1); l != "" { // the ping is the first GET
					w.Header().Set("Link", l)
				}
				fmt.Fprintf(w, `{"page":%d}`, n)
				return true
			})
			pages, err := newClient(t, Options{}).ReferrersOfType(context.Background(), parse(t, host+"/a/x:1"), digest, "application/x")
			if len(pages) != c.pages || (err != nil) != (c.pages == 0) { // a part of a list is not a list
				t.Errorf("%d pages, want %d; %v", len(pages), c.pages, err)
			}
		})
	}
	for status, want := range map[int]error{404: ErrNoReferrers, 400: ErrNoReferrers, 405: ErrNoReferrers, 403: system.ErrUnusable} {
		host := front(t, ocitest.NewRegistry(t), func(w http.ResponseWriter, _ *http.Request, _ int) bool {
			w.WriteHeader(status)
			return true
		})
		if _, err := newClient(t, Options{}).ReferrersOfType(context.Background(), parse(t, host+"/a/x:1"), digest, "application/x"); !errors.Is(err, want) {
			t.Errorf("%d: %v", status, err)
		}
	}
}
