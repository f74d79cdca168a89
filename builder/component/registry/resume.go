package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
)

// progress is the number of bytes after which a cut connection is not counted. So
// a connection that is cut again and again without progress fails in the end.
const progress = 1 << 20

// resuming is the body of a blob. After a cut connection, it requests the rest.
// Its bytes are unverified: the reader hashes all of them.
type resuming struct {
	ctx  context.Context
	r    *Client
	q    oci.Reference
	d    oci.Descriptor
	body io.ReadCloser
	// endless: the server did not state the length of the body, so that its
	// end may be a cut.
	endless bool
	n       int64 // bytes returned
	failed  int   // cuts without progress
	since   int64 // n at the first of them
	pending error
}

// blob opens a blob for reading, from a byte on.
func (r *Client) blob(ctx context.Context, q oci.Reference, d oci.Descriptor, from int64) (io.ReadCloser, error) {
	b := &resuming{ctx: ctx, r: r, q: q, d: d, n: from, since: from}
	cut, err := b.ask()
	if err != nil {
		return nil, err
	}
	if cut != nil {
		if err := b.reopen(cut); err != nil {
			b.Close()
			return nil, err
		}
	}
	return b, nil
}

func (b *resuming) Read(p []byte) (int, error) {
	for {
		err := b.pending
		b.pending = nil
		if err == nil {
			var n int
			n, err = b.body.Read(p)
			b.n += int64(n)
			if n > 0 {
				b.pending = err
				return n, nil
			}
		}
		switch {
		case err == nil:
			return 0, nil
		case b.n >= b.d.Size:
			return 0, io.EOF // the blob is complete
		case err == io.EOF && !b.endless:
			return 0, io.EOF
		case err == io.EOF:
			err = io.ErrUnexpectedEOF
		}
		if err := b.reopen(err); err != nil {
			return 0, err
		}
	}
}

func (b *resuming) Close() error { return b.body.Close() }

// reopen requests the rest after a cut.
func (b *resuming) reopen(cut error) error {
	for {
		if err := b.ctx.Err(); err != nil {
			return err
		}
		if ours := (*refused)(nil); errors.As(cut, &ours) {
			return registryError(b.ctx, b.q, cut)
		}
		if b.n-b.since >= progress {
			b.failed, b.since = 0, b.n
		}
		if b.failed++; b.failed == attempts {
			return registryError(b.ctx, b.q, fmt.Errorf("the connection was cut %d times, the last time after %d bytes: %w", attempts, b.n, cut))
		}
		if err := b.r.clock.sleep(b.ctx, b.r.clock.wait(b.failed, 0)); err != nil {
			return err
		}
		b.body.Close()
		var err error
		if cut, err = b.ask(); err != nil || cut == nil {
			return err
		}
	}
}

// ask requests the bytes from b.n on. cut is an error after which another request
// can help.
func (b *resuming) ask() (cut, err error) {
	//nolint:bodyclose // Close of the reader closes it
	res, err := b.r.request(b.ctx, b.q, "blobs", b.d.Digest, b.n)
	if t := (*transport.Error)(nil); errors.As(err, &t) && t.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		// Some registries refuse a range without an end.
		//nolint:bodyclose // Close of the reader closes it
		res, err = b.r.request(b.ctx, b.q, "blobs", b.d.Digest, 0)
	}
	if err != nil {
		return nil, err
	}
	b.body, b.endless = res.Body, res.ContentLength < 0
	return b.skip(res), nil
}

// skip moves a new body to the position of the old one: a server may send the
// whole blob again.
func (b *resuming) skip(res *http.Response) error {
	if res.StatusCode == http.StatusPartialContent {
		if got := res.Header.Get("Content-Range"); !strings.HasPrefix(got, fmt.Sprintf("bytes %d-", b.n)) {
			return newRefused("the request was for the bytes from %d, but the server sends %q", b.n, got)
		}
		return nil
	}
	_, err := io.CopyN(io.Discard, res.Body, b.n)
	return err
}
