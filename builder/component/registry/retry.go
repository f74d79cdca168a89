package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The number of attempts, and the waits between them. The transport of
// go-containerregistry ignores Retry-After, and its waits do not end with the
// context.
const (
	attempts  = 5
	firstWait = 500 * time.Millisecond
	// longestWait limits a single wait, including one that a server requests.
	longestWait = 30 * time.Second
	// readAhead is the part of a body that is read before the response is returned.
	// Tokens, pings and most manifests are shorter: they arrive complete, or
	// are requested again.
	readAhead = 64 << 10
)

// clock is the time for waits. Tests have a clock that does not wait.
type clock struct {
	now    func() time.Time
	sleep  func(context.Context, time.Duration) error
	after  func(time.Duration, func()) (stop func() bool)
	random func() float64 // in [0, 1)
}

func realClock() *clock {
	return &clock{now: time.Now, random: rand.Float64,
		after: func(d time.Duration, f func()) func() bool { return time.AfterFunc(d, f).Stop },
		sleep: func(ctx context.Context, d time.Duration) error {
			t := time.NewTimer(d)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		}}
}

// wait is the wait after a failed attempt (1 is the first). It doubles each time,
// and half of it is random, so that many clients do not return at once. A server
// can request a longer wait, up to longestWait.
func (c *clock) wait(attempt int, asked time.Duration) time.Duration {
	d := min(firstWait<<(attempt-1), longestWait)
	d = d/2 + time.Duration(c.random()*float64(d/2))
	return min(max(d, asked), longestWait)
}

// retrying repeats a request if the server is busy or the connection was cut.
type retrying struct {
	next  http.RoundTripper
	hosts *hosts
	clock *clock
}

func (t *retrying) RoundTrip(req *http.Request) (*http.Response, error) {
	for attempt := 1; ; attempt++ {
		res, again, err := t.once(req)
		if again && attempt == attempts && err != nil {
			err = fmt.Errorf("no success after %d attempts: %w", attempts, err)
		}
		if !again || attempt == attempts || req.Context().Err() != nil {
			return res, err
		}
		var asked time.Duration
		if res != nil {
			asked = retryAfter(res.Header.Get("Retry-After"), t.clock.now())
			res.Body.Close()
		}
		if err := t.clock.sleep(req.Context(), t.clock.wait(attempt, asked)); err != nil {
			return nil, err
		}
	}
}

// once sends one request. again reports whether repeating it can help.
func (t *retrying) once(req *http.Request) (res *http.Response, again bool, err error) {
	connected := false
	ctx := httptrace.WithClientTrace(req.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected = true }})
	try := req.Clone(ctx)
	if req.GetBody != nil {
		if try.Body, err = req.GetBody(); err != nil {
			return nil, false, err
		}
	}
	repeatable := req.Body == nil || req.Body == http.NoBody || req.GetBody != nil
	if res, err = t.next.RoundTrip(try); err != nil {
		return nil, repeatable && safe(req) && t.transient(req, err, connected), err
	}
	res.Request = req
	t.hosts.answered(req.URL)
	if err := readWhole(res); err != nil {
		res.Body.Close()
		return nil, repeatable && safe(req) && t.transient(req, err, true), err
	}
	return res, repeatable && busy(res.StatusCode), nil
}

// busy reports whether the server may answer later.
func busy(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// safe reports whether a request can be repeated without effect. This includes the
// form that requests a token. The caller of an upload starts it again itself.
func safe(req *http.Request) bool {
	return req.Method == http.MethodGet || req.Method == http.MethodHead ||
		strings.HasPrefix(req.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

// transient reports whether the next attempt may succeed. After a connection was
// made, every error may be a cut. Before that, a host that has answered once may
// answer again. Time-outs are not repeated because they cost too much time, and
// refusals are not repeated because they are final.
func (t *retrying) transient(req *http.Request, err error, connected bool) bool {
	var refusal *refused
	var timeout net.Error
	var dns *net.DNSError
	switch {
	case req.Context().Err() != nil || errors.As(err, &refusal) || errors.As(err, &timeout) && timeout.Timeout():
		return false
	case connected, cut(err):
		return true
	case errors.As(err, &dns):
		return dns.IsTemporary && !dns.IsNotFound
	}
	return errors.Is(err, syscall.ECONNREFUSED) && t.hosts.hasAnswered(req.URL)
}

// cut reports whether a connection ended too early, also in a TLS handshake. The
// transport closes a connection on which the server hung up, so that a write to it
// can fail with net.ErrClosed.
func cut(err error) bool {
	for _, e := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// readWhole reads the first bytes of a body, so that a short body cannot be cut
// later.
func readWhole(res *http.Response) error {
	head, err := io.ReadAll(io.LimitReader(res.Body, readAhead))
	if err != nil {
		return err
	}
	res.Body = &headed{io.MultiReader(bytes.NewReader(head), res.Body), res.Body}
	return nil
}

type headed struct {
	io.Reader
	io.Closer
}

// retryAfter reads the header: seconds, or a date. Any other value is 0.
func retryAfter(s string, now time.Time) time.Duration {
	s = strings.TrimSpace(s)
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return time.Duration(min(n, uint64(longestWait/time.Second))) * time.Second
	} else if errors.Is(err, strconv.ErrRange) && strings.Trim(s, "0123456789") == "" {
		return longestWait
	}
	if at, err := http.ParseTime(s); err == nil {
		return min(max(at.Sub(now), 0), longestWait)
	}
	return 0
}
