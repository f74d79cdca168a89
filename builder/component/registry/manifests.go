package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// PutManifest stores a manifest or index under q's digest. If q has no digest, it
// stores it under q's tag.
func (r *Client) PutManifest(ctx context.Context, q oci.Reference, mediaType string, raw []byte) error {
	id := q.Digest
	if id == "" {
		id = q.Tag
	}
	s, err := r.writing(ctx, q)
	if err != nil {
		return err
	}
	body := &source{d: oci.Descriptor{Digest: digests.Of(raw), Size: int64(len(raw))}, mediaType: mediaType,
		open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }}
	// The same manifest may be stored twice.
	return r.repeat(ctx, func() (again bool, err error) {
		_, again, err = r.send(ctx, q, s, http.MethodPut, s.base+"manifests/"+id, body, http.StatusCreated, http.StatusOK, http.StatusAccepted)
		return again, err
	})
}

// Limits of a list of referrers.
const (
	maxPages     = 1000
	maxListBytes = 32 << 20
)

// Fallback is the tag of the list of referrers in a registry without an API for
// them.
func Fallback(digest string) string { return strings.Replace(digest, ":", "-", 1) }

// Referrers reads all lists of the manifests whose subject is digest, each an index:
// the pages of the registry's API, and the index under the fallback tag. The tag is
// for images that were pushed, or copied with their tags, before the registry had
// the API. It is not read if the API lists a manifest of the artifact type; "" means
// all types. Lists may have entries of other types and duplicates.
func (r *Client) Referrers(ctx context.Context, q oci.Reference, digest, artifactType string) ([][]byte, error) {
	pages, err := r.ReferrersOfType(ctx, q, digest, artifactType)
	if err != nil && !errors.Is(err, ErrNoReferrers) {
		return nil, err
	}
	for _, raw := range pages {
		var list struct {
			Manifests []struct {
				ArtifactType string `json:"artifactType"`
			} `json:"manifests"`
		}
		_ = json.Unmarshal(raw, &list) // the caller reports errors
		for _, one := range list.Manifests {
			if artifactType != "" && one.ArtifactType == artifactType {
				return pages, nil
			}
		}
	}
	tag := q
	tag.Digest, tag.Tag = "", Fallback(digest)
	tag.Name = q.Registry + "/" + q.Repository + ":" + tag.Tag
	_, raw, err := r.Manifest(ctx, tag)
	switch {
	case errors.Is(err, ErrNoSuchImage):
		return pages, nil
	case err != nil:
		return nil, err
	}
	return append(pages, raw), nil
}

// ReferrersOfType reads the registry's list of the manifests whose subject is
// digest, one index for each page; the artifact type "" means all. A registry may
// ignore the artifact type: the caller must compare it. ErrNoReferrers means that
// the registry has no such lists.
func (r *Client) ReferrersOfType(ctx context.Context, q oci.Reference, digest, artifactType string) ([][]byte, error) {
	s, err := r.session(ctx, q)
	if err != nil {
		return nil, err
	}
	var pages [][]byte
	next := s.base + "referrers/" + digest
	if artifactType != "" {
		next += "?artifactType=" + url.QueryEscape(artifactType)
	}
	for sum := 0; next != ""; {
		raw, link, err := r.page(ctx, q, s, next)
		if err != nil {
			return nil, err
		}
		pages, next = append(pages, raw), link
		if sum += len(raw); len(pages) > maxPages || sum > maxListBytes {
			return nil, fmt.Errorf("registry %s: the list of referrers has more than %d pages or %d MiB", q.Registry, maxPages, maxListBytes>>20)
		}
	}
	return pages, nil
}

// page reads one page of a list, and returns the URL of the next one.
func (r *Client) page(ctx context.Context, q oci.Reference, s *session, at string) (raw []byte, next string, err error) {
	err = r.repeat(ctx, func() (again bool, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
		if err != nil {
			return false, err
		}
		req.Header.Set("Accept", oci.TypeIndex)
		res, err := s.http.Do(req)
		if err != nil {
			return false, registryError(ctx, q, err)
		}
		if err := transport.CheckError(res, http.StatusOK); err != nil {
			res.Body.Close()
			switch res.StatusCode {
			case http.StatusNotFound, http.StatusBadRequest, http.StatusMethodNotAllowed:
				return false, ErrNoReferrers
			}
			return false, registryError(ctx, q, err)
		}
		next = nextPage(res)
		raw, again, err = r.document(ctx, q, res, "a list of referrers")
		return again, err
	})
	return raw, next, err
}

// nextPage reads the header Link: <URL>; rel="next". The next page must be on the
// same server, else there is none.
func nextPage(res *http.Response) string {
	for _, link := range strings.Split(res.Header.Get("Link"), ",") {
		target, rel, ok := strings.Cut(link, ";")
		target = strings.TrimSpace(target)
		if !ok || !strings.Contains(rel, "next") || !strings.HasPrefix(target, "<") || !strings.HasSuffix(target, ">") {
			continue
		}
		u, err := url.Parse(strings.Trim(target, "<>"))
		if err != nil {
			return ""
		}
		if u = res.Request.URL.ResolveReference(u); hostKey(u) == hostKey(res.Request.URL) {
			return u.String()
		}
	}
	return ""
}

// ErrNoReferrers: the registry has no API for referrers.
var ErrNoReferrers = errors.New("no referrers API")
