package decision_test

import (
	"fmt"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

func ExampleCount() {
	findings := []decision.Finding{
		{ID: "CAP-001", State: decision.StateFail, Severity: decision.Critical},
		{ID: "NSP-001", State: decision.StatePass, Severity: decision.High},
		{ID: "RES-001", State: decision.StateFail, Severity: decision.Medium},
	}
	s := decision.Count(findings)
	fmt.Println(s.Fail, s.Pass, s.Failing)
	// Output: 2 1 map[critical:1 medium:1]
}

func ExampleIsResource() {
	fmt.Println(decision.IsResource("component:services/nginx"), decision.IsResource("nginx"))
	// Output: true false
}
