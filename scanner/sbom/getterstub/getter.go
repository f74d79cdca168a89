// Package getter replaces hashicorp/go-getter. Syft's internal/file imports it,
// and it would link the Amazon and Google cloud SDKs (28 MB) into a program
// that never downloads with it. Every transfer fails.
package getter

import (
	"errors"
	"io"
	"net/http"
)

// ErrRemoved is the error of every transfer.
var ErrRemoved = errors.New("go-getter is not part of this program, so downloads by URL are not possible")

// Getter is a way to transfer files; there is none.
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

// Client would copy Src to Dst.
type Client struct {
	Src, Dst string
	Dir      bool
	Getters  map[string]Getter
	Options  []ClientOption
}

// Get fails.
func (*Client) Get() error { return ErrRemoved }

// ProgressTracker follows a transfer.
type ProgressTracker interface {
	TrackProgress(src string, currentSize, totalSize int64, stream io.ReadCloser) io.ReadCloser
}

// WithProgress does nothing, because there are no transfers.
func WithProgress(ProgressTracker) func(*Client) error { return func(*Client) error { return nil } }

// Decompressor unpacks an archive; there is none.
type Decompressor interface{ decompressor() }

// Decompressors is empty.
var Decompressors map[string]Decompressor

// LimitedDecompressors is empty.
func LimitedDecompressors(int, int64) map[string]Decompressor { return nil }

// WithDecompressors does nothing.
func WithDecompressors(map[string]Decompressor) ClientOption {
	return func(*Client) error { return nil }
}
