package builder

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// files resolves the files section: it hashes contents and sources, replaces
// names by numeric ids, and keeps one entry per path. A later os.yml replaces a
// file of an earlier one. ids are the ids of container names.
func files(config *spec.Config, ids map[string]uint32) ([]system.File, error) {
	var all []*system.File
	var errs []error
	last := map[string]*system.File{}
	for i := range config.Files {
		f := &config.Files[i]
		file, err := fileOf(config, f, ids)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if file != nil {
			all = append(all, file)
			last[file.Path] = file
		}
	}
	var out []system.File
	for _, file := range all {
		if last[file.Path] == file {
			out = append(out, *file)
		}
	}
	return out, errors.Join(errs...)
}

// fileOf resolves one entry. It returns nil if the entry is optional and its
// source does not exist.
func fileOf(config *spec.Config, f *spec.File, ids map[string]uint32) (*system.File, error) {
	out := &system.File{Path: f.Clean(), Pos: f.Path.Pos(), Type: system.TypeFile, Mode: 0o600}
	out.UID, out.GID = idOf(f.UID, ids), idOf(f.GID, ids)
	if f.Directory.Get() {
		out.Type, out.Mode = system.TypeDir, 0o700
	}
	if f.Mode != nil {
		out.Mode = uint32(f.Mode.V)
	}
	switch {
	case out.Type == system.TypeDir:
	case f.Symlink != nil:
		out.Type, out.Link = system.TypeSymlink, f.Symlink.V
	case f.Source != nil:
		return fromSource(config, f, out)
	case f.Metadata != nil:
		data, err := metadata(config, f.Metadata.V)
		if err != nil {
			return nil, system.BadInput("file %q", f.Path.V).At(f.Metadata.Pos()).Because(err)
		}
		out.Metadata = f.Metadata.V
		inline(out, data)
	default:
		inline(out, []byte(f.Contents.Get()))
	}
	return out, nil
}

func idOf(v *spec.Value[spec.ID], ids map[string]uint32) int {
	id := v.Get()
	if id.Name != "" {
		return int(ids[id.Name]) // Load has checked that the name exists
	}
	return int(id.Number)
}

func inline(out *system.File, data []byte) {
	out.Contents, out.Size, out.Digest = data, int64(len(data)), digests.Of(data)
}

// fromSource hashes a file of the build machine. The file is read again when it
// is written.
func fromSource(config *spec.Config, f *spec.File, out *system.File) (*system.File, error) {
	fail := func(err error, next string) (*system.File, error) {
		return nil, system.BadInput("file %q: cannot read the source %q", f.Path.V, f.Source.V).At(f.Source.Pos()).Because(err).Suggest("%s", next)
	}
	source := f.Source.V
	if rest, ok := strings.CutPrefix(source, "~/"); ok {
		home, err := os.UserHomeDir()
		if err != nil {
			return fail(err, "write an absolute path")
		}
		source = filepath.Join(home, rest)
	}
	source, err := config.File(f.Source.Pos(), source)
	if err != nil {
		return fail(err, "download the os.yml and the files that it names, and build from the local copy")
	}
	info, err := os.Stat(source)
	switch {
	case errors.Is(err, fs.ErrNotExist) && f.Optional.Get():
		return nil, nil
	case errors.Is(err, fs.ErrNotExist):
		return fail(fs.ErrNotExist, "sources are relative to the folder of their os.yml; set optional: true if the file may be missing")
	case err != nil:
		return fail(errors.Unwrap(err), "")
	case !info.Mode().IsRegular():
		return fail(errors.New("not a regular file"), "name one file per entry")
	}
	in, err := os.Open(source)
	if err != nil {
		return fail(errors.Unwrap(err), "")
	}
	defer in.Close()
	h := sha256.New()
	n, err := io.Copy(h, in)
	if err != nil {
		return fail(err, "")
	}
	out.Source, out.SourceText, out.Size = source, f.Source.V, n
	out.Digest = digests.Sum(h)
	return out, nil
}

// metadata returns the merged configuration as text, with sorted keys.
func metadata(config *spec.Config, format string) ([]byte, error) {
	var out bytes.Buffer
	if format == "json" {
		enc := json.NewEncoder(&out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err := enc.Encode(config.Merged)
		return out.Bytes(), err
	}
	enc := yaml.NewEncoder(&out)
	enc.SetIndent(2)
	err := errors.Join(enc.Encode(config.Merged), enc.Close())
	return out.Bytes(), err
}
