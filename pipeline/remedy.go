package pipeline

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Sources reads the os.yml files that a decision was about: at paths, in merge
// order, or where the decision says that they are. A file that is not the one
// that was decided about is an error of the kind system.ErrMismatch: an edit
// would go astray.
func Sources(d *decision.Decision, paths []string) ([]edit.File, error) {
	if len(paths) == 0 {
		for _, s := range d.System.Sources {
			paths = append(paths, s.Path)
		}
	}
	if len(paths) != len(d.System.Sources) {
		return nil, &system.Error{Kind: system.ErrInput, What: fmt.Sprintf("%d os.yml files, and the decision is about %d", len(paths), len(d.System.Sources)),
			Next: "name the same files in the same order"}
	}
	var out []edit.File
	for i, path := range paths {
		data, err := readBounded(path, spec.MaxFileBytes)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		if got := "sha256:" + hex.EncodeToString(sum[:]); got != d.System.Sources[i].Digest {
			return nil, &system.Error{Kind: system.ErrMismatch, What: path + " is not what was decided about: " + got, Next: "decide again: seaworthy check"}
		}
		out = append(out, edit.File{Name: d.System.Sources[i].Path, Data: data})
	}
	return out, nil
}

// Remedy is the diff of os.yml that makes a finding pass, for patch -p1; "" where
// no edit does. It shows lines of os.yml as they stand.
func Remedy(sources []edit.File, f *decision.Finding) (string, error) {
	if len(f.Edits) == 0 {
		return "", nil
	}
	after, err := edit.Apply(sources, f.Edits)
	if err != nil {
		return "", err
	}
	return edit.Diff(sources, after), nil
}

func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, &system.Error{Kind: system.ErrInput, What: "cannot read " + path, Err: err}
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, &system.Error{Kind: system.ErrInput, What: "cannot read " + path, Err: err}
	}
	if int64(len(data)) > limit {
		return nil, &system.Error{Kind: system.ErrInput, What: fmt.Sprintf("%s: larger than %d KiB", path, limit>>10)}
	}
	return data, nil
}
