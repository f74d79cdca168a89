package image

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/image/extents"
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

// A described file is written as it is: its holes take no room, and count as zeros in the
// digest. It does not matter if memory forgets what is on the disk.
func TestBehindContent(t *testing.T) {
	t.Parallel()
	for _, forget := range []bool{false, true} {
		content := new(extents.File)
		want := make([]byte, 3*behindDisk+5)
		for _, at := range []int{10, behindBuffer, behindBuffer + 3, behindDisk - 1, 2*behindDisk + 77} {
			part := bytes.Repeat([]byte{byte(at) | 1}, min(behindDisk/2, at))
			if at < 2*behindDisk {
				part = part[:2]
			}
			copy(want[at:], part)
			if _, err := content.WriteAt(part, int64(at)); err != nil {
				t.Fatal(err)
			}
		}
		if err := content.Truncate(int64(len(want))); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(filepath.Join(t.TempDir(), "f"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := newBehind(f)
		b.forget = forget
		if _, err := b.Write([]byte("first")); err != nil {
			t.Fatal(err)
		}
		if err := b.content(content); err != nil {
			t.Fatal(err)
		}
		want = append([]byte("first"), want...)
		if digest, err := b.Close(); err != nil || digest != digests.Of(want) {
			t.Errorf("%s, %v", digest, err)
		}
		if got, err := os.ReadFile(f.Name()); err != nil || !bytes.Equal(got, want) {
			t.Errorf("the file has %d bytes of %d, or others; %v", len(got), len(want), err)
		}
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
