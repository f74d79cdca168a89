// Package service sends requests to the services of keyless signing: identity
// providers, certificate authorities, timestamp authorities and transparency logs.
// A busy service is asked again, and every error names the service.
package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

const (
	// maxAnswer is the largest answer of a service. Certificates, timestamps and
	// log entries have some KiB.
	maxAnswer = 4 << 20
	// hang is how long one request may take. A busy transparency log needs seconds.
	hang = 5 * time.Minute
	// attempts is how often a busy service is asked.
	attempts = 6
	// maxDelay is the longest pause before the next attempt.
	maxDelay = 2 * time.Minute
)

// Client is an HTTP client for one service.
type Client struct {
	// Name of the service in errors: "the certificate authority".
	Name string
	// Base sends the requests; nil means http.DefaultTransport.
	Base http.RoundTripper
	// Wait pauses before the next attempt; nil means Pause. Tests do not wait.
	Wait func(context.Context, time.Duration) error
	// Refusals returns answers with the codes 400 to 499 (except 429) to the caller,
	// who knows what they mean, instead of an error.
	Refusals bool
	// Hang is how long one request may take; 0 means 5 minutes.
	Hang time.Duration
}

// HTTP returns a client whose requests end with the context. An answer with an
// error code is an error (ErrUnusable), after the service was asked again if it was
// busy.
func (c Client) HTTP(ctx context.Context) *http.Client {
	return &http.Client{Transport: transport{c, ctx}}
}

// transport sends requests for a Client.
type transport struct {
	Client
	ctx context.Context
}

// RoundTrip implements http.RoundTripper.
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := CheckURL(req.URL); err != nil {
		return nil, t.failed(req, err, "correct its address")
	}
	for n := 1; ; n++ {
		resp, delay, err := t.once(req)
		if err == nil || delay < 0 || n == attempts {
			return resp, err
		}
		if werr := t.wait(max(delay, time.Second<<(n-1))); werr != nil {
			return nil, t.failed(req, werr, "run the command again")
		}
		if req.GetBody != nil {
			body, berr := req.GetBody()
			if berr != nil {
				return nil, berr
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
	}
}

// wait pauses.
func (t transport) wait(d time.Duration) error {
	d = min(d, maxDelay)
	if t.Wait != nil {
		return t.Wait(t.ctx, d)
	}
	return Pause(t.ctx, d)
}

// Pause waits until the time is over or the context ends.
func Pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// once sends a request and reads the whole answer. delay is how long to wait before
// the next attempt, or negative if another attempt has no purpose.
func (t transport) once(req *http.Request) (resp *http.Response, delay time.Duration, err error) {
	limit := t.Hang
	if limit == 0 {
		limit = hang
	}
	ctx, cancel := context.WithTimeoutCause(t.ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	stop := context.AfterFunc(req.Context(), cancel)
	defer stop()
	base := t.Base
	if base == nil {
		base = http.DefaultTransport
	}
	resp, err = base.RoundTrip(req.WithContext(ctx))
	if err == nil {
		defer resp.Body.Close()
		var body []byte
		body, err = bounded.Read(resp.Body, maxAnswer)
		resp.Body = io.NopCloser(bytes.NewReader(body))
		refused := t.Refusals && resp.StatusCode < 500 && resp.StatusCode != http.StatusTooManyRequests
		if err == nil && resp.StatusCode >= 400 && !refused {
			return nil, retryAfter(resp), t.answered(req, resp, body)
		}
	}
	switch {
	case err == nil:
		return resp, 0, nil
	case ctx.Err() != nil:
		return nil, -1, t.failed(req, context.Cause(ctx), "check the service, or run the command again")
	case errors.As(err, new(bounded.TooLarge)):
		return nil, -1, t.failed(req, err, "check its address")
	}
	// A connection that breaks may be a restart of the service. One that cannot be
	// made is not repeated: the address is wrong, or the service is down.
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return nil, -1, t.failed(req, err, "check its address, and the network")
	}
	return nil, 0, t.failed(req, err, "check the service, or run the command again")
}

// retryAfter says when to ask again after an answer with an error code, negative for
// never.
func retryAfter(resp *http.Response) time.Duration {
	switch resp.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
	default:
		return -1
	}
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, int(maxDelay/time.Second))) * time.Second
}

func (t transport) answered(req *http.Request, resp *http.Response, body []byte) error {
	next := "check the service, or run the command again later"
	switch resp.StatusCode {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		next = "check the identity token: its issuer, its audience and its time"
	case http.StatusNotFound:
		next = "check its address"
	}
	return t.failed(req, &answer{resp.StatusCode, excerpt(body)}, next)
}

// answer is an answer with an error code.
type answer struct {
	code int
	text string
}

func (a *answer) Error() string {
	what := fmt.Sprintf("it answered %d %s", a.code, http.StatusText(a.code))
	if a.text != "" {
		what += ": " + a.text
	}
	return what
}

// Code is the code of the answer that was an error, 0 if the service did not answer.
func Code(err error) int {
	var a *answer
	if errors.As(err, &a) {
		return a.code
	}
	return 0
}

// excerpt is the beginning of an answer, as one line of harmless text.
func excerpt(body []byte) string {
	const most = 300
	text := strings.Join(strings.Fields(string(body[:min(len(body), most)])), " ")
	return safetext.Clean(strings.ToValidUTF8(text, "\uFFFD"))
}

// failed is an error of the service. It has no query, which can have secrets.
func (t transport) failed(req *http.Request, cause error, next string) error {
	return system.Unusable("%s at %s://%s%s", t.Name, req.URL.Scheme, req.URL.Host, req.URL.Path).Because(cause).Suggest("%s", next)
}

// Cause returns the error of a Client without the text that net/http adds, so that
// the address is shown once.
func Cause(err error) error {
	var e *system.Error
	if errors.As(err, &e) {
		return e
	}
	return err
}

// CheckURL refuses the address of a service without TLS, except on this machine:
// an identity token could be read on the way.
func CheckURL(u *url.URL) error {
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("%q is not an https address", u.Redacted())
	case u.Hostname() == "localhost":
		return nil
	}
	if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is not encrypted: use https", u.Redacted())
}
