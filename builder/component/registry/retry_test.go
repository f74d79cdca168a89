package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// testClock does not wait, but records the waits.
type testClock struct {
	mu     sync.Mutex
	time   time.Time
	slept  []time.Duration
	timers []func()
}

func (c *testClock) clock() *clock {
	return &clock{
		now:    func() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.time },
		random: func() float64 { return 0.5 },
		sleep: func(ctx context.Context, d time.Duration) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.slept, c.time = append(c.slept, d), c.time.Add(d)
			return ctx.Err()
		},
		after: func(_ time.Duration, f func()) func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			at := len(c.timers)
			c.timers = append(c.timers, f)
			return func() bool {
				c.mu.Lock()
				defer c.mu.Unlock()
				armed := c.timers[at] != nil
				c.timers[at] = nil
				return armed
			}
		},
	}
}

// ring ends every running timer.
func (c *testClock) ring() {
	c.mu.Lock()
	var due []func()
	for i, f := range c.timers {
		if f != nil {
			due, c.timers[i] = append(due, f), nil
		}
	}
	c.mu.Unlock()
	for _, f := range due {
		f()
	}
}

func (c *testClock) sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}

// moody is a server in front of a registry. fault answers the first `fails` requests
// for paths that contain part. The server requires a token.
type moody struct {
	*httptest.Server
	host   string
	mu     sync.Mutex
	failed int
	asked  map[string]int // by part
}

func newMoody(t *testing.T, reg *ocitest.Registry, part string, fails int, fault func(http.ResponseWriter, *http.Request, int)) *moody {
	m := &moody{asked: map[string]int{}}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m.mu.Lock()
		hit := strings.HasSuffix(r.URL.Path, part) || part != pingPath && strings.Contains(r.URL.Path, part)
		if hit {
			m.asked[part]++
			m.failed++
		}
		n := m.failed
		m.mu.Unlock()
		switch {
		case hit && n <= fails:
			fault(w, r, n)
		case r.URL.Path == "/token":
			fmt.Fprint(w, `{"token": "pass"}`)
		case r.Header.Get("Authorization") != "Bearer pass":
			w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
			w.WriteHeader(http.StatusUnauthorized)
		default:
			reg.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(m.Close)
	m.host = strings.TrimPrefix(m.URL, "http://")
	return m
}

func status(code int, retryAfter string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(code)
	}
}

// hangUp closes a connection after some bytes of an answer, with an RST if reset is
// set.
func hangUp(reset bool, answer string) func(http.ResponseWriter, *http.Request, int) {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = c.Write([]byte(answer))
		if reset {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		c.Close()
	}
}

const begun = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"

// Every kind of request is repeated after every kind of temporary error.
func TestRetry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	faults := map[string]func(http.ResponseWriter, *http.Request, int){
		"no answer":      hangUp(false, ""),
		"reset":          hangUp(true, ""),
		"cut in header":  hangUp(false, "HTTP/1.1 200 OK\r\nContent-"),
		"cut in body":    hangUp(false, begun),
		"cut in a chunk": hangUp(false, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
		"slow down":      status(429, "2"),
		"slow down, now": status(429, ""),
	}
	for _, code := range []int{408, 500, 502, 503, 504} {
		faults[fmt.Sprint(code)] = status(code, "")
	}
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	for _, part := range []string{pingPath, "/token", "/manifests/", "/blobs/"} {
		for name, fault := range faults {
			t.Run(strings.Trim(part, "/")+" "+name, func(t *testing.T) {
				m := newMoody(t, reg, part, 2, fault)
				c := &testClock{}
				if err := fetch(t, newClient(t, Options{clock: c.clock()}), strings.Replace(ref, reg.Host, m.host, 1)); err != nil {
					t.Fatal(err)
				}
				// net/http itself repeats a request on a reused connection.
				if n := len(c.sleeps()); n < 1 || n > 2 {
					t.Errorf("slept %v", c.sleeps())
				}
			})
			t.Run(strings.Trim(part, "/")+" "+name+" for ever", func(t *testing.T) {
				m := newMoody(t, reg, part, 1000, fault)
				c := &testClock{}
				err := fetch(t, newClient(t, Options{clock: c.clock()}), strings.Replace(ref, reg.Host, m.host, 1))
				wantError(t, err, system.ErrUnusable, "registry "+m.host)
				if nextStep(err) == "" {
					t.Errorf("no next step: %v", err)
				}
				if n := m.asked[part]; n < attempts || n > attempts+1 {
					t.Errorf("asked %d times", n)
				}
			})
		}
	}
}

// Final answers are not requested again.
func TestNoRetry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	for _, code := range []int{400, 401, 403, 404, 405, 410, 416, 418, 501, 505} {
		m := newMoody(t, reg, "/manifests/", 1000, status(code, "1"))
		c := &testClock{}
		err := manifest(t, newClient(t, Options{clock: c.clock()}), strings.Replace(ref, reg.Host, m.host, 1))
		wantError(t, err, system.ErrUnusable)
		if len(c.sleeps()) != 0 || m.asked["/manifests/"] != 1 {
			t.Errorf("%d: slept %v, asked %v", code, c.sleeps(), m.asked)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	for s, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, " 7 ": 7 * time.Second, "-1": 0, "1.5": 0, "soon": 0, "+7": 0,
		"3600": longestWait, "99999999999999999999999": longestWait, "18446744073709551615": longestWait,
		"Mon, 30 Nov 2026 12:00:09 GMT":  9 * time.Second,
		"Monday, 30-Nov-26 12:00:09 GMT": 9 * time.Second,
		"Mon Nov 30 12:00:09 2026":       9 * time.Second,
		"Mon, 30 Nov 2026 11:00:00 GMT":  0,
		"Tue, 30 Nov 2027 12:00:00 GMT":  longestWait,
	} {
		if got := retryAfter(s, now); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
	// Waits double up to a limit. A server can request a longer wait.
	random := 0.0
	c := &clock{random: func() float64 { return random }}
	for attempt, want := range map[int]time.Duration{1: firstWait / 2, 2: firstWait, 3: 2 * firstWait, 12: longestWait / 2} {
		if got := c.wait(attempt, 0); got != want {
			t.Errorf("attempt %d: %v, want %v", attempt, got, want)
		}
	}
	random = 0.999
	if got := c.wait(1, 0); got <= firstWait*9/10 || got > firstWait {
		t.Errorf("with jitter: %v", got)
	}
	if c.wait(1, 9*time.Second) != 9*time.Second || c.wait(1, time.Hour) != longestWait {
		t.Error("the wait that the server requests is ignored")
	}
}

// A server can request a wait until a date.
func TestRetryAfterDate(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	c := &testClock{time: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	m := newMoody(t, reg, "/manifests/", 1, status(503, "Mon, 30 Nov 2026 12:00:20 GMT"))
	if err := fetch(t, newClient(t, Options{clock: c.clock()}), strings.Replace(ref, reg.Host, m.host, 1)); err != nil {
		t.Fatal(err)
	}
	if s := c.sleeps(); len(s) != 1 || s[0] != 20*time.Second {
		t.Errorf("slept %v", s)
	}
}

// Some errors before there is a connection are temporary.
func TestTransient(t *testing.T) {
	req := httptest.NewRequest(http.MethodGet, "https://reg.example/v2/", nil)
	dns := func(e net.DNSError) error { return &net.OpError{Op: "dial", Err: &e} }
	for name, c := range map[string]struct {
		err  error
		want bool
	}{
		"name servers in trouble": {dns(net.DNSError{IsTemporary: true}), true},
		"no such host":            {dns(net.DNSError{IsNotFound: true}), false},
		"name servers silent":     {dns(net.DNSError{IsTimeout: true, IsTemporary: true}), false},
		"anything else":           {errors.New("x509: unknown authority"), false},
	} {
		r := newClient(t, Options{clock: new(testClock).clock()})
		n := 0
		r.base.(*guard).next = roundTripper(func(*http.Request) (*http.Response, error) { n++; return nil, c.err })
		_, err := r.pings.RoundTrip(req)
		if err == nil || n > 1 != c.want {
			t.Errorf("%s: asked %d times: %v", name, n, err)
		}
	}
}
