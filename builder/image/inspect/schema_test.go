package inspect_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
)

const schemaFile = "../../../docs/inspect.schema.json"

var schema = sync.OnceValues(func() (*jsonschema.Schema, error) {
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("inspect.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("inspect.schema.json")
})

// checkSchema requires that a report is what the published schema says.
func checkSchema(t testing.TB, r *inspect.Report) {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%v", err)
	}
}

func TestSchemaListsKinds(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs struct {
			Kind struct{ Enum []string }
		} `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(doc.Defs.Kind.Enum, inspect.Kinds()) {
		t.Errorf("the schema lists %q, the program knows %q", doc.Defs.Kind.Enum, inspect.Kinds())
	}
}
