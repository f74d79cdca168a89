package sbom

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// sealed are the archives with entries that cannot be read: encrypted, or with
// an unknown compression. Packages in such entries are missing.
func (r *Resolver) sealed(suffixes map[string]bool) []Unreadable {
	var out []Unreadable
	seen := map[string]bool{}
	look := func(name string) {
		real, _, ok := r.tree.Resolve(name)
		if !ok || seen[real] || !r.store.has(real) {
			return
		}
		seen[real] = true
		if err := r.unsealed(real, suffixes); err != nil {
			out = append(out, Unreadable{Path: real, Reason: err})
		}
	}
	for _, name := range r.launchers {
		look(name)
	}
	for suffix := range suffixes {
		for _, name := range r.byExt[suffix] {
			look(name)
		}
	}
	return out
}

// ambiguous are package descriptions that two readers understand differently:
// Node reads "name", but other readers may read "Name".
func (r *Resolver) ambiguous() []Unreadable {
	var out []Unreadable
	seen := map[string]bool{}
	for _, base := range []string{"package.json", "installed.json"} {
		for _, name := range r.byBase[base] {
			real, e, ok := r.tree.Resolve(name)
			if !ok || e == nil || seen[real] || !r.store.has(real) {
				continue
			}
			seen[real] = true
			rc, err := r.store.open(real)
			if err != nil {
				continue
			}
			raw, err := io.ReadAll(rc)
			if err = errors.Join(err, rc.Close()); err != nil || !json.Valid(raw) {
				continue // its cataloger reports this
			}
			if err := strictjson.CheckNames(raw); err != nil {
				out = append(out, Unreadable{Path: real, Reason: err})
			}
		}
	}
	return out
}

// unsealed checks the directory of one archive. For a file that is not an
// archive, the cataloger reports the error.
func (r *Resolver) unsealed(real string, suffixes map[string]bool) error {
	rc, err := r.store.open(real)
	if err != nil {
		return err
	}
	defer rc.Close()
	in, ok := rc.(content)
	if !ok {
		return errors.New("the file cannot be read in pieces")
	}
	size, err := in.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	z, err := zip.NewReader(in, size)
	if err != nil {
		return nil
	}
	var read int64
	for _, f := range z.File {
		inner := suffixes[strings.ToLower(path.Ext(f.Name))]
		switch {
		case f.Flags&1 != 0:
			return fmt.Errorf("its entry %s is encrypted", f.Name)
		case !inner:
		case f.Method != zip.Store && f.Method != zip.Deflate:
			return fmt.Errorf("its entry %s has the unknown compression method %d", f.Name, f.Method)
		default:
			n, err := readToEnd(f, maxNested-read)
			if err != nil {
				return fmt.Errorf("its entry %s: %w", f.Name, err)
			}
			read += n
		}
	}
	return nil
}

// maxNested is the largest total size of the archives in one archive.
const maxNested = 4 << 30

// readToEnd reads an archive within an archive to its end, where its directory is.
func readToEnd(f *zip.File, limit int64) (int64, error) {
	in, err := f.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	end := &tail{}
	n, err := io.Copy(end, io.LimitReader(in, limit+1))
	switch {
	case err != nil:
		return n, err
	case n > limit:
		return n, fmt.Errorf("it contains more than %d GiB of archives", maxNested>>30)
	case !end.isArchive():
		return n, errors.New("it is not an archive")
	}
	return n, nil
}
