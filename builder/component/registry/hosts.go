package registry

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"
)

// hosts is the state of the servers. The key is scheme and host: a server may
// answer over plain HTTP only.
type hosts struct {
	mu    sync.Mutex
	named map[string]bool  // host names from the user
	heard map[string]bool  // have answered
	late  map[string]error // did not answer in time
}

func newHosts() *hosts {
	return &hosts{named: map[string]bool{}, heard: map[string]bool{}, late: map[string]error{}}
}

func hostKey(u *url.URL) string { return u.Scheme + "://" + u.Host }

// name records that the user named a registry (HOST or HOST:PORT).
func (h *hosts) name(registry string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.named[(&url.URL{Host: registry}).Hostname()] = true
}

func (h *hosts) isNamed(host string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.named[host]
}

func (h *hosts) answered(u *url.URL) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.heard[hostKey(u)] = true
}

func (h *hosts) hasAnswered(u *url.URL) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.heard[hostKey(u)]
}

// giveUp records a time-out: no other request waits for this server.
func (h *hosts) giveUp(u *url.URL, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if first := h.late[hostKey(u)]; first != nil {
		return first
	}
	h.late[hostKey(u)] = err
	return err
}

func (h *hosts) gaveUp(u *url.URL) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.late[hostKey(u)]
}

// refused is an error of this package, not of the network: the same request always
// fails.
type refused struct{ error }

func (r *refused) Unwrap() error { return r.error }

func newRefused(format string, args ...any) error { return &refused{fmt.Errorf(format, args...)} }

// guard refuses plain HTTP unless it is allowed: go-containerregistry would use it
// for a private address or after a redirect. It refuses addresses of this machine
// or its network that the user did not name. It limits the wait for every answer:
// a blob, a token or an error. After a time-out, no request waits for that server.
type guard struct {
	next  http.RoundTripper
	plain func(string) bool
	inner *inward
	hosts *hosts
	clock *clock
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !g.plain(req.URL.Host) {
		return nil, newRefused("%s is not https", req.URL.Redacted())
	}
	if host := req.URL.Hostname(); !g.hosts.isNamed(host) && g.inner.forbids(req.URL) {
		return nil, newRefused("the registry redirects to the private address %s", host)
	}
	if err := g.hosts.gaveUp(req.URL); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	patience := stall
	if req.URL.Path == pingPath {
		patience = pingStall
	}
	stop := func() bool { return true }
	if req.Body == nil || req.Body == http.NoBody { // else the transport measures from the last byte sent
		stop = g.clock.after(patience, cancel)
	}
	res, err := g.next.RoundTrip(req.WithContext(ctx))
	late := !stop() && req.Context().Err() == nil
	if err != nil {
		cancel()
		var timeout net.Error
		if late || errors.As(err, &timeout) && timeout.Timeout() && req.Context().Err() == nil {
			err = g.hosts.giveUp(req.URL, g.silent(req.URL, err, late, patience))
		}
		return nil, err
	}
	p := newPatient(res.Body, cancel, stall)
	p.onLate = func(err error) error { return g.hosts.giveUp(req.URL, &refused{err}) }
	res.Body = p
	return res, nil
}

// silent is the error of a server that does not answer. Unlike the errors of net,
// it is not a context.DeadlineExceeded: the caller's context has not ended.
func (g *guard) silent(u *url.URL, err error, late bool, patience time.Duration) error {
	if late {
		return newRefused("%s did not answer for %v", u.Host, patience)
	}
	return newRefused("%v", err)
}

// inward decides which addresses belong to this machine or its network, and to
// which of them a registry may redirect.
type inward struct{ allowed []allowance }

// allowance is one value of Options.RedirectTo.
type allowance struct {
	host string // HOST, or HOST:PORT
	net  netip.Prefix
}

// parseAllowances reads Options.RedirectTo.
func parseAllowances(list []string) (*inward, error) {
	in := &inward{}
	var errs []error
	for _, s := range list {
		var a allowance
		if p, err := netip.ParsePrefix(s); err == nil {
			a.net = p.Masked()
		} else if ip, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
			a.net = netip.PrefixFrom(ip, ip.BitLen())
		} else if u := (&url.URL{Host: s}); s != "" && u.Hostname() != "" && !strings.ContainsAny(s, "/@?#* ") {
			a.host = s
		} else {
			errs = append(errs, fmt.Errorf("%q is not a host, address or network", s))
			continue
		}
		in.allowed = append(in.allowed, a)
	}
	return in, errors.Join(errs...)
}

// forbids reports whether u is inward and not allowed.
func (in *inward) forbids(u *url.URL) bool {
	host := u.Hostname()
	ip, err := netip.ParseAddr(strings.TrimSuffix(host, "."))
	ip = ip.Unmap().WithZone("")
	local := isLocalName(host)
	if err != nil && !local || err == nil && !isInward(ip) {
		return false
	}
	for _, a := range in.allowed {
		if a.host != "" && (a.host == host || a.host == u.Host) || a.net.IsValid() && err == nil && a.net.Contains(ip) {
			return false
		}
	}
	return true
}

func isLocalName(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

func isInward(ip netip.Addr) bool {
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast() ||
		netip.MustParsePrefix("100.64.0.0/10").Contains(ip) // RFC 6598
}

// onlyOutward refuses a redirect to an address of this machine or its network: a
// registry must not cause requests that it cannot send itself.
func (in *inward) onlyOutward(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return newRefused("more than 5 redirects")
	}
	from, to := via[0].URL.Hostname(), req.URL.Hostname()
	if from != to && in.forbids(req.URL) {
		return newRefused("redirect from %s to the private address %s", from, to)
	}
	return nil
}

// pingPath is the address for a ping. The answer says how to log in.
const pingPath = "/v2/"

// pings asks each server only once whether it is a registry, for all repositories.
type pings struct {
	next http.RoundTripper

	mu  sync.Mutex
	all map[string]*ping
}

type ping struct {
	mu   sync.Mutex
	done bool
	res  http.Response
	body []byte
	err  error
}

func (p *pings) of(scheme, host string) *ping {
	p.mu.Lock()
	defer p.mu.Unlock()
	key := scheme + "://" + host
	if p.all[key] == nil {
		p.all[key] = &ping{}
	}
	return p.all[key]
}

// failed is the error of a ping, nil without one.
func (p *pings) failed(scheme, host string) error {
	one := p.of(scheme, host)
	one.mu.Lock()
	defer one.mu.Unlock()
	return one.err
}

// usePlainHTTP records that a server uses plain HTTP.
func (p *pings) usePlainHTTP(host string) {
	one := p.of("https", host)
	one.mu.Lock()
	defer one.mu.Unlock()
	if !one.done {
		one.done, one.err = true, newRefused("%s uses plain HTTP", host)
	}
}

func (p *pings) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet || req.URL.Path != pingPath {
		return p.next.RoundTrip(req)
	}
	one := p.of(req.URL.Scheme, req.URL.Host)
	one.mu.Lock()
	defer one.mu.Unlock()
	if !one.done {
		res, err := p.next.RoundTrip(req)
		if err == nil {
			one.body, err = io.ReadAll(io.LimitReader(res.Body, readAhead))
			res.Body.Close()
			one.res = *res
		}
		if req.Context().Err() != nil {
			return nil, req.Context().Err() // the server is not the reason
		}
		one.done, one.err = true, err
	}
	if one.err != nil {
		return nil, one.err
	}
	res := one.res
	res.Header, res.Request = one.res.Header.Clone(), req
	res.Body = io.NopCloser(bytes.NewReader(one.body))
	return &res, nil
}
