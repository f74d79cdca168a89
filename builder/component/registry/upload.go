package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Upload sends a blob, unless the repository has it. open is called for each
// attempt. sent reports whether bytes were sent. A source that does not have the
// digest and size of d is an oci.Mismatch.
func (r *Client) Upload(ctx context.Context, q oci.Reference, d oci.Descriptor, open func() (io.ReadCloser, error)) (sent bool, err error) {
	err = r.repeat(ctx, func() (again bool, err error) {
		sent, again, err = r.upload(ctx, q, d, open)
		return again, err
	})
	return sent && err == nil, err
}

// repeat calls do until it succeeds. again reports that another attempt can help.
func (r *Client) repeat(ctx context.Context, do func() (again bool, err error)) error {
	for attempt := 1; ; attempt++ {
		again, err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case !again:
			return err
		case attempt == attempts:
			return afterAll(err)
		}
		if err := r.clock.sleep(ctx, r.clock.wait(attempt, 0)); err != nil {
			return err
		}
	}
}

// upload sends a blob once. again reports whether to begin the upload again.
func (r *Client) upload(ctx context.Context, q oci.Reference, d oci.Descriptor, open func() (io.ReadCloser, error)) (sent, again bool, err error) {
	s, err := r.writing(ctx, q)
	if err != nil {
		return false, false, err
	}
	head, again, err := r.send(ctx, q, s, http.MethodHead, s.base+"blobs/"+d.Digest, nil, http.StatusOK, http.StatusNotFound)
	if err != nil || head.status == http.StatusOK {
		return false, again, err
	}
	begun, again, err := r.send(ctx, q, s, http.MethodPost, s.base+"blobs/uploads/", nil, http.StatusAccepted)
	if err != nil {
		return false, again, err
	}
	to, err := url.Parse(begun.location)
	if err != nil || begun.location == "" {
		return false, false, registryError(ctx, q, errors.New("the registry begins an upload without a valid Location"))
	}
	to = begun.from.ResolveReference(to)
	query := to.Query()
	query.Set("digest", d.Digest)
	to.RawQuery = query.Encode()
	body := &source{open: open, d: d, mediaType: "application/octet-stream"}
	_, again, err = r.send(ctx, q, s, http.MethodPut, to.String(), body, http.StatusCreated, http.StatusOK, http.StatusNoContent)
	if bad := body.failed(); bad != nil {
		return false, false, bad
	}
	// A registry can forget an upload, or add the bytes of a repeated request to those
	// of the first one.
	if t := (*transport.Error)(nil); errors.As(err, &t) {
		switch t.StatusCode {
		case http.StatusBadRequest, http.StatusNotFound, http.StatusRequestedRangeNotSatisfiable:
			again = true
		}
	}
	return err == nil, again, err
}

// answer is what an upload needs of a response.
type answer struct {
	status   int
	location string
	// from is the URL that answered.
	from *url.URL
}

// send sends a request of an upload. again reports that the connection was cut.
func (r *Client) send(ctx context.Context, q oci.Reference, s *session, method, to string, body *source, accept ...int) (a answer, again bool, err error) {
	req, err := http.NewRequestWithContext(ctx, method, to, nil)
	if err != nil {
		return a, false, err
	}
	if body != nil {
		req.Body, req.GetBody = body.reader(), func() (io.ReadCloser, error) { return body.reader(), nil }
		if req.ContentLength = body.d.Size; body.d.Size == 0 {
			req.Body, req.GetBody = http.NoBody, nil
		}
		req.Header.Set("Content-Type", body.mediaType)
	}
	res, err := s.http.Do(req)
	if err != nil {
		// The transport has repeated a HEAD already.
		return a, method != http.MethodHead && r.broken(ctx, err), registryError(ctx, q, err)
	}
	defer res.Body.Close()
	if err := transport.CheckError(res, accept...); err != nil {
		return a, false, registryError(ctx, q, err)
	}
	return answer{res.StatusCode, res.Header.Get("Location"), res.Request.URL}, false, nil
}

// broken reports whether a cut connection is the reason.
func (r *Client) broken(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !errors.As(err, new(*refused)) && cut(err)
}

// afterAll is the error of the last attempt.
func afterAll(err error) error {
	var e *system.Error
	if !errors.As(err, &e) {
		return err
	}
	one := *e
	one.What += fmt.Sprintf(": no success after %d attempts", attempts)
	return &one
}

// writing logs in to a repository for writing, once.
func (r *Client) writing(ctx context.Context, q oci.Reference) (*session, error) {
	return r.logged(ctx, q, &r.writers, transport.PushScope)
}

// source is the body of an upload. It opens its file only when a request is
// sent, and keeps the error of the file, which is not one of the registry.
type source struct {
	open      func() (io.ReadCloser, error)
	d         oci.Descriptor
	mediaType string

	mu  sync.Mutex
	err error
}

func (s *source) reader() io.ReadCloser { return &sourceReader{s: s} }

func (s *source) failed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

func (s *source) fail(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
	}
	return &refused{err}
}

type sourceReader struct {
	s  *source
	rc io.ReadCloser
	n  int64
}

func (r *sourceReader) Read(p []byte) (int, error) {
	if r.rc == nil {
		rc, err := r.s.open()
		if err != nil {
			return 0, r.s.fail(err)
		}
		r.rc = oci.NewChecker(rc, r.s.d)
	}
	n, err := r.rc.Read(p)
	r.n += int64(n)
	// The last bytes are sent only if the file has no more, and the right digest:
	// the server must not get a complete blob otherwise.
	for err == nil && r.n >= r.s.d.Size {
		_, err = r.rc.Read(make([]byte, 1))
	}
	if err != nil && err != io.EOF {
		return 0, r.s.fail(err)
	}
	return n, err
}

func (r *sourceReader) Close() error {
	if r.rc == nil {
		return nil
	}
	return r.rc.Close()
}
