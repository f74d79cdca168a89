// Package kernel determines which kernel a system would boot: its version, its
// configuration, and its modules. ReadConfig reads a single file. Sink collects
// during the pass over a kernel image. All input comes from an image and is
// read with limited memory.
package kernel

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const (
	// maxConfig is the largest text of a configuration. Real ones have 300 KiB.
	maxConfig  = 8 << 20
	maxOptions = 100_000
	// a text with fewer options is not a kernel configuration
	fewOptions = 10
)

// ErrNoConfig: the input is neither a kernel configuration nor a kernel that
// contains one.
var ErrNoConfig = errors.New("no kernel configuration found")

// ErrMalformed: a single file is neither a configuration nor a kernel.
var ErrMalformed = errors.New("this is not a kernel configuration")

var errCut = fmt.Errorf("%w: the file is truncated", ErrMalformed)

// parsed is the content of a configuration and its header.
type parsed struct {
	options map[string]string
	lines   map[string]int // line of each option, from 1
	digest  string
	// arch and version from the line "# Linux/x86 6.1.158 Kernel
	// Configuration"; "" without this line.
	arch, version string
}

// parseConfig reads the text of a .config. "is not set" is "n". The last
// setting of an option counts, as for the kernel's own tools.
func parseConfig(r io.Reader) (*parsed, error) {
	text, err := bounded.Read(r, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("the kernel configuration cannot be read: %w", err)
	}
	p := &parsed{options: map[string]string{}, lines: map[string]int{}, digest: digests.Of(text)}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxConfig+1)
	for n := 1; lines.Scan(); n++ {
		if name := p.line(strings.TrimRight(lines.Text(), " \t\r")); name != "" {
			p.lines[name] = n
		}
		if len(p.options) > maxOptions {
			return nil, fmt.Errorf("the kernel configuration has more than %d options", maxOptions)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(p.options) < fewOptions {
		return nil, ErrNoConfig
	}
	return p, nil
}

// line reads one line, and returns its option.
func (p *parsed) line(s string) string {
	if rest, ok := strings.CutPrefix(s, "# "); ok {
		// Kconfig ignores the text after "is not set" too.
		if name, _, ok := strings.Cut(rest, " is not set"); ok && isOption(name) {
			p.options[name] = "n"
			return name
		} else if body, ok := strings.CutSuffix(rest, " Kernel Configuration"); ok && p.version == "" {
			if name, version, ok := strings.Cut(body, " "); ok && strings.HasPrefix(name, "Linux/") && isVersion(version) {
				p.arch, p.version = strings.TrimPrefix(name, "Linux/"), version
			}
		}
		return ""
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok || !isOption(name) {
		return ""
	}
	p.options[name] = unquote(value)
	return name
}

// isOption reports whether s is CONFIG_ with letters, digits and underscores.
func isOption(s string) bool {
	name, ok := strings.CutPrefix(s, "CONFIG_")
	if !ok || name == "" {
		return false
	}
	for _, r := range name {
		if r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return true
}

func isVersion(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// unquote removes the quotes that Kconfig writes around a text. \" and \\ are
// the only escapes.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s[1 : len(s)-1])
}

func (p *parsed) facts(source string) facts.KernelConfig {
	return facts.KernelConfig{Present: true, Source: source, Digest: p.digest, Options: p.options, Fragment: p.fragment()}
}

// File is what a single file shows about a kernel.
type File struct {
	Config facts.KernelConfig
	// Version is the kernel's release, or the version in the configuration's
	// header, or "".
	Version string
	// Arch is the Go name of the architecture of the configuration, or else of
	// the kernel's format; "" if both are unknown.
	Arch string
}

// ReadConfig reads the configuration of a kernel from a single file: a .config,
// plain or compressed, or a kernel that was built with CONFIG_IKCONFIG
// (bzImage, vmlinux, Image, Image.gz, vmlinuz.efi). name is the name of the
// source in the result, except for a configuration inside a kernel, whose
// source is "ikconfig". A file that is neither a kernel nor a configuration is
// ErrMalformed. A kernel without a configuration is ErrNoConfig; File has what
// else is known about it.
func ReadConfig(r io.Reader, name string) (*File, error) {
	b := bufio.NewReaderSize(r, headerSize)
	head, err := b.Peek(headerSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(head) == 0 {
		return nil, fmt.Errorf("%w: the file is empty", ErrMalformed)
	}
	if isText(head) {
		return readText(b, name)
	}
	if plain := unpackedHead(head); isText(plain) {
		z, err := decompressor(compression(head), b)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		return readText(z, name)
	}
	img, err := readImage(b)
	switch {
	case err != nil && img != nil && img.format == "" && errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCut
	case err != nil:
		return nil, err
	}
	f := &File{Config: facts.KernelConfig{Options: map[string]string{}}, Version: img.version(), Arch: formats[img.format]}
	switch {
	case img.config != nil:
		f.Config = img.config.facts("ikconfig")
		notes, _ := img.contradictions(img.config)
		f.Config.Mismatch = strings.Join(append(notes, img.doubts...), "; ")
		f.take(img.config)
		return f, nil
	case img.version() == "":
		return nil, fmt.Errorf("%w: it is neither a configuration nor a kernel", ErrMalformed)
	}
	return f, ErrNoConfig
}

// take sets fields that are still unknown from a configuration.
func (f *File) take(p *parsed) {
	if f.Version == "" {
		f.Version = p.version
	}
	if arch := architecture(p); arch != "" {
		f.Arch = arch
	}
}

// formats maps kernel formats to the only architecture that uses them.
var formats = map[string]string{"bzImage": "amd64", "Image": "arm64", "riscv": "riscv64"}

// always are options with a value in every 64-bit kernel, even in a tinyconfig,
// which users cannot change (init/Kconfig, kernel/Kconfig.hz, Kconfig of each
// architecture).
var always = []string{"CONFIG_INIT_ENV_ARG_LIMIT", "CONFIG_HZ", "CONFIG_PGTABLE_LEVELS"}

// fragment reports whether the configuration is incomplete. `make
// savedefconfig`, and people who write fragments, leave out default values and
// options that users cannot set. The header does not help: fragments are often
// cut from complete configurations.
func (p *parsed) fragment() bool {
	return slices.ContainsFunc(always, func(name string) bool {
		_, ok := p.options[name]
		return !ok
	})
}

// readText reads a .config.
func readText(r io.Reader, name string) (*File, error) {
	p, err := parseConfig(r)
	switch {
	case errors.Is(err, ErrNoConfig):
		return nil, fmt.Errorf("%w: the text has fewer than %d options", ErrMalformed, fewOptions)
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errCut
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	f := &File{Config: p.facts(name)}
	f.Config.Lines = p.lines
	f.take(p)
	return f, nil
}

func isText(head []byte) bool {
	return len(head) > 0 && bytes.IndexByte(head, 0) < 0
}
