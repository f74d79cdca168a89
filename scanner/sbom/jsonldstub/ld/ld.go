// Package ld replaces piprate/json-gold, a JSON-LD processor for SPDX 3. This
// module writes SPDX 2 and reads no SPDX 3, so nothing calls the package. It is
// linked because syft's package for SPDX converts to both.
package ld

import "errors"

// ErrRemoved is the error of every conversion.
var ErrRemoved = errors.New("json-gold is not part of this program, so SPDX 3 cannot be read or written")

// Modes of processing.
const (
	JsonLd_1_1       = "json-ld-1.1"
	JsonLd_1_1_Frame = "json-ld-1.1-expand-frame"
)

// RemoteDocument is a document to which another one refers.
type RemoteDocument struct {
	DocumentURL string
	Document    any
	ContextURL  string
}

// DocumentLoader finds documents.
type DocumentLoader interface {
	LoadDocument(u string) (*RemoteDocument, error)
}

// Context is a context of JSON-LD.
type Context struct{}

// NewContext returns an empty Context.
func NewContext(any, *JsonLdOptions) *Context { return &Context{} }

// JsonLdOptions has the options that SPDX's library sets.
type JsonLdOptions struct {
	CompactArrays, FrameDefault bool
	ProcessingMode              string
	DocumentLoader              DocumentLoader
}

// NewJsonLdOptions returns empty options.
func NewJsonLdOptions(string) *JsonLdOptions { return &JsonLdOptions{} }

// JsonLdProcessor converts documents.
type JsonLdProcessor struct{}

// NewJsonLdProcessor returns a processor that fails.
func NewJsonLdProcessor() *JsonLdProcessor { return &JsonLdProcessor{} }

// Expand fails.
func (*JsonLdProcessor) Expand(any, *JsonLdOptions) ([]any, error) { return nil, ErrRemoved }

// Compact fails.
func (*JsonLdProcessor) Compact(any, any, *JsonLdOptions) (map[string]any, error) {
	return nil, ErrRemoved
}
