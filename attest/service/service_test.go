package service_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// post sends a request to a server that answers with handle, and returns the answer,
// the pauses, and how often the server was asked.
func post(ctx context.Context, t *testing.T, c service.Client, handle func(n int, w http.ResponseWriter, r *http.Request)) (body string, pauses []time.Duration, asked int, err error) {
	t.Helper()
	var n atomic.Int32
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := io.ReadAll(r.Body)
		if err != nil || string(got) != "question" {
			t.Errorf("request %d has body %q, %v", n.Load(), got, err)
		}
		handle(int(n.Add(1)), w, r)
	}))
	defer s.Close()
	c.Name = "the log"
	c.Wait = func(ctx context.Context, d time.Duration) error {
		pauses = append(pauses, d)
		return ctx.Err()
	}
	resp, err := c.HTTP(ctx).Post(s.URL+"/add?secret=hidden", "text/plain", bytes.NewReader([]byte("question")))
	if err == nil {
		defer resp.Body.Close()
		var raw []byte
		raw, err = io.ReadAll(resp.Body)
		body = string(raw)
	}
	return body, pauses, int(n.Load()), service.Cause(err)
}

func TestBusyServices(t *testing.T) {
	t.Parallel()
	body, pauses, asked, err := post(t.Context(), t, service.Client{}, func(n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 1:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 3:
			panic(http.ErrAbortHandler) // the connection breaks
		default:
			_, _ = io.WriteString(w, "answer")
		}
	})
	if err != nil || body != "answer" || asked != 4 || len(pauses) != 3 || pauses[0] != 7*time.Second || pauses[1] != 2*time.Second {
		t.Errorf("%q, %v, asked %d, %v", body, pauses, asked, err)
	}
}

func TestErrorsNameTheService(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	for name, c := range map[string]struct {
		client service.Client
		handle func(n int, w http.ResponseWriter, r *http.Request)
		want   string
		asked  int
	}{
		"429 always": {handle: func(_ int, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "slow\ndown", http.StatusTooManyRequests)
		}, want: "it answered 429 Too Many Requests: slow down", asked: 6},
		"401": {handle: func(_ int, w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "\x1b[31mno", http.StatusUnauthorized)
		},
			want: `it answered 401 Unauthorized: \x1b[31mno`, asked: 1},
		"500": {handle: func(_ int, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			want: "it answered 500 Internal Server Error", asked: 1},
		"too much": {handle: func(_ int, w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(make([]byte, 5<<20))
		}, want: "larger than 4 MiB", asked: 1},
		"hangs": {client: service.Client{Hang: 200 * time.Millisecond}, handle: func(_ int, w http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}, want: "no answer within 200ms", asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, asked, err := post(t.Context(), t, c.client, c.handle)
			var e *system.Error
			if !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "the log at http://127.0.0.1:") || !strings.Contains(err.Error(), c.want) ||
				strings.Contains(err.Error(), "hidden") || asked > c.asked || c.client.Hang == 0 && asked != c.asked || !errors.As(err, &e) || e.Next == "" {
				t.Errorf("asked %d: %v", asked, err)
			}
		})
	}
}

// A refusal can be an answer.
func TestRefusals(t *testing.T) {
	t.Parallel()
	body, _, _, err := post(t.Context(), t, service.Client{Refusals: true}, func(_ int, w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, "not yet")
	})
	if err != nil || body != "not yet" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestServiceIsDown(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(nil)
	s.Close()
	c := service.Client{Name: "the log", Wait: func(context.Context, time.Duration) error {
		t.Error("a service that is down is asked again")
		return nil
	}}
	_, err := c.HTTP(t.Context()).Get(s.URL)
	if err = service.Cause(err); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "connection refused") {
		t.Error(err)
	}
}

// The end of the program ends a request, and a pause.
func TestCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	_, _, asked, err := post(ctx, t, service.Client{}, func(_ int, w http.ResponseWriter, r *http.Request) {
		cancel(errors.New("interrupted"))
		<-r.Context().Done()
	})
	if asked != 1 || err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("asked %d: %v", asked, err)
	}
	if err := service.Pause(ctx, time.Hour); err == nil || err.Error() != "interrupted" {
		t.Errorf("pause: %v", err)
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://fulcio.example.org": true, "http://127.0.0.1:5555": true, "http://[::1]:80": true, "http://localhost:1": true,
		"http://fulcio.example.org": false, "http://10.0.0.1": false, "http://localhost.example.org": false, "file:///x": false, "fulcio.example.org": false,
	} {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		if err := service.CheckURL(u); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	c := service.Client{Name: "the log"}
	if _, err := c.HTTP(t.Context()).Get("http://log.example.org/?x=1"); err == nil || !strings.Contains(err.Error(), "is not encrypted") {
		t.Error(err)
	}
}
