package pipeline

import (
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/image"
)

// The verifier cannot import the builder, so it has its own list of the files of each
// format. The lists must agree.
func TestVerifierKnowsFormats(t *testing.T) {
	t.Parallel()
	for _, name := range image.Formats() {
		f, _ := image.Find(name)
		if !slices.Equal(statement.Formats[name], f.Files) {
			t.Errorf("%s: the verifier expects %q, and a build writes %q", name, statement.Formats[name], f.Files)
		}
	}
	if len(statement.Formats) != len(image.Formats()) {
		t.Errorf("the verifier knows %d formats, and there are %d", len(statement.Formats), len(image.Formats()))
	}
}
