package policy

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
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
	"github.com/seaworthy-os/seaworthy/policy/sandbox"
)

// Bounds on a bundle; what is in it is bounded by guestLimits beside.
const (
	// MaxBundle is the size of a bundle as it is stored, in bytes.
	MaxBundle   = 8 << 20
	maxInflated = 16 << 20
	maxPath     = 1024
)

// opaData is where a bundle has its data files once more, merged: stock opa
// reads no others.
const opaData = "data.json"

// Pack makes a bundle of a rule folder: the rules, their tests, data and packs,
// as a tar file that stock opa reads as a bundle too. The same folder gives the
// same bytes. The policy is opened first; one that would not be decided by is
// an error. The second result is the policy's name.
func Pack(ctx context.Context, o Options) (raw []byte, name string, err error) {
	library, err := builtin()
	if err != nil {
		return nil, "", err
	}
	sources, err := o.sources()
	if err != nil {
		return nil, "", err
	}
	if len(sources) != 1 || library.packs[sources[0].Name] != nil || sources[0].Bundle != nil {
		return nil, "", system.BadInput("a bundle is made of one folder of rules")
	}
	t, kind, base, err := folderOf(sources[0], library.packs)
	if err != nil {
		return nil, "", err
	}
	a, err := library.host(o).Perform(ctx, jobOf(sandbox.Open, sources[0].Name, kind, base, t))
	if err != nil {
		return nil, "", err
	}
	raw, err = t.pack()
	if err == nil && len(raw) > MaxBundle {
		err = system.BadInput("policy %q: a bundle of %d bytes; the limit is %d MiB", sources[0].Name, len(raw), MaxBundle>>20)
	}
	_, name, _ = strings.Cut(a.Result.Plan.Name, ":")
	return raw, name, err
}

// pack writes the files of the tree in path order, without times or owners.
func (t *tree) pack() ([]byte, error) {
	files := map[string][]byte{}
	merged := map[string]any{}
	for _, list := range t.lists() {
		for _, f := range *list {
			files[f.path] = f.content
		}
	}
	for _, f := range t.data {
		doc, err := decodeObject(f)
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

// ReadBundle reads a bundle's files, by path, without believing anything in
// it: no links, no path that leaves it or is there twice, nothing that inflates
// beyond bounds. Files that are no part of a rule folder are left out. Errors
// are ErrUnusable.
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
	sorter := &tree{}
	for entries := 0; ; entries++ {
		h, err := archive.Next()
		if inflated.N <= 0 {
			return nil, bad("more than %d MiB inflated", maxInflated>>20)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, bad("not a tar file: %v", err)
		}
		if entries >= guestLimits.entries {
			return nil, bad("more than %d entries", guestLimits.entries)
		}
		name := strings.TrimSuffix(strings.TrimPrefix(h.Name, "./"), "/")
		switch {
		case h.Typeflag == tar.TypeDir:
			if name != "" && name != "." && !fs.ValidPath(name) {
				return nil, bad("path %q leaves it", h.Name)
			}
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, bad("%q is no regular file", h.Name)
		case !fs.ValidPath(strings.TrimPrefix(name, "/")) || len(name) > maxPath || strings.ContainsFunc(name, odd):
			return nil, bad("path %q leaves it, or is none", h.Name)
		}
		name = strings.TrimPrefix(name, "/") // opa writes bundles with one
		if seen[name] {
			return nil, bad("path %q is there twice", h.Name)
		}
		seen[name] = true
		if sorter.place(name) == nil || hidden(name) {
			continue
		}
		content, err := bounded.Read(archive, int64(guestLimits.fileBytes))
		switch {
		case inflated.N <= 0:
			return nil, bad("more than %d MiB inflated", maxInflated>>20)
		case errors.As(err, new(bounded.TooLarge)):
			return nil, bad("%q is %v", h.Name, err)
		case err != nil:
			return nil, bad("%q is cut short: %v", h.Name, err)
		}
		// Holes of sparse files are larger than all that was inflated.
		if size += len(content); size > guestLimits.size {
			return nil, bad("the rule files hold more than %d MiB", guestLimits.size>>20)
		}
		files[name] = content
	}
	if _, err := io.Copy(io.Discard, inflated); err != nil || inflated.N <= 0 || stored.Len() > 0 {
		return nil, bad("something follows the files")
	}
	return files, nil
}

// odd is what no name needs, and what means another thing to some system or
// terminal.
func odd(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) }

// hidden: a part of the path begins with a dot.
func hidden(p string) bool {
	return slices.ContainsFunc(strings.Split(p, "/"), func(part string) bool { return strings.HasPrefix(part, ".") })
}

// treeOf sorts files out as readTree does.
func treeOf(files map[string][]byte, prefix string, lim limits) (*tree, error) {
	t := &tree{}
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
		*list = append(*list, file{path: p, name: prefix + p, content: files[p]})
	}
	return t, nil
}
