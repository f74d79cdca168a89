package sbom

import (
	"bytes"
	"errors"
	"slices"
	"time"
)

// The members before the creation time in documents that this package writes. The
// first occurrence is always the member itself: inside a string, the quotation marks
// would be escaped.
const (
	spdxCreation = `"creationInfo":{`
	spdxCreated  = `"created":"`
	cycloneTime  = `"metadata":{"timestamp":"`
)

// At returns the documents with another creation time: the same bytes as documents
// that are written with this time.
func (d *Documents) At(created time.Time) (*Documents, error) {
	now := Stamp{Created: created}.time()
	spdx, err := restamp(d.SPDX, now, spdxCreation, spdxCreated)
	if err != nil {
		return nil, err
	}
	cyclone, err := restamp(d.CycloneDX, now, cycloneTime)
	if err != nil {
		return nil, err
	}
	return &Documents{SPDX: spdx, CycloneDX: cyclone}, nil
}

// restamp finds the texts in doc, one after the other, and replaces the string that
// follows the last one.
func restamp(doc []byte, now string, after ...string) ([]byte, error) {
	at := 0
	for _, text := range after {
		i := bytes.Index(doc[at:], []byte(text))
		if i < 0 {
			return nil, errors.New("the stored document has no creation time")
		}
		at += i + len(text)
	}
	end := bytes.IndexByte(doc[at:], '"')
	if end < 0 {
		return nil, errors.New("the stored document has no creation time")
	}
	if _, err := time.Parse(time.RFC3339, string(doc[at:at+end])); err != nil {
		return nil, err
	}
	return slices.Concat(doc[:at], []byte(now), doc[at+end:]), nil
}
