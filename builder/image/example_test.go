package image_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Several formats are written from one stream of entries. Equal entries give equal
// bytes.
func ExampleNew() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	set, err := image.New([]string{"tar", "docker"}, image.Options{Dir: dir, Stem: "web", Time: time.Unix(0, 0), Arch: "amd64"})
	if err != nil {
		fmt.Println(err)
		return
	}
	const text = "hello\n"
	w, err := set.Entry(&system.RootEntry{Entry: system.Entry{Path: "motd", Type: system.TypeFile, Mode: 0o644, Size: int64(len(text))}})
	if err != nil {
		set.Abort()
		fmt.Println(err)
		return
	}
	if _, err := io.WriteString(w, text); err != nil {
		fmt.Println(err)
	}
	if err := w.Close(); err != nil {
		fmt.Println(err)
	}
	files, err := set.Close()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, name := range files {
		info, err := os.Stat(filepath.Join(dir, name))
		fmt.Println(name, info.Size() > int64(len(text)), err)
	}
	// Output:
	// web-docker.tar true <nil>
	// web.tar true <nil>
}
