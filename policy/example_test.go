package policy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// A service that shares the pid namespace of the host does not pass.
func ExampleDecide() {
	service := facts.Component{ID: "services/web", Section: "services", Name: "web",
		Spec: json.RawMessage(`{"process": {"args": ["/web"]}, "linux": {"namespaces": [{"type": "mount"}]}}`)}
	f := &facts.Facts{SchemaVersion: facts.SchemaVersion, Name: "demo", Arch: "amd64", Components: []facts.Component{service}}
	d, err := policy.Decide(context.Background(), f, policy.Options{Policy: "baseline", Now: time.Now()})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Verdict)
	for i := range d.Findings {
		if f := &d.Findings[i]; f.ID == "NSP-001" && f.State == decision.StateFail {
			fmt.Println(f.ID, f.Resource, f.Message)
		}
	}
	// Output:
	// deny
	// NSP-001 component:services/web services/web sees every process of the host
}

func ExampleRules() {
	rules, err := policy.Rules(context.Background(), policy.Options{Policy: "baseline"})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range rules {
		if r := &rules[i]; r.ID == "NSP-001" {
			fmt.Printf("%s (%s): %s\n", r.ID, r.Severity, r.Title)
		}
	}
	// Output: NSP-001 (high): Service shares the host's pid namespace
}
