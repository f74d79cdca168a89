package registry

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/keyed"
)

// Options say how registries are asked.
type Options struct {
	// Insecure reports whether a registry (HOST or HOST:PORT) may be asked over
	// plain HTTP; nil: none may. A loopback registry always may.
	Insecure func(host string) bool
	// RedirectTo are the hosts, addresses and networks (HOST, HOST:PORT, IP,
	// CIDR) on this machine or its network to which a registry may redirect. A
	// registry that the user named needs no entry.
	RedirectTo []string
	// Offline: Fetch asks no server.
	Offline bool

	clock *clock // nil is the real one
}

// maxManifest is the most bytes of a manifest, index or list of referrers.
const maxManifest = 4 << 20

// Client sends requests to registries. go-containerregistry logs in with the
// credentials that docker login has stored. Manifests and blobs are fetched by
// this package, so that limits apply and each byte is hashed once. The
// transports of this package are below those of go-containerregistry: each
// server is pinged once, failed requests are repeated, and guard is the lowest.
type Client struct {
	insecure func(host string) bool
	offline  bool
	clock    *clock
	hosts    *hosts
	inner    *inward
	base     http.RoundTripper // guard
	pings    *pings            // over retrying, over base

	sessions keyed.Map[session] // by repository
	writers  keyed.Map[session] // the same, for writing
	schemes  keyed.Map[scheme]  // by registry
}

// session is the access to one repository.
type session struct {
	http *http.Client
	base string // URL of the repository
	err  error
}

// scheme is HTTPS or plain HTTP, for one registry.
type scheme struct {
	plain bool
	known bool
	err   error
}

// New checks the options. It asks no server.
func New(o Options) (*Client, error) {
	inner, err := parseAllowances(o.RedirectTo)
	if err != nil {
		return nil, system.BadInput("--allow-redirect: %v", err).Suggest("write a host, address or network, such as 10.0.0.0/8")
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = stall
	c := &Client{insecure: o.Insecure, offline: o.Offline, clock: o.clock, hosts: newHosts(), inner: inner}
	if c.clock == nil {
		c.clock = realClock()
	}
	c.base = &guard{next: base, plain: c.plain, inner: inner, hosts: c.hosts, clock: c.clock}
	c.pings = &pings{next: &retrying{next: c.base, hosts: c.hosts, clock: c.clock}, all: map[string]*ping{}}
	return c, nil
}

// plain reports whether host may be asked without TLS.
func (r *Client) plain(host string) bool {
	h := host
	if only, _, err := net.SplitHostPort(host); err == nil {
		h = only
	}
	if ip := net.ParseIP(strings.Trim(h, "[]")); h == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	return r.insecure != nil && r.insecure(host)
}

// repository is the repository of q for go-containerregistry. It may use plain
// HTTP where this package may.
func (r *Client) repository(q oci.Reference) (name.Repository, error) {
	r.hosts.name(q.Registry)
	var opts []name.Option
	if r.plain(q.Registry) {
		opts = append(opts, name.Insecure)
	}
	repo, err := name.NewRepository(q.Registry+"/"+q.Repository, opts...)
	if err == nil {
		r.hosts.name(repo.RegistryStr()) // docker.io has another host name
	}
	return repo, err
}

// session logs in to a repository, once. Other repositories do not wait for it.
func (r *Client) session(ctx context.Context, q oci.Reference) (*session, error) {
	return r.logged(ctx, q, &r.sessions, transport.PullScope)
}

// logged logs in for one kind of access, and keeps the session in all.
func (r *Client) logged(ctx context.Context, q oci.Reference, all *keyed.Map[session], scope string) (*session, error) {
	repo, err := r.repository(q)
	if err != nil {
		return nil, err
	}
	c, unlock := all.Lock(repo.Name())
	defer unlock()
	if c.http == nil && c.err == nil {
		if err := r.login(ctx, q, repo, scope, c); err != nil {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			c.err = err
		}
	}
	return c, c.err
}

func (r *Client) login(ctx context.Context, q oci.Reference, repo name.Repository, access string, c *session) error {
	auth, err := authn.Resolve(ctx, authn.DefaultKeychain, repo)
	if err != nil {
		return system.Unusable("the credentials for %s cannot be read", q.Registry).Because(err).Suggest("check the Docker configuration that docker login writes")
	}
	scheme := "https"
	if plain, err := r.scheme(ctx, q, repo.Registry); err != nil {
		return err
	} else if plain {
		scheme = "http"
	}
	t, err := transport.NewWithContext(ctx, repo.Registry, auth, r.pings, []string{repo.Scope(access)})
	if err != nil {
		return registryError(ctx, q, err)
	}
	c.http = &http.Client{Transport: t, CheckRedirect: r.inner.onlyOutward}
	c.base = fmt.Sprintf("%s://%s%s%s/", scheme, repo.RegistryStr(), pingPath, repo.RepositoryStr())
	return nil
}

// scheme finds out, once, whether a registry uses plain HTTP. TLS is tried first,
// even if plain HTTP is allowed.
func (r *Client) scheme(ctx context.Context, q oci.Reference, reg name.Registry) (plain bool, err error) {
	s, unlock := r.schemes.Lock(q.Registry)
	defer unlock()
	if s.known {
		return s.plain, s.err
	}
	found, err := transport.Ping(ctx, reg, r.pings)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case err != nil:
		s.err = r.pingError(ctx, q, reg.RegistryStr(), err)
	case found.Insecure:
		s.plain = true
		r.pings.usePlainHTTP(reg.RegistryStr())
	}
	s.known = true
	return s.plain, s.err
}

// pingError is the reason why a server cannot be used as a registry. If both TLS
// and plain HTTP were tried, only one of the two errors is the reason.
func (r *Client) pingError(ctx context.Context, q oci.Reference, host string, err error) error {
	secure, plain := r.pings.failed("https", host), r.pings.failed("http", host)
	var answer *transport.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(secure, &certificate):
		err = secure
	case errors.As(err, &answer):
		if answer.StatusCode == http.StatusNotFound {
			return system.Unusable("registry %s: the server is not a registry: it answers 404 for %s", q.Registry, pingPath).
				Suggest("check the name and port of the registry%s", ComponentsToo)
		}
		err = answer
	case plain != nil && r.plain(q.Registry):
		err = plain
	case secure != nil:
		err = secure
	}
	return registryError(ctx, q, err)
}

// request asks for one manifest (by tag or digest) or blob, starting at a byte.
func (r *Client) request(ctx context.Context, q oci.Reference, kind, id string, from int64) (*http.Response, error) {
	c, err := r.session(ctx, q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+kind+"/"+id, nil)
	if err != nil {
		return nil, err
	}
	if kind == "manifests" {
		req.Header.Set("Accept", strings.Join([]string{oci.TypeIndex, oci.TypeDockerIndex, oci.TypeManifest, oci.TypeDockerManifest}, ","))
	}
	accept := []int{http.StatusOK}
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
		accept = append(accept, http.StatusPartialContent)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, registryError(ctx, q, err)
	}
	if err := transport.CheckError(res, accept...); err != nil {
		res.Body.Close()
		return nil, registryError(ctx, q, err)
	}
	return res, nil
}

// small reads a whole document that is not a blob. what names it in messages.
// After a cut connection, it is read again.
func (r *Client) small(ctx context.Context, q oci.Reference, kind, id, what string) (raw []byte, err error) {
	err = r.repeat(ctx, func() (again bool, err error) {
		res, err := r.request(ctx, q, kind, id, 0)
		if err != nil {
			return false, err
		}
		raw, again, err = r.document(ctx, q, res, what)
		return again, err
	})
	return raw, err
}

// document reads the body of a response. again reports that it was cut. what names
// it in messages.
func (r *Client) document(ctx context.Context, q oci.Reference, res *http.Response, what string) (raw []byte, again bool, err error) {
	defer res.Body.Close()
	raw, err = bounded.Read(res.Body, maxManifest)
	switch {
	case errors.As(err, new(bounded.TooLarge)):
		return nil, false, fmt.Errorf("registry %s: %s: %w", q.Registry, what, err)
	case err != nil:
		return nil, !errors.As(err, new(*refused)), registryError(ctx, q, err)
	}
	return raw, false, nil
}

// Manifest reads the manifest or index that q names. Its digest is computed,
// never taken from the registry. The media type of the descriptor is unknown.
func (r *Client) Manifest(ctx context.Context, q oci.Reference) (oci.Descriptor, []byte, error) {
	id := q.Digest
	if id == "" {
		id = q.Tag
	}
	raw, err := r.small(ctx, q, "manifests", id, "a manifest")
	if err != nil {
		return oci.Descriptor{}, nil, err
	}
	d := oci.Descriptor{Digest: digests.Of(raw), Size: int64(len(raw))}
	if q.Digest != "" && d.Digest != q.Digest {
		return oci.Descriptor{}, nil, fmt.Errorf("registry %s: %w", q.Registry, oci.WrongDigest(q.Digest, d.Digest))
	}
	return d, raw, nil
}

// Open streams a blob or manifest of q's repository, unverified.
func (r *Client) Open(ctx context.Context, q oci.Reference, d oci.Descriptor) (io.ReadCloser, error) {
	if oci.IsIndex(d.MediaType) || oci.IsManifest(d.MediaType) {
		raw, err := r.small(ctx, q, "manifests", d.Digest, "a manifest")
		if err != nil {
			return nil, err
		}
		return io.NopCloser(bytes.NewReader(raw)), nil
	}
	return r.blob(ctx, q, d, 0)
}

// OpenFrom streams a blob of q's repository from a byte on, unverified.
func (r *Client) OpenFrom(ctx context.Context, q oci.Reference, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	return r.blob(ctx, q, d, from)
}

// Close closes idle connections.
func (r *Client) Close() {
	if t, ok := r.base.(*guard).next.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}

// registryError adds the next step to the error of a request. Errors with the same
// cause have the same text, so that component.Join can join them.
func registryError(ctx context.Context, q oci.Reference, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e := system.Unusable("registry %s", q.Registry).Because(err).Suggest("check the network and the name of the registry%s", ComponentsToo)
	if t := (*transport.Error)(nil); errors.As(err, &t) {
		switch {
		case t.StatusCode == http.StatusUnauthorized, t.StatusCode == http.StatusForbidden:
			e.What += " denies access to " + q.Repository
			e.Next = "run docker login " + q.Registry
		case t.StatusCode == http.StatusNotFound:
			e.Next = "check the name and tag of the image" + ComponentsToo
			return fmt.Errorf("%w: %w", ErrNoSuchImage, e)
		case busy(t.StatusCode):
			e.What += fmt.Sprintf(": no success after %d attempts", attempts)
			e.Next = "try again later" + ComponentsToo
		}
		return e
	}
	if u := (*url.Error)(nil); errors.As(err, &u) {
		e.Err = u.Err
		if at, perr := url.Parse(u.URL); perr == nil && at.Host != "" && at.Host != q.Registry && !strings.Contains(u.Err.Error(), at.Hostname()) {
			e.What += ": " + at.Host
		}
	}
	if strings.Contains(e.Err.Error(), "private address") && errors.As(err, new(*refused)) {
		e.Next = "to allow this address, add --allow-redirect HOST"
	}
	if errors.Is(e.Err, context.DeadlineExceeded) || errors.Is(e.Err, context.Canceled) {
		e.Err = errors.New(e.Err.Error()) // a time-out of the network, not of the caller
	}
	return e
}

// ComponentsToo ends the next steps of errors. It applies to images only: other
// artifacts cannot come from a layout.
const ComponentsToo = ", or give --components a layout or archive that contains the image"

// ErrNoSuchImage: the registry answered that it does not have it.
var ErrNoSuchImage = errors.New("no such image")
