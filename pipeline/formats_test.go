package pipeline

import (
	"fmt"
	"slices"
	"strings"
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
			t.Errorf("the verifier expects %q, and a build writes other files: write into Formats in attest/statement/expected.go\n\t%q: {%s},",
				statement.Formats[name], name, quoted(f.Files))
		}
	}
	for name := range statement.Formats {
		if _, ok := image.Find(name); !ok {
			t.Errorf("Formats in attest/statement/expected.go has %s, which a build cannot write", name)
		}
	}
}

// quoted writes names as Go code does.
func quoted(names []string) string {
	var out []string
	for _, n := range names {
		out = append(out, fmt.Sprintf("%q", n))
	}
	return strings.Join(out, ", ")
}
