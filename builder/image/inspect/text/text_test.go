package text_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/inspect"
	"github.com/seaworthy-os/seaworthy/builder/image/inspect/text"
)

// FuzzWrite: whatever an image contains, the text can be written, and cannot
// control the terminal.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("070701"))
	f.Add([]byte("hsqs\x1b[2J"))
	f.Add([]byte("MZ"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := inspect.Describe("a\x1b", bytes.NewReader(b), int64(len(b)), inspect.Options{})
		if err != nil {
			return
		}
		var out strings.Builder
		if err := text.Write(io.MultiWriter(&out), r); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\r") {
			t.Errorf("%q", out.String())
		}
	})
}
