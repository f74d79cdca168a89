package folder

import (
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Duplicate keys in a data file are an error.
func TestDataDuplicateKeys(t *testing.T) {
	t.Parallel()
	_, err := Decode(File{Name: "data/limits.json", Content: []byte("{\n \"a\": {\"max\": 1,\n  \"max\": 2}}")})
	if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "data/limits.json:3:") || !strings.Contains(err.Error(), `duplicate member "max"`) {
		t.Errorf("%v", err)
	}
	if doc, err := Decode(File{Content: []byte(`{"a":1,"A":2}`)}); err != nil || len(doc) != 2 {
		t.Errorf("names that differ in case: %v, %v", doc, err)
	}
}
