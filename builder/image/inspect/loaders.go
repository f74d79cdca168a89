package inspect

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Loader describes a boot loader with its configuration.
type Loader struct {
	// Kind is systemd-boot, GRUB, syslinux or shell (an EFI shell).
	Kind string `json:"kind"`
	// Path is that of the configuration, or else of the program.
	Path string `json:"path"`
	// Open are the ways in which a person at the console can change what boots.
	Open    []string      `json:"open,omitempty"`
	Entries []LoaderEntry `json:"entries,omitempty"`
	// Unread is the reason why a part of the configuration is unknown.
	Unread string `json:"unread,omitempty"`
	// configured: a configuration was read.
	configured bool
}

// LoaderEntry is something that a boot loader can start.
type LoaderEntry struct {
	Title string `json:"title"`
	// Cmdline is the kernel's command line.
	Cmdline string `json:"cmdline,omitempty"`
}

// The kinds of boot loaders.
const (
	loaderSystemd  = "systemd-boot"
	loaderGRUB     = "GRUB"
	loaderSyslinux = "syslinux"
	loaderShell    = "shell"
)

const (
	maxEntries = 100
	maxOpen    = 10
)

// loader is the loader of a kind in an item, added if it is new.
func (it *Item) loader(kind, name string) *Loader {
	i := slices.IndexFunc(it.Loaders, func(l *Loader) bool { return l.Kind == kind })
	if i < 0 {
		i = len(it.Loaders)
		it.Loaders = append(it.Loaders, &Loader{Kind: kind, Path: name})
	}
	return it.Loaders[i]
}

func (l *Loader) open(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); len(l.Open) < maxOpen && !slices.Contains(l.Open, text) {
		l.Open = append(l.Open, text)
	}
}

func (l *Loader) entry(title string) *LoaderEntry {
	if len(l.Entries) >= maxEntries {
		l.unread("there are more than %s", words.Count(maxEntries, "entry", "entries"))
		return &LoaderEntry{}
	}
	l.Entries = append(l.Entries, LoaderEntry{Title: title})
	return &l.Entries[len(l.Entries)-1]
}

func (l *Loader) unread(format string, args ...any) {
	if l.Unread == "" {
		l.Unread = fmt.Sprintf(format, args...)
	}
}

// directives are the lines of a configuration: the first word, and the rest. Comments
// and empty lines are left out.
func directives(content string) [][2]string {
	var out [][2]string
	for line := range strings.Lines(content) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value := line, ""
		if i := strings.IndexAny(line, " \t"); i >= 0 {
			name, value = line[:i], strings.TrimSpace(line[i:])
		}
		out = append(out, [2]string{name, value})
	}
	return out
}

// loaderConfig reads the configuration of a boot loader.
func (it *Item) loaderConfig(name, content string) {
	lower := strings.ToLower(name)
	switch base := path.Base(lower); {
	case base == "syslinux.cfg" || base == "isolinux.cfg" || base == "extlinux.conf":
		it.loader(loaderSyslinux, name).syslinux(content)
	case base == "grub.cfg":
		l := it.loader(loaderGRUB, name)
		l.configure(name)
		l.grub(content)
	case strings.HasSuffix(lower, "loader/loader.conf"):
		l := it.loader(loaderSystemd, name)
		l.configure(name)
		l.systemd(content)
	case strings.Contains(lower, "loader/entries/"):
		it.loader(loaderSystemd, "loader/loader.conf").systemdEntry(path.Base(name), content)
	}
}

const noConfig = "its configuration was not found"

// configure says that the configuration is in the file name. The first one replaces
// what was assumed without a configuration. Which of several a loader reads is not
// known, so what others say stays.
func (l *Loader) configure(name string) {
	if !l.configured {
		l.Open = nil
	}
	if l.Unread == noConfig {
		l.Unread = ""
	}
	l.Path, l.configured = name, true
}

// syslinux reads syslinux's configuration (doc/syslinux.txt of syslinux). A menu is a
// prompt with a picture.
func (l *Loader) syslinux(content string) {
	prompt, escape, menu := false, true, false
	var e *LoaderEntry
	for _, d := range directives(content) {
		value := strings.ToLower(d[1])
		switch name := strings.ToUpper(d[0]); name {
		case "PROMPT":
			prompt = value != "0"
		case "NOESCAPE":
			escape = value != "1"
		case "UI":
			menu = true
		case "DEFAULT":
			menu = menu || strings.HasSuffix(strings.Fields(value + " -")[0], ".c32")
		case "LABEL":
			e = l.entry(d[1])
		case "APPEND":
			if e != nil {
				e.Cmdline = d[1]
			}
		case "INCLUDE", "CONFIG":
			l.unread("it reads another file: %s", d[1])
		}
	}
	if prompt {
		l.open("PROMPT shows a prompt at which any file and any command line can be entered")
	}
	if menu {
		l.open("a menu is shown, in which command lines can be changed")
	}
	if escape {
		l.open("a key stops the loader and shows a prompt: NOESCAPE 1 is missing")
	}
}

// grubEntry finds the title of an entry, grubLine the command line in it.
var (
	grubEntry = lazyre.New(`^\s*menuentry\s+(?:'([^']*)'|"([^"]*)"|(\S+))`)
	grubLine  = lazyre.New(`^\s*(?:linux(?:efi|16)?|module2?)\s+\S+\s+(\S.*?)\s*$`)
	grubUsers = lazyre.New(`^\s*(?:set\s+)?superusers=["']?[^"'\s]`)
	grubFile  = lazyre.New(`^\s*(?:source|configfile|\.|normal|include)\s+(\S+)`)
)

// grub reads a grub.cfg. Without superusers, GRUB lets everyone edit the entries and
// use its shell.
func (l *Loader) grub(content string) {
	users, password := false, false
	var e *LoaderEntry
	for line := range strings.Lines(content) {
		line = strings.TrimRight(line, "\r\n")
		if m := grubEntry.FindStringSubmatch(line); m != nil {
			e = l.entry(m[1] + m[2] + m[3])
		} else if m := grubLine.FindStringSubmatch(line); m != nil && e != nil {
			e.Cmdline = m[1]
		} else if m := grubFile.FindStringSubmatch(line); m != nil {
			l.unread("it reads another file: %s", m[1])
		}
		users = users || grubUsers.MatchString(line)
		password = password || strings.HasPrefix(strings.TrimSpace(line), "password")
	}
	if !users || !password {
		l.open("everyone can edit the entries and use GRUB's shell: superusers and a password are missing")
	}
}

// systemd reads loader.conf(5).
func (l *Loader) systemd(content string) {
	editor := true
	for _, d := range directives(content) {
		if d[0] == "editor" {
			editor = !slices.Contains([]string{"no", "n", "false", "f", "off", "0"}, strings.ToLower(d[1]))
		}
	}
	if editor {
		l.open("the editor of command lines is on: `editor no` is missing in loader.conf")
	}
}

func (l *Loader) systemdEntry(name, content string) {
	e := l.entry(name)
	for _, d := range directives(content) {
		switch d[0] {
		case "title":
			e.Title = d[1]
		case "options":
			e.Cmdline = strings.TrimSpace(e.Cmdline + " " + d[1])
		}
	}
}

// maxLoader bounds the programs that are searched for the names of boot loaders.
const maxLoader = 16 << 20

// loaderNames are texts of boot loaders.
var loaderNames = []struct{ kind, text string }{
	{loaderSystemd, "#### LoaderInfo: systemd-boot "},
	{loaderShell, utf16Text("UEFI Interactive Shell v")},
	{loaderGRUB, "grub_efi_"}, {loaderGRUB, "\x00grub_cmd_"}, {loaderGRUB, "GNU GRUB"},
}

func utf16Text(s string) string {
	var b strings.Builder
	for _, c := range s {
		b.WriteString(string(c) + "\x00")
	}
	return b.String()
}

// loaderProgram recognises the boot loader in an EFI program, "" if it is none.
func loaderProgram(s *io.SectionReader) string {
	if s.Size() > maxLoader {
		return ""
	}
	b, err := read(s, 0, int(s.Size()))
	if err != nil {
		return ""
	}
	for _, l := range loaderNames {
		if bytes.Contains(b, []byte(l.text)) {
			return l.kind
		}
	}
	return ""
}

// program adds what is known of the boot loader in an EFI program, or of a UKI that
// systemd-boot finds by its place.
func (it *Item) program(name string, part *Item) {
	lower := strings.ToLower(name)
	switch {
	case part.Kind == "uki" && strings.HasPrefix(lower, "efi/linux/"):
		it.loader(loaderSystemd, "loader/loader.conf").entry(name)
	case part.EFI == nil:
	case part.EFI.Loader == loaderSystemd:
		if l := it.loader(loaderSystemd, name); !l.configured {
			l.systemd("") // without a configuration, the editor is on
		}
	case part.EFI.Loader == loaderGRUB:
		if l := it.loader(loaderGRUB, name); !l.configured {
			l.unread(noConfig)
		}
	case part.EFI.Loader == loaderShell:
		it.loader(loaderShell, name).open("an EFI shell starts any program")
	}
}
