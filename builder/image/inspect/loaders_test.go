package inspect

import (
	"io"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/petest"
)

func TestLoaderConfigs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, content string
		// open is the number of ways, entries are titles and command lines.
		open    int
		entries []LoaderEntry
		unread  string
	}{
		"ours":              {"syslinux.cfg", "DEFAULT system\nPROMPT 0\nTIMEOUT 0\nNOESCAPE 1\nNOCOMPLETE 1\nALLOWOPTIONS 0\nLABEL system\n LINUX /K\n APPEND quiet a=b\n", 0, []LoaderEntry{{"system", "quiet a=b"}}, ""},
		"syslinux":          {"boot/ISOLINUX.CFG", "default a\nlabel a\nlinux /k\n# label b\n", 1, []LoaderEntry{{"a", ""}}, ""},
		"syslinux prompt":   {"extlinux.conf", "prompt 1\nnoescape 1\nlabel a\nlabel b\nappend x", 1, []LoaderEntry{{"a", ""}, {"b", "x"}}, ""},
		"syslinux menu":     {"syslinux.cfg", "noescape 1\nui vesamenu.c32\n", 1, nil, ""},
		"syslinux default":  {"syslinux.cfg", "noescape 1\ndefault menu.c32\n", 1, nil, ""},
		"syslinux include":  {"syslinux.cfg", "noescape 1\ninclude more.cfg\n", 0, nil, "it reads another file: more.cfg"},
		"grub":              {"boot/grub/grub.cfg", "set timeout=5\nmenuentry 'A system' --class os {\n linux /k root=/dev/sda1 ro\n initrd /i\n}\nmenuentry \"B\" {\nlinuxefi /k quiet\n}\n", 1, []LoaderEntry{{"A system", "root=/dev/sda1 ro"}, {"B", "quiet"}}, ""},
		"grub locked":       {"grub.cfg", "set superusers=\"root\"\npassword_pbkdf2 root grub.pbkdf2.sha512.1.a.b\nmenuentry x --unrestricted {\n}\n", 0, []LoaderEntry{{"x", ""}}, ""},
		"grub no password":  {"grub.cfg", "set superusers=\"root\"\nmenuentry x {\n}\n", 1, []LoaderEntry{{"x", ""}}, ""},
		"grub empty users":  {"grub.cfg", "set superusers=\"\"\npassword root x\n", 1, nil, ""},
		"grub include":      {"grub.cfg", "superusers=root\npassword root x\nsource /boot/grub/config.cfg\n", 0, nil, "it reads another file: /boot/grub/config.cfg"},
		"systemd":           {"loader/loader.conf", "timeout 3\n", 1, nil, ""},
		"systemd locked":    {"loader/loader.conf", "editor no\n", 0, nil, ""},
		"systemd last wins": {"loader/loader.conf", "editor no\neditor yes\n", 1, nil, ""},
		"systemd entry":     {"loader/entries/a.conf", "title A\nlinux /k\noptions quiet\noptions ro\n", 0, []LoaderEntry{{"A", "quiet ro"}}, ""},
	} {
		it := &Item{}
		it.loaderConfig(c.path, c.content)
		if len(it.Loaders) != 1 {
			t.Errorf("%s: %d loaders", name, len(it.Loaders))
			continue
		}
		l := it.Loaders[0]
		if len(l.Open) != c.open || !reflect.DeepEqual(l.Entries, c.entries) || l.Unread != c.unread {
			t.Errorf("%s: %+v", name, *l)
		}
	}
	it := &Item{}
	it.loaderConfig("loader/random.conf", "editor no")
	if len(it.Loaders) != 0 {
		t.Errorf("%+v", it.Loaders[0])
	}
}

// Programs of boot loaders are recognised by their content, and their configuration
// is that of the same file system, whichever comes first.
func TestLoaderPrograms(t *testing.T) {
	t.Parallel()
	program := func(text string) *Item {
		content := string(petest.Program("amd64", 3000)) + text
		return newWalker(Options{}).look("", io.NewSectionReader(strings.NewReader(content), 0, int64(len(content))))
	}
	systemd, grub, shell := program("#### LoaderInfo: systemd-boot 252 ####"), program("\x00grub_cmd_set\x00"), program(utf16Text("UEFI Interactive Shell v2.2"))
	for _, c := range []struct {
		it   *Item
		want string
	}{{systemd, "systemd-boot"}, {grub, "GRUB"}, {shell, "shell"}, {program("x"), ""}} {
		if c.it.EFI == nil || c.it.EFI.Loader != c.want {
			t.Errorf("%+v, want %q", c.it.EFI, c.want)
		}
	}
	for _, first := range []bool{true, false} {
		it := &Item{}
		if first {
			it.loaderConfig("loader/loader.conf", "editor no")
			it.loaderConfig("grub.cfg", "superusers=a\npassword a b")
		}
		it.program("EFI/BOOT/BOOTX64.EFI", systemd)
		it.program("EFI/BOOT/GRUBX64.EFI", grub)
		if !first {
			if l := it.Loaders; len(l) != 2 || len(l[0].Open) != 1 || l[1].Unread == "" {
				t.Errorf("without a configuration: %+v %+v", *l[0], *l[1])
			}
			it.loaderConfig("loader/loader.conf", "editor no")
			it.loaderConfig("grub.cfg", "superusers=a\npassword a b")
		}
		it.program("EFI/Linux/a.efi", &Item{Kind: "uki"})
		if l := it.Loaders; len(l) != 2 || len(l[0].Open)+len(l[1].Open) > 0 || l[1].Unread != "" || len(l[0].Entries) != 1 {
			t.Errorf("configuration first %t: %+v %+v", first, *l[0], *l[1])
		}
	}
	// An entry is no configuration, and comes before or after the program.
	for _, first := range []bool{true, false} {
		it := &Item{}
		if first {
			it.program("EFI/Linux/a.efi", &Item{Kind: "uki"})
		}
		it.program("EFI/BOOT/BOOTX64.EFI", systemd)
		if !first {
			it.loaderConfig("loader/entries/a.conf", "title A\n")
		}
		if l := it.Loaders; len(l) != 1 || len(l[0].Open) != 1 || len(l[0].Entries) != 1 {
			t.Errorf("an entry first %t: %+v", first, *l[0])
		}
	}
	it := &Item{}
	for range maxEntries + 1 {
		it.loaderConfig("loader/entries/a.conf", "title A\n")
	}
	it.loaderConfig("loader/loader.conf", "editor no")
	if l := it.Loaders[0]; l.Unread == "" {
		t.Errorf("%+v", *l)
	}
	// A second configuration does not hide what the first one says.
	it = &Item{}
	it.loaderConfig("loader/loader.conf", "editor yes")
	it.loaderConfig("x/loader/loader.conf", "editor no")
	it.loaderConfig("boot/grub/grub.cfg", "source /x")
	it.loaderConfig("x/grub.cfg", "superusers=a\npassword a b")
	if l := it.Loaders; len(l) != 2 || len(l[0].Open) != 1 || len(l[1].Open) != 1 || l[1].Unread == "" {
		t.Errorf("%+v %+v", *l[0], *l[1])
	}
	it = &Item{}
	it.program("shellx64.efi", shell)
	if len(it.Loaders) != 1 || len(it.Loaders[0].Open) != 1 {
		t.Errorf("%+v", it.Loaders)
	}
}

func FuzzLoaderConfig(f *testing.F) {
	for _, p := range []string{"syslinux.cfg", "grub.cfg", "loader/loader.conf", "loader/entries/a.conf"} {
		f.Add(p, "default x\nlabel x\nappend a\nmenuentry 'x' {\nlinux k a\n}\nsource x\neditor no\noptions a\n")
	}
	f.Fuzz(func(t *testing.T, name, content string) {
		it := &Item{}
		it.loaderConfig(name, content)
		for _, l := range it.Loaders {
			if len(l.Entries) > maxEntries || len(l.Open) > maxOpen {
				t.Fatalf("%d entries, %d ways", len(l.Entries), len(l.Open))
			}
		}
	})
}
