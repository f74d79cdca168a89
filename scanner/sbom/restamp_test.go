package sbom_test

import (
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/scanner/sbom"
)

// Only the creation time is replaced, and a document without one is refused.
func TestAt(t *testing.T) {
	t.Parallel()
	d := sbom.Documents{
		SPDX:      []byte(`{"name":"\"creationInfo\":{\"created\":\"x\"","creationInfo":{"creators":["Tool: x"],"created":"1970-01-01T00:00:00Z"},"packages":[{"created":"1970-01-01T00:00:00Z"}]}`),
		CycloneDX: []byte(`{"version":1,"metadata":{"timestamp":"1970-01-01T00:00:00Z","tools":{}},"components":[{"timestamp":"1970-01-01T00:00:00Z"}]}`),
	}
	got, err := d.At(time.Date(2026, 11, 30, 1, 2, 3, 0, time.FixedZone("", 3600)))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"name":"\"creationInfo\":{\"created\":\"x\"","creationInfo":{"creators":["Tool: x"],"created":"2026-11-30T00:02:03Z"},"packages":[{"created":"1970-01-01T00:00:00Z"}]}`; string(got.SPDX) != want {
		t.Errorf("%s", got.SPDX)
	}
	if want := `{"version":1,"metadata":{"timestamp":"2026-11-30T00:02:03Z","tools":{}},"components":[{"timestamp":"1970-01-01T00:00:00Z"}]}`; string(got.CycloneDX) != want {
		t.Errorf("%s", got.CycloneDX)
	}
	for _, bad := range []sbom.Documents{{}, {SPDX: d.SPDX}, {SPDX: d.CycloneDX, CycloneDX: d.CycloneDX},
		{SPDX: []byte(`{"creationInfo":{"created":"now"}}`), CycloneDX: d.CycloneDX}, {SPDX: []byte(`{"creationInfo":{"created":"19`), CycloneDX: d.CycloneDX}} {
		if _, err := bad.At(time.Unix(0, 0)); err == nil {
			t.Errorf("%s: accepted", bad.SPDX)
		}
	}
}
