package measure

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Yardstick decompresses every gzip layer below the folders with gzip and hashes it
// with sha256sum, one after another: the least work for a check of these layers with
// these tools. Multiples of it can be compared between machines and with other
// builders.
func Yardstick(folders ...string) (Sample, error) {
	var layers []string
	for _, f := range folders {
		err := filepath.WalkDir(f, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || !strings.Contains(filepath.ToSlash(path), "blobs/sha256/") {
				return err
			}
			gz, err := gzipped(path)
			if gz {
				layers = append(layers, path)
			}
			return err
		})
		if err != nil {
			return Sample{}, err
		}
	}
	if len(layers) == 0 {
		return Sample{}, errors.New("no gzip layer below " + strings.Join(folders, ", "))
	}
	var out Sample
	start := time.Now()
	for _, path := range layers {
		cmd := exec.Command("sh", "-c", `gzip -dc <"$1" | sha256sum`, "sh", path)
		if err := cmd.Run(); err != nil {
			return Sample{}, err
		}
		out.CPU += cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	}
	out.Wall = time.Since(start)
	return out, nil
}

func gzipped(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	magic := make([]byte, 2)
	_, err = io.ReadFull(f, magic)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil
	}
	return bytes.Equal(magic, []byte{0x1f, 0x8b}), err
}
