package inspect

import (
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// appended finds the command lines in the files of boot loaders: syslinux and
// systemd-boot (append, options), GRUB (linux FILE ...).
var appended = lazyre.New(`(?mi)^[ \t]*(?:append|options|linux(?:efi)?[ \t]+\S+)[ \t]+(\S.*?)[ \t\r]*$`)

// rootHash finds root hashes of dm-verity: those of systemd, ours, and those of
// the kernel's own dm-mod.create.
var rootHash = lazyre.New(`(?:^|[\s"])(?:[a-z.]*(?:roothash|usrhash)=|dm-mod\.create="?[^"]*? sha256 )([0-9a-fA-F]{64})\b`)

const maxCmdlines = 20

// cmdline adds a command line of the file name.
func (it *Item) cmdline(name, text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	if len(it.Cmdlines) >= maxCmdlines {
		it.problem("there are more than %d command lines", maxCmdlines)
		return
	}
	c := Cmdline{Path: name, Text: text}
	for _, m := range rootHash.FindAllStringSubmatch(text, maxCmdlines) {
		if h := strings.ToLower(m[1]); !slices.Contains(c.RootHashes, h) {
			c.RootHashes = append(c.RootHashes, h)
		}
	}
	it.Cmdlines = append(it.Cmdlines, c)
}

// loaderFile looks into a file of a boot file system.
func (w *walker) loaderFile(it *Item, name string, s *io.SectionReader) {
	lower := strings.ToLower(path.Base(name))
	isConfig := strings.HasSuffix(lower, ".cfg") || strings.HasSuffix(lower, ".conf")
	switch {
	case isConfig && s.Size() > maxText:
		it.problem("%s has more than %d KiB and was not read", name, maxText>>10)
	case isConfig:
		if content, err := text(s); err == nil {
			it.loaderConfig(name, content)
			for _, m := range appended.FindAllStringSubmatch(content, maxCmdlines) {
				it.cmdline(name, m[1])
			}
		}
	case lower == "cmdline" || strings.HasSuffix(lower, "-cmdline"):
		if content, err := text(s); err == nil {
			it.cmdline(name, content)
		}
	default:
		w.bootFile(it, name, s)
	}
}
