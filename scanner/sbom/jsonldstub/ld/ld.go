// Package ld stands in for piprate/json-gold, a JSON-LD processor. SPDX 3 is
// JSON-LD; this module writes SPDX 2 and reads none, so nothing calls it, but
// the package of syft that converts to SPDX links both.
package ld

import "errors"

// ErrRemoved is what every conversion returns.
var ErrRemoved = errors.New("json-gold is not linked into this program: it reads and writes no SPDX 3")

// Modes of processing.
const (
	JsonLd_1_1       = "json-ld-1.1"
	JsonLd_1_1_Frame = "json-ld-1.1-expand-frame"
)

// RemoteDocument is a document that another one names.
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

// NewContext gives an empty one.
func NewContext(any, *JsonLdOptions) *Context { return &Context{} }

// JsonLdOptions are those that SPDX's library sets.
type JsonLdOptions struct {
	CompactArrays, FrameDefault bool
	ProcessingMode              string
	DocumentLoader              DocumentLoader
}

// NewJsonLdOptions gives empty ones.
func NewJsonLdOptions(string) *JsonLdOptions { return &JsonLdOptions{} }

// JsonLdProcessor converts documents.
type JsonLdProcessor struct{}

// NewJsonLdProcessor gives one that refuses.
func NewJsonLdProcessor() *JsonLdProcessor { return &JsonLdProcessor{} }

// Expand refuses.
func (*JsonLdProcessor) Expand(any, *JsonLdOptions) ([]any, error) { return nil, ErrRemoved }

// Compact refuses.
func (*JsonLdProcessor) Compact(any, any, *JsonLdOptions) (map[string]any, error) {
	return nil, ErrRemoved
}
