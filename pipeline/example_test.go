package pipeline_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Facts that `seaworthy facts` wrote are decided later, on another machine, without
// the images.
func ExampleCheckFacts() {
	stored, err := facts.Encode(&facts.Facts{SchemaVersion: facts.SchemaVersion, Name: "demo", Arch: "amd64",
		Components: []facts.Component{{ID: "services/web", Section: "services", Name: "web", Spec: json.RawMessage(`{"process": {"args": ["/web"]}}`)}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	d, err := pipeline.CheckFacts(context.Background(), bytes.NewReader(stored), "demo.json",
		pipeline.CheckOptions{Policy: policy.Options{Policy: "baseline", Now: time.Now()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.System.Name, d.Verdict, d.Summary.Fail > 0)
	// Output: demo deny true
}
