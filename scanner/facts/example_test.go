package facts_test

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Facts that were stored are the same when they are read.
func ExampleDecode() {
	stored, err := facts.Encode(&facts.Facts{SchemaVersion: facts.SchemaVersion, Components: []facts.Component{{ID: "services/web", Name: "web"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	f, err := facts.Decode(bytes.NewReader(stored))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Components[0].ID)

	// A field that is not known could hide a finding.
	_, err = facts.Decode(strings.NewReader(`{"schemaVersion": 1, "more": true}`))
	fmt.Println(err != nil)
	// Output:
	// services/web
	// true
}
