package kernelvex

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// The files of an image with a compiled kernel that say from what it was compiled.
const (
	aboutFile   = "kernel.build.json"
	sourcesFile = "kernel.sources"
	codeFile    = "kernel.code"
)

// maxList is the largest size of such a file: the longest one has 2.2 MB.
const maxList = 32 << 20

// Kernel is a compiled kernel, as its image describes it.
type Kernel struct {
	// Release is what uname -r prints.
	Release string
	// Source is the package that has the source.
	Source Source
	// Sources and Code are the digests (sha256:HEX) of the lists of the files that the
	// compiler read, and of all C, assembler and header files of the source.
	Sources, Code string

	compiled, code map[string]bool
	// number is the version in Release: "6.12.117". version is the same, but nil for a
	// release candidate, and if a number has too many digits.
	number  string
	version *version
}

// Source is a package of a distribution.
type Source struct {
	Name         string `json:"name"`
	Version      string `json:"version"`
	Architecture string `json:"architecture"`
}

// Sink takes the lists from the pass over an image.
type Sink struct{ files map[string]*bytes.Buffer }

// Entry implements system.Sink.
func (s *Sink) Entry(e *system.Entry) (io.WriteCloser, error) {
	if e.Shadowed || e.Archive != "" || e.Type != system.TypeFile || !slices.Contains([]string{aboutFile, sourcesFile, codeFile}, e.Path) {
		return nil, nil
	}
	if e.Size > maxList {
		return nil, fmt.Errorf("%s has more than %d MiB", e.Path, maxList>>20)
	}
	if s.files == nil {
		s.files = map[string]*bytes.Buffer{}
	}
	b := new(bytes.Buffer)
	s.files[e.Path] = b
	return system.NopCloser{Writer: b}, nil
}

// Finish implements system.Sink.
func (s *Sink) Finish() error { return nil }

// Kernel returns the kernel after the pass.
func (s *Sink) Kernel() (*Kernel, error) {
	for _, name := range []string{aboutFile, sourcesFile, codeFile} {
		if s.files[name] == nil {
			return nil, system.Unusable("the image has no file %s", name).
				Suggest("use an image with a kernel that this version of seaworthy component build compiled")
		}
	}
	k, err := parseKernel(s.files[aboutFile].Bytes(), s.files[sourcesFile].Bytes(), s.files[codeFile].Bytes())
	if err != nil {
		return nil, system.Unusable("the image does not say correctly from what its kernel was compiled").Because(err)
	}
	return k, nil
}

var (
	releaseRE = lazyre.New(`^([0-9]+\.[0-9]+\.[0-9]+)([A-Za-z0-9._+-]{0,64})$`)
	rcRE      = lazyre.New(`^-rc[0-9]`)
	packageRE = lazyre.New(`^[a-z0-9][a-z0-9.+-]{1,100}$`)
	debianRE  = lazyre.New(`^[0-9A-Za-z.+~:-]{1,100}$`)
)

func parseKernel(about, sources, code []byte) (*Kernel, error) {
	var a struct {
		SchemaVersion int    `json:"schemaVersion"`
		Release       string `json:"release"`
		Source        Source `json:"source"`
	}
	if err := strictjson.Decode(about, &a); err != nil {
		return nil, fmt.Errorf("%s: %w", aboutFile, err)
	}
	m := releaseRE.FindStringSubmatch(a.Release)
	switch {
	case a.SchemaVersion != 1:
		return nil, fmt.Errorf("%s: unknown schemaVersion %d", aboutFile, a.SchemaVersion)
	case m == nil:
		return nil, fmt.Errorf("%s: %q is not the release of a kernel", aboutFile, a.Release)
	case !packageRE.MatchString(a.Source.Name), !debianRE.MatchString(a.Source.Version), !packageRE.MatchString(a.Source.Architecture):
		return nil, fmt.Errorf("%s: the source package is not valid", aboutFile)
	}
	k := &Kernel{Release: a.Release, Source: a.Source, Sources: digests.Of(sources), Code: digests.Of(code), number: m[1]}
	if !rcRE.MatchString(m[2]) {
		k.version = parseVersion(k.number)
	}
	var err1, err2 error
	k.compiled, err1 = parseList(sourcesFile, sources)
	k.code, err2 = parseList(codeFile, code)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	for name := range k.code {
		if !isCode(name) {
			return nil, fmt.Errorf("%s has %q, which is not C or assembler code", codeFile, name)
		}
	}
	for name := range k.compiled {
		if isCode(name) && !k.code[name] {
			return nil, fmt.Errorf("%s has %q, but %s does not", sourcesFile, name, codeFile)
		}
	}
	return k, nil
}

// nameRE matches the names of files in the source of Linux.
var nameRE = lazyre.New(`^[!-~]+$`)

// parseList reads names of files, one a line, sorted.
func parseList(file string, data []byte) (map[string]bool, error) {
	text, ok := strings.CutSuffix(string(data), "\n")
	if !ok {
		return nil, fmt.Errorf("%s is empty, or its last line is truncated", file)
	}
	out := map[string]bool{}
	last := ""
	for name := range strings.SplitSeq(text, "\n") {
		if name <= last || !nameRE.MatchString(name) || name != path.Clean(name) || !filepath.IsLocal(name) {
			return nil, fmt.Errorf("%s: %q is not the name of a file, or the names are not sorted", file, name)
		}
		out[name], last = true, name
	}
	return out, nil
}

// isCode reports whether a file is C or assembler code. The compiler names such a file if it
// reads it. It does not name a Makefile, a Kconfig file, or the input of a script.
func isCode(name string) bool { return slices.Contains([]string{".c", ".h", ".S"}, path.Ext(name)) }
