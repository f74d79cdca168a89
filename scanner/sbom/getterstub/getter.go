// Package getter stands in for hashicorp/go-getter, which reaches this
// module through syft's internal/file and would link the Amazon and Google
// cloud SDKs (28 MB) into a tool that never downloads through it. Every
// transfer that it names is refused.
package getter

import (
	"errors"
	"io"
	"net/http"
)

// ErrRemoved is what every transfer returns.
var ErrRemoved = errors.New("go-getter is not linked into this program: it downloads nothing by URL")

// Getter is one way to transfer; none is left.
type Getter interface{ getter() }

// The getters that syft names.
type (
	HttpGetter struct {
		Client *http.Client
		Header http.Header
	}
	FileGetter struct{}
	GitGetter  struct{}
	GCSGetter  struct{}
	HgGetter   struct{}
	S3Getter   struct{}
)

func (*HttpGetter) getter() {}
func (*FileGetter) getter() {}
func (*GitGetter) getter()  {}
func (*GCSGetter) getter()  {}
func (*HgGetter) getter()   {}
func (*S3Getter) getter()   {}

// ClientOption changes a Client.
type ClientOption func(*Client) error

// Client would transfer Src to Dst.
type Client struct {
	Src, Dst string
	Dir      bool
	Getters  map[string]Getter
	Options  []ClientOption
}

// Get refuses.
func (*Client) Get() error { return ErrRemoved }

// ProgressTracker follows a transfer.
type ProgressTracker interface {
	TrackProgress(src string, currentSize, totalSize int64, stream io.ReadCloser) io.ReadCloser
}

// WithProgress does nothing: there is no transfer to follow.
func WithProgress(ProgressTracker) func(*Client) error { return func(*Client) error { return nil } }

// Decompressor unpacks an archive; none is left.
type Decompressor interface{ decompressor() }

// Decompressors is empty.
var Decompressors map[string]Decompressor

// LimitedDecompressors is empty.
func LimitedDecompressors(int, int64) map[string]Decompressor { return nil }

// WithDecompressors does nothing.
func WithDecompressors(map[string]Decompressor) ClientOption {
	return func(*Client) error { return nil }
}
