package cli

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// TestReportOfHostileText: text from an image cannot control the terminal, and
// cannot look like a line of the program.
func TestReportOfHostileText(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	c := &Streams{Err: safetext.NewWriter(&b)}
	c.Report(fmt.Errorf("entry: %w", errors.New("\x1b[2Ja\nseaworthy: verified\u202egnp\u2066\u200b\u009b31m\x7f\r\u2028b")))
	if got := b.String(); strings.ContainsAny(got, "\x1b\u202e\u2066\u200b\u009b\x7f\r\u2028") {
		t.Errorf("the text controls the terminal: %q", got)
	}
	if got := strings.Count("\n"+b.String(), "\nseaworthy:"); got != 1 {
		t.Errorf("%d lines look like ours: %q", got, b.String())
	}
}
