package component

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// registry reads images over the distribution API. Go-containerregistry's
// transport speaks to registries (authentication as docker login left it,
// retries); manifests and blobs are fetched here, so that limits hold and each
// byte is hashed once.
type registry struct {
	insecure func(host string) bool
	lim      limits
	base     http.RoundTripper

	mu      sync.Mutex
	clients map[string]*client // by repository
}

// client speaks to one repository.
type client struct {
	http *http.Client
	base string // URL of the repository
}

func newRegistry(insecure func(string) bool, lim limits) *registry {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = stall
	r := &registry{insecure: insecure, lim: lim, clients: map[string]*client{}}
	r.base = &guard{next: base, plain: r.plain}
	return r
}

// plain says whether host may be spoken to without TLS.
func (r *registry) plain(host string) bool {
	h := host
	if only, _, err := net.SplitHostPort(host); err == nil {
		h = only
	}
	if ip := net.ParseIP(strings.Trim(h, "[]")); h == "localhost" || ip != nil && ip.IsLoopback() {
		return true
	}
	return r.insecure != nil && r.insecure(host)
}

// guard refuses plain HTTP where it was not allowed: without it a private
// address or a redirect would do. It waits for no answer for ever, be it a
// blob, a token or an error.
type guard struct {
	next  http.RoundTripper
	plain func(string) bool
}

func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !g.plain(req.URL.Host) {
		return nil, fmt.Errorf("%s is not https", req.URL.Redacted())
	}
	ctx, cancel := context.WithCancel(req.Context())
	res, err := g.next.RoundTrip(req.WithContext(ctx))
	if err != nil {
		cancel()
		return nil, err
	}
	res.Body = newPatient(res.Body, cancel, stall)
	return res, nil
}

// onlyOutward refuses a redirect from elsewhere to an address of this machine
// or its network: a registry must not make us ask what only we can reach.
func onlyOutward(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("more than 5 redirects")
	}
	from, to := via[0].URL.Hostname(), req.URL.Hostname()
	ip := net.ParseIP(to)
	inward := to == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast())
	if from != to && inward {
		return fmt.Errorf("redirect from %s to the private address %s", from, to)
	}
	return nil
}

func (r *registry) client(ctx context.Context, q ref) (*client, error) {
	var opts []name.Option
	if r.plain(q.registry) {
		opts = append(opts, name.Insecure)
	}
	repo, err := name.NewRepository(q.registry+"/"+q.repository, opts...)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.clients[repo.Name()]; c != nil {
		return c, nil
	}
	auth, err := authn.Resolve(ctx, authn.DefaultKeychain, repo)
	if err != nil {
		return nil, &system.Error{Kind: system.ErrUnusable, What: "credentials for " + q.registry, Err: err, Next: "check the Docker configuration that docker login writes"}
	}
	base := transport.NewRetry(r.base)
	scheme := "https"
	if r.plain(q.registry) {
		// Allowed is not the same as needed: TLS is tried first.
		ping, err := transport.Ping(ctx, repo.Registry, base)
		if err != nil {
			return nil, registryError(q, err)
		}
		if ping.Insecure {
			scheme = "http"
		}
	}
	t, err := transport.NewWithContext(ctx, repo.Registry, auth, base, []string{repo.Scope(transport.PullScope)})
	if err != nil {
		return nil, registryError(q, err)
	}
	c := &client{
		http: &http.Client{Transport: t, CheckRedirect: onlyOutward},
		base: fmt.Sprintf("%s://%s/v2/%s/", scheme, repo.RegistryStr(), repo.RepositoryStr()),
	}
	r.clients[repo.Name()] = c
	return c, nil
}

// get asks for one manifest (by tag or digest) or blob.
func (r *registry) get(ctx context.Context, q ref, kind, id string) (io.ReadCloser, error) {
	c, err := r.client(ctx, q)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+kind+"/"+id, nil)
	if err != nil {
		return nil, err
	}
	if kind == "manifests" {
		req.Header.Set("Accept", strings.Join([]string{typeOCIIndex, typeDockerIndex, typeOCIManifest, typeDockerManifest}, ","))
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, registryError(q, err)
	}
	if err := transport.CheckError(res, http.StatusOK); err != nil {
		res.Body.Close()
		return nil, registryError(q, err)
	}
	return res.Body, nil
}

// manifest reads what r names. The digest is computed, never believed.
func (r *registry) manifest(ctx context.Context, q ref) (descriptor, []byte, error) {
	id := q.digest
	if id == "" {
		id = q.tag
	}
	body, err := r.get(ctx, q, "manifests", id)
	if err != nil {
		return descriptor{}, nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, r.lim.manifest+1))
	if err != nil {
		return descriptor{}, nil, registryError(q, err)
	}
	if int64(len(raw)) > r.lim.manifest {
		return descriptor{}, nil, fmt.Errorf("registry %s: a manifest of more than %d bytes", q.registry, r.lim.manifest)
	}
	d := descriptor{Digest: digestOf(raw), Size: int64(len(raw))}
	if q.digest != "" && d.Digest != q.digest {
		return descriptor{}, nil, fmt.Errorf("registry %s: %w", q.registry, wrongDigest(q.digest, d.Digest))
	}
	return d, raw, nil
}

// open streams a blob or manifest, unverified.
func (r *registry) open(ctx context.Context, q ref, d descriptor) (io.ReadCloser, error) {
	kind := "blobs"
	if isIndexType(d.MediaType) || isManifestType(d.MediaType) {
		kind = "manifests"
	}
	return r.get(ctx, q, kind, d.Digest)
}

func (r *registry) closeIdle() {
	r.base.(*guard).next.(*http.Transport).CloseIdleConnections()
}

// registryError says what a person can do about a registry that did not give
// what was asked.
func registryError(q ref, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := &system.Error{Kind: system.ErrUnusable, What: "registry " + q.registry, Err: err,
		Next: "check the network and the registry's name" + componentsToo}
	if t := (*transport.Error)(nil); errors.As(err, &t) {
		switch t.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			e.What += " does not let us read " + q.repository
			e.Next = "docker login " + q.registry
		case http.StatusNotFound:
			return fmt.Errorf("%w: %w", errNoSuchImage, e)
		}
	}
	return e
}

// componentsToo is where an image, but nothing else, could lie as well.
const componentsToo = ", or give --components a layout or archive that has the image"

// errNoSuchImage: the registry answered that it has no such thing.
var errNoSuchImage = errors.New("no such image")
