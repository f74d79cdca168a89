package framework

import (
	"errors"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

const fw = `fw:
  title: A catalogue
  version: "2"
  url: https://example.org/fw
  cite: FW {id}
  controls:
`

// A framework file is parsed or rejected with a *system.Error, and a parsed framework
// can be answered.
func FuzzFramework(f *testing.F) {
	f.Add([]byte(fw + "    - {id: \"1\", title: t, gap: g, checked: [CAP-001, \"rows:SRC R1@kernel:CONFIG_A\"], unsure: [CAP-002@image:x], decides: [CAP-001], arches: [arm64]}\n"))
	f.Add([]byte("fw: &a {controls: [*a]}"))
	f.Add([]byte("fw: {title: [[[[[[], controls: {: }}"))
	f.Fuzz(func(t *testing.T, content []byte) {
		read, err := Parse("frameworks/fw.yaml", "fw.yaml", content)
		if err != nil {
			var known *system.Error
			if !errors.As(err, &known) {
				t.Errorf("%T is not a *system.Error: %v", err, err)
			}
			return
		}
		v := &Views{Asked: []*Framework{read}, Rows: []Row{{Rule: "CAP-001", Resource: "kernel:CONFIG_A", Sources: []string{"SRC R1"}}}, Policy: "baseline"}
		for _, c := range v.Answer(nil, "amd64")[0].Controls {
			if c.ID == "" || c.Title == "" || c.State != decision.NotAssessed || c.Reason == "" {
				t.Errorf("answer without facts: %+v", c)
			}
		}
	})
}
