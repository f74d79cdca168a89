//go:build linux

package metadata

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// client fetches files of one provider.
type client struct {
	base   string
	header http.Header
	http   *http.Client
}

// errMissing is a file that the provider does not have.
var errMissing = errors.New("not found")

// newClient makes a client that follows no redirects, and uses no proxy: the server of
// the metadata is on the link.
func newClient(base string) *client {
	return &client{base: strings.TrimSuffix(base, "/"), header: http.Header{}, http: &http.Client{
		Timeout:       time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
			ResponseHeaderTimeout: 30 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		},
	}}
}

func (c *client) do(ctx context.Context, method, path string, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header = c.header.Clone()
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusGone, http.StatusNoContent:
		return nil, fmt.Errorf("%s%s: %w", c.base, path, errMissing)
	default:
		return nil, fmt.Errorf("%s%s: HTTP status %s", c.base, path, resp.Status)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s%s: more than %d bytes", c.base, path, limit)
	}
	return b, nil
}

func (c *client) get(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, maxMetaData)
}

// optional gets a file that may be missing.
func (c *client) optional(ctx context.Context, path string) ([]byte, error) {
	b, err := c.get(ctx, path)
	if errors.Is(err, errMissing) {
		return nil, nil
	}
	return b, err
}

// noCloud reads NoCloud over HTTP: meta-data and user-data below a base address.
func noCloud(ctx context.Context, c *client) (*Settings, error) {
	s := &Settings{}
	meta, err := c.get(ctx, "/meta-data")
	if err != nil {
		return nil, err
	}
	user, err := c.optional(ctx, "/user-data")
	if err != nil {
		return nil, err
	}
	return s, s.noCloud(meta, user)
}

func (s *Settings) noCloud(meta, user []byte) error {
	if err := s.metaData(meta, "instance-id", "local-hostname", "public-keys"); err != nil {
		return fmt.Errorf("meta-data: %w", err)
	}
	if s.Hostname == "" {
		if m, err := decode(meta); err == nil {
			if name, ok := m["hostname"].(string); ok {
				s.setHostname(name)
			}
		}
	}
	s.setUserData(user)
	return nil
}

// openStack reads OpenStack's service.
func openStack(ctx context.Context, c *client) (*Settings, error) {
	meta, err := c.get(ctx, "/openstack/latest/meta_data.json")
	if err != nil {
		return nil, err
	}
	user, err := c.optional(ctx, "/openstack/latest/user_data")
	if err != nil {
		return nil, err
	}
	s := &Settings{}
	return s, s.openStack(meta, user)
}

func (s *Settings) openStack(meta, user []byte) error {
	if err := s.metaData(meta, "uuid", "hostname", "public_keys"); err != nil {
		return fmt.Errorf("meta_data.json: %w", err)
	}
	s.setUserData(user)
	return nil
}

// ec2 reads the service of EC2, with a token (version 2). Providers that imitate EC2
// without tokens are asked without one.
func ec2(ctx context.Context, c *client) (*Settings, error) {
	c.header.Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
	token, err := c.do(ctx, http.MethodPut, "/latest/api/token", 4096)
	c.header.Del("X-Aws-Ec2-Metadata-Token-Ttl-Seconds")
	var status *net.OpError
	switch {
	case errors.As(err, &status), ctx.Err() != nil:
		return nil, err
	case err == nil:
		c.header.Set("X-Aws-Ec2-Metadata-Token", strings.TrimSpace(string(token)))
	}
	s := &Settings{}
	id, err := c.get(ctx, "/latest/meta-data/instance-id")
	if err != nil {
		return nil, err
	}
	s.setInstanceID(string(id))
	name, err1 := c.optional(ctx, "/latest/meta-data/local-hostname")
	list, err2 := c.optional(ctx, "/latest/meta-data/public-keys/")
	user, err3 := c.optional(ctx, "/latest/user-data")
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	s.setHostname(string(name))
	s.setUserData(user)
	// Each line is NUMBER=NAME.
	for i, line := range strings.Fields(string(list)) {
		number, _, _ := strings.Cut(line, "=")
		if i >= maxKeys || !validID.MatchString(number) {
			s.problem("%.60q is not the number of a key", line)
			break
		}
		key, err := c.optional(ctx, "/latest/meta-data/public-keys/"+number+"/openssh-key")
		if err != nil {
			return nil, err
		}
		for k := range strings.Lines(string(key)) {
			s.addKey(k)
		}
	}
	return s, nil
}

// gcp reads the service of Google's cloud.
func gcp(ctx context.Context, c *client) (*Settings, error) {
	c.header.Set("Metadata-Flavor", "Google")
	const base = "/computeMetadata/v1/"
	id, err := c.get(ctx, base+"instance/id")
	if err != nil {
		return nil, err
	}
	s := &Settings{}
	s.setInstanceID(string(id))
	name, err1 := c.optional(ctx, base+"instance/hostname")
	own, err2 := c.optional(ctx, base+"instance/attributes/ssh-keys")
	block, err3 := c.optional(ctx, base+"instance/attributes/block-project-ssh-keys")
	user, err4 := c.optional(ctx, base+"instance/attributes/user-data")
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	s.setHostname(string(name))
	s.setUserData(user)
	keys := string(own)
	if !strings.EqualFold(strings.TrimSpace(string(block)), "true") {
		project, err := c.optional(ctx, base+"project/attributes/ssh-keys")
		if err != nil {
			return nil, err
		}
		keys += "\n" + string(project)
	}
	for line := range strings.Lines(keys) {
		// USER:KEY. A key has no colon before its first space.
		if user, key, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && !strings.Contains(user, " ") {
			line = key
		}
		s.addKey(line)
	}
	return s, nil
}
