package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func real() *facts.Facts {
	return &facts.Facts{
		SchemaVersion: facts.SchemaVersion, Name: "real", Arch: "amd64",
		Components: []facts.Component{
			{ID: "kernel", Section: "kernel", Name: "kernel"},
			{ID: "services/web", Section: "services", Name: "web", Spec: json.RawMessage(`{"process":{},"linux":{"namespaces":[{"type":"pid"}],"seccomp":{}}}`)},
		},
		Kernel: facts.Kernel{Present: true, Config: facts.KernelConfig{Present: true, Options: map[string]string{"CONFIG_A": "y", "CONFIG_B": "n"}}},
	}
}

// A fleet is reproducible, its systems are valid facts, and no two systems are equal.
func TestSystem(t *testing.T) {
	t.Parallel()
	var fleets [2][][]byte
	for i := range fleets {
		m, err := newMaker(7, []*facts.Facts{real()})
		if err != nil {
			t.Fatal(err)
		}
		for n := range 20 {
			raw, err := m.system(n)
			if err != nil {
				t.Fatal(err)
			}
			fleets[i] = append(fleets[i], raw)
		}
	}
	sizes, digests := map[int]bool{}, map[string]bool{}
	for n, raw := range fleets[0] {
		if !bytes.Equal(raw, fleets[1][n]) {
			t.Errorf("system %d differs between runs", n)
		}
		f, err := facts.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, c := range f.Components {
			if ids[c.ID] {
				t.Errorf("system %d has two components %s", n, c.ID)
			}
			ids[c.ID] = true
		}
		sizes[len(f.Components)] = true
		digests[f.Kernel.Config.Digest+string(f.Components[1].Spec)+f.Cmdline.Raw] = true
	}
	if len(sizes) < 4 || len(digests) != len(fleets[0]) {
		t.Errorf("%d sizes, %d kinds among %d systems", len(sizes), len(digests), len(fleets[0]))
	}
}
