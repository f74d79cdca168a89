package folder

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Limits of a bundle. GuestLimits apply to its files as well.
const (
	// MaxBundle is the largest size of a stored bundle, in bytes.
	MaxBundle   = 8 << 20
	maxInflated = 16 << 20
	maxPath     = 1024
)

// opaData is a second copy of a bundle's data files, merged, because stock opa reads
// no other data files.
const opaData = "data.json"

// Bundle returns the tree as a bundle: a tar file in path order, without times or
// owners. Stock opa reads it as a bundle too. Equal trees give equal bytes.
func (t *Tree) Bundle() ([]byte, error) {
	files := map[string][]byte{}
	merged := map[string]any{}
	for _, list := range t.Lists() {
		for _, f := range *list {
			files[f.Path] = f.Content
		}
	}
	for _, f := range t.Data {
		doc, err := Decode(f)
		if err != nil {
			return nil, err
		}
		maps.Copy(merged, doc)
	}
	if len(merged) > 0 {
		raw, err := json.Marshal(merged)
		if err != nil {
			return nil, system.Unusable("data").Because(err)
		}
		files[opaData] = raw
	}
	var out bytes.Buffer
	zip, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zip)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		err = errors.Join(err, archive.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name]))}))
		_, werr := archive.Write(files[name])
		err = errors.Join(err, werr)
	}
	err = errors.Join(err, archive.Close(), zip.Close())
	return out.Bytes(), err
}

// ReadBundle returns the files of a bundle by path. It refuses links, paths that
// leave the bundle, duplicate paths, and contents that are too large after
// decompression. It skips files that do not belong to a rule folder. Errors are
// ErrUnusable.
func ReadBundle(raw []byte) (map[string][]byte, error) {
	bad := func(what string, args ...any) error {
		return system.Unusable("bundle: "+what, args...).Suggest("push it again, with rules push")
	}
	if len(raw) > MaxBundle {
		return nil, bad("more than %d MiB", MaxBundle>>20)
	}
	stored := bytes.NewReader(raw)
	zip, err := gzip.NewReader(stored)
	if err != nil {
		return nil, bad("not gzip: %v", err)
	}
	zip.Multistream(false)
	inflated := &io.LimitedReader{R: zip, N: maxInflated + 1}
	archive := tar.NewReader(inflated)
	files, seen, size := map[string][]byte{}, map[string]bool{}, 0
	sorter := &Tree{}
	for entries := 0; ; entries++ {
		h, err := archive.Next()
		if inflated.N <= 0 {
			return nil, bad("more than %d MiB after decompression", maxInflated>>20)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bad("not a tar file: %v", err)
		}
		if entries >= GuestLimits.entries {
			return nil, bad("more than %d entries", GuestLimits.entries)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		switch {
		case h.Typeflag == tar.TypeDir:
			if name != "" && name != "." && !fs.ValidPath(name) {
				return nil, bad("path %q leaves the bundle", h.Name)
			}
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, bad("%q is not a regular file", h.Name)
		case !fs.ValidPath(strings.TrimPrefix(name, "/")) || len(name) > maxPath || strings.ContainsFunc(name, odd):
			return nil, bad("path %q leaves the bundle, or is not a valid path", h.Name)
		}
		name = strings.TrimPrefix(name, "/") // opa writes bundles with one
		if seen[name] {
			return nil, bad("duplicate path %q", h.Name)
		}
		seen[name] = true
		if sorter.place(name) == nil || hidden(name) {
			continue
		}
		content, err := bounded.Read(archive, int64(GuestLimits.fileBytes))
		switch {
		case inflated.N <= 0:
			return nil, bad("more than %d MiB after decompression", maxInflated>>20)
		case errors.As(err, new(bounded.TooLarge)):
			return nil, bad("%q is %v", h.Name, err)
		case err != nil:
			return nil, bad("%q is truncated: %v", h.Name, err)
		}
		// Holes of sparse files can be larger than the decompressed data.
		if size += len(content); size > GuestLimits.size {
			return nil, bad("the rule files have more than %d MiB", GuestLimits.size>>20)
		}
		files[name] = content
	}
	if _, err := io.Copy(io.Discard, inflated); err != nil || inflated.N <= 0 || stored.Len() > 0 {
		return nil, bad("there is more data after the files")
	}
	return files, nil
}

// odd reports characters that no name needs and that have a special meaning on some
// systems or terminals.
func odd(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// hidden reports whether a part of the path begins with a dot.
func hidden(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}

// FromFiles returns a tree of files by path, with the same lists as Read.
func FromFiles(files map[string][]byte, prefix string, lim Limits) (*Tree, error) {
	t := &Tree{}
	count, size := 0, 0
	for _, p := range slices.Sorted(maps.Keys(files)) {
		list := t.place(p)
		if list == nil || path.Clean(p) != p {
			continue
		}
		count, size = count+1, size+len(files[p])
		if count > lim.files || size > lim.size {
			return nil, system.BadInput("%s: more than %d rule files, or %d MiB", prefix, lim.files, lim.size>>20)
		}
		*list = append(*list, File{Path: p, Name: prefix + p, Content: files[p]})
	}
	return t, nil
}
