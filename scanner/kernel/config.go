// Package kernel says which kernel a system would boot: its version, its
// configuration, and its modules. ReadConfig reads a lone file; Sink collects
// from the pass over a kernel image. Everything here comes from an image and
// is read with bounded memory.
package kernel

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

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

// parsed is a configuration and what its header says.
type parsed struct {
	options map[string]string
	digest  string
	// arch and version as in "# Linux/x86 6.1.158 Kernel Configuration"; ""
	// where there is no such line.
	arch, version string
}

// parseConfig reads the text of a .config. "is not set" is "n"; of an option
// that is set twice the last counts, as for the kernel's own tools.
func parseConfig(r io.Reader) (*parsed, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxConfig {
		return nil, fmt.Errorf("kernel configuration of more than %d MiB", maxConfig>>20)
	}
	sum := sha256.Sum256(text)
	p := &parsed{options: map[string]string{}, digest: "sha256:" + hex.EncodeToString(sum[:])}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, maxConfig+1)
	for lines.Scan() {
		p.line(strings.TrimRight(lines.Text(), " \t\r"))
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

func (p *parsed) line(s string) {
	if rest, ok := strings.CutPrefix(s, "# "); ok {
		if name, ok := strings.CutSuffix(rest, " is not set"); ok && isOption(name) {
			p.options[name] = "n"
		} else if body, ok := strings.CutSuffix(rest, " Kernel Configuration"); ok && p.version == "" {
			if name, version, ok := strings.Cut(body, " "); ok && strings.HasPrefix(name, "Linux/") && isVersion(version) {
				p.arch, p.version = strings.TrimPrefix(name, "Linux/"), version
			}
		}
		return
	}
	name, value, ok := strings.Cut(s, "=")
	if !ok || !isOption(name) {
		return
	}
	p.options[name] = unquote(value)
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
	return facts.KernelConfig{Present: true, Source: source, Digest: p.digest, Options: p.options}
}

// ReadConfig reads the configuration of a kernel from a lone file: a .config,
// one that is packed with gzip, or a kernel that was built with CONFIG_IKCONFIG
// (bzImage, vmlinux, Image, Image.gz, vmlinuz.efi). name is what the result
// calls its source, unless it was found inside a kernel: "ikconfig". The
// version is the kernel's release, or what the configuration's header says, or
// "". The error is ErrNoConfig for a kernel without one; its version is
// returned all the same.
func ReadConfig(r io.Reader, name string) (facts.KernelConfig, string, error) {
	none := facts.KernelConfig{Options: map[string]string{}}
	b := bufio.NewReaderSize(r, headerSize)
	head, err := b.Peek(headerSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return none, "", err
	}
	if plain, ok := gunzipped(head); ok {
		// Either a configuration or an Image.gz; the first bytes tell.
		if bytes.Contains(plain, []byte("CONFIG_")) {
			z, err := decompressor("gzip", b)
			if err != nil {
				return none, "", err
			}
			defer z.Close()
			return readText(z, name)
		}
	} else if isText(head) {
		return readText(b, name)
	}
	img, err := readImage(b)
	if err != nil {
		return none, "", err
	}
	if img.config == nil {
		return none, img.version(), ErrNoConfig
	}
	version := img.version()
	if version == "" {
		version = img.config.version
	}
	return img.config.facts("ikconfig"), version, nil
}

func readText(r io.Reader, name string) (facts.KernelConfig, string, error) {
	p, err := parseConfig(r)
	if err != nil {
		return facts.KernelConfig{Options: map[string]string{}}, "", err
	}
	return p.facts(name), p.version, nil
}

func isText(head []byte) bool {
	return len(head) > 0 && bytes.IndexByte(head, 0) < 0
}
