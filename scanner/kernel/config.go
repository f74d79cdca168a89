// Package kernel says which kernel a system would boot: its version, its
// configuration, and its modules. ReadConfig reads a lone file; Sink collects
// from the pass over a kernel image. Everything here comes from an image and
// is read with bounded memory.
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
	// maxConfig bounds the text of a configuration; real ones have 300 KiB.
	maxConfig  = 8 << 20
	maxOptions = 100_000
	// fewOptions: a text with fewer is no kernel configuration.
	fewOptions = 10
)

// ErrNoConfig: the input is neither a kernel configuration nor a kernel that
// carries one.
var ErrNoConfig = errors.New("no kernel configuration found")

// ErrMalformed: a lone file is neither a configuration nor a kernel.
var ErrMalformed = errors.New("this is no kernel configuration")

var errCut = fmt.Errorf("%w: it is cut short", ErrMalformed)

// parsed is a configuration and what its header says.
type parsed struct {
	options map[string]string
	lines   map[string]int // where each option stands, from 1
	digest  string
	// arch and version as in "# Linux/x86 6.1.158 Kernel Configuration"; ""
	// where there is no such line.
	arch, version string
}

// parseConfig reads the text of a .config. "is not set" is "n"; of an option
// that is set twice the last counts, as for the kernel's own tools.
func parseConfig(r io.Reader) (*parsed, error) {
	text, err := bounded.Read(r, maxConfig)
	if err != nil {
		return nil, fmt.Errorf("kernel configuration: %w", err)
	}
	p := &parsed{options: map[string]string{}, lines: map[string]int{}, digest: digests.Of(text)}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxConfig+1)
	for n := 1; lines.Scan(); n++ {
		if name := p.line(strings.TrimRight(lines.Text(), " \t\r")); name != "" {
			p.lines[name] = n
		}
		if len(p.options) > maxOptions {
			return nil, fmt.Errorf("kernel configuration with more than %d options", maxOptions)
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

// line reads one line, and gives the option that it is about.
func (p *parsed) line(s string) string {
	if rest, ok := strings.CutPrefix(s, "# "); ok {
		// What stands behind it Kconfig passes over, too.
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

// isOption: CONFIG_ and letters, digits and underscores.
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

// unquote takes the quotes off a text, as Kconfig writes them: \" and \\ are
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

// File is what a lone file says of a kernel.
type File struct {
	Config facts.KernelConfig
	// Version is the kernel's release, or what the configuration's header says,
	// or "".
	Version string
	// Arch is the Go name of the architecture that the configuration is for, or
	// else that of the kernel's format; "" where neither says.
	Arch string
}

// ReadConfig reads the configuration of a kernel from a lone file: a .config,
// a compressed one, or a kernel that was built with CONFIG_IKCONFIG (bzImage,
// vmlinux, Image, Image.gz, vmlinuz.efi). name is what the result calls its
// source, unless it was found inside a kernel: "ikconfig". What is no kernel
// and no configuration is ErrMalformed. The error is ErrNoConfig for a kernel
// that carries none; what else is known of it is returned all the same.
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
		return nil, fmt.Errorf("%w: neither a configuration nor a kernel", ErrMalformed)
	}
	return f, ErrNoConfig
}

// take learns from a configuration what is not known yet.
func (f *File) take(p *parsed) {
	if f.Version == "" {
		f.Version = p.version
	}
	if arch := architecture(p); arch != "" {
		f.Arch = arch
	}
}

// formats are the architectures that a format of kernels is particular to.
var formats = map[string]string{"bzImage": "amd64", "Image": "arm64", "riscv": "riscv64"}

// always are options that Kconfig gives a value in every kernel for 64 bits, even
// a tinyconfig, and asks nobody about (init/Kconfig, kernel/Kconfig.hz, Kconfig
// of each architecture).
var always = []string{"CONFIG_INIT_ENV_ARG_LIMIT", "CONFIG_HZ", "CONFIG_PGTABLE_LEVELS"}

// fragment: the configuration is not a whole one. `make savedefconfig` and those
// who write fragments leave out what has its default, and options that nobody
// can set. The header says nothing: fragments are often cut from whole ones.
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
		return nil, fmt.Errorf("%w: a text with fewer than %d options", ErrMalformed, fewOptions)
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
