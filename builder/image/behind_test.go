package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/digests"
)

func TestBehind(t *testing.T) {
	t.Parallel()
	var want bytes.Buffer
	f, err := os.Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := newBehind(f)
	for i, size := range []int{0, 1, behindBuffer - 1, behindBuffer, behindBuffer + 1, 3*behindBuffer + 7, behindDisk, 5} {
		p := bytes.Repeat([]byte{byte('a' + i)}, size)
		want.Write(p)
		if n, err := b.Write(p); n != size || err != nil {
			t.Fatal(n, err)
		}
		clear(p) // the writer must not keep it
		if i%3 != 0 {
			continue
		}
		if err := b.Flush(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, want.Bytes()) {
			t.Fatalf("%d bytes of %d are in the file after Flush, %v", len(got), want.Len(), err)
		}
	}
	for range 2 { // an aborted format can be closed twice
		if digest, err := b.Close(); err != nil || digest != digests.Of(want.Bytes()) {
			t.Errorf("%s, %v", digest, err)
		}
	}
	if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("the file has %d bytes of %d, or others; %v", len(got), want.Len(), err)
	}
}

// A disk that is full is reported, and does not stop the goroutine.
func TestBehindReportsErrors(t *testing.T) {
	t.Parallel()
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full: ", err)
	}
	defer f.Close()
	b := newBehind(f)
	for range 4 * behindCount {
		if _, err = b.Write(make([]byte, behindBuffer)); err != nil {
			break
		}
	}
	if err == nil {
		t.Error("Write reports nothing")
	}
	if err := b.Flush(); err == nil {
		t.Error("Flush reports nothing")
	}
	if _, err := b.Close(); err == nil {
		t.Error("Close reports nothing")
	}
}
