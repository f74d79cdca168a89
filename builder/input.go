package builder

import (
	"context"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// stdin means standard input on the command line. stdinName is its name in
// messages and outputs, and stdinStem is the name of a system that is read from
// it.
const (
	stdin     = "-"
	stdinName = "standard input"
	stdinStem = "stdin"
)

// IsLocal reports whether an os.yml is a local file: not standard input and not
// a URL.
func IsLocal(file string) bool { return file != stdin && !isURL(file) }

func isURL(file string) bool {
	scheme, _, ok := strings.Cut(file, "://")
	return ok && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// Stem returns a file name without folder and extension. It is the name of a
// system if no other name is given.
func Stem(file string) string {
	base := filepath.Base(file)
	switch {
	case file == stdin:
		return stdinStem
	case isURL(file):
		if u, err := url.Parse(file); err == nil {
			base = path.Base(u.Path)
		}
	}
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// open reads an os.yml that is not a local file, or whose contents are given. It
// returns nil for another local file.
func (o *Options) open(ctx context.Context, file string) (*spec.Input, error) {
	if data, ok := o.Contents[file]; ok {
		full, err := filepath.Abs(file)
		return &spec.Input{Name: file, Data: data, Dir: filepath.Dir(full)}, err
	}
	switch {
	case file == stdin:
		return o.readStdin()
	case isURL(file):
		data, name, err := component.Fetch(ctx, o.store(), file, spec.MaxFileBytes)
		if err != nil {
			return nil, err
		}
		return &spec.Input{Name: name, Data: data, Remote: true}, nil
	}
	return nil, nil
}

func (o *Options) readStdin() (*spec.Input, error) {
	in := o.Stdin
	if in == nil {
		return nil, system.BadInput("standard input was already read").Suggest("use - only once")
	}
	o.Stdin = nil
	data, err := bounded.Read(in, spec.MaxFileBytes)
	if err != nil {
		return nil, system.BadInput("cannot read %s", stdinName).Because(err).Suggest("give the path of a readable os.yml file")
	}
	dir, err := os.Getwd()
	return &spec.Input{Name: stdinName, Data: data, Dir: dir}, err
}

// store returns the options that say where images come from.
func (o *Options) store() component.Options {
	return component.Options{Paths: o.Components, Cache: o.Cache, Offline: o.Offline, Arch: o.Arch, TempDir: o.TempDir, RedirectTo: o.RedirectTo, Fresh: o.Fresh, Pins: o.Pins}
}
