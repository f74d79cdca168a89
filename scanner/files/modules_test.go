package files

import (
	"slices"
	"testing"

	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

func TestModules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, text string
		want       []string
	}{
		"names":            {"/etc/modules-load.d/a.conf", "# for disks\n dm_crypt \n\n; and\nnf-tables", []string{"dm_crypt", "nf-tables"}},
		"empty":            {"/etc/modules-load.d/a.conf", "\n# nothing\n", nil},
		"parameter":        {"/etc/modules-load.d/a.conf", "dm_crypt\nnbd nbds_max=9\n", nil},
		"path":             {"/etc/modules-load.d/a.conf", "dm_crypt\n/srv/x.ko\n", nil},
		"parent":           {"/etc/modules-load.d/a.conf", "../x\n", nil},
		"option":           {"/etc/modules-load.d/a.conf", "-f\n", nil},
		"command":          {"/etc/modules-load.d/a.conf", "a;reboot\n", nil},
		"binary":           {"/etc/modules-load.d/a.conf", "a\x00b\n", nil},
		"another ending":   {"/etc/modules-load.d/a.sh", "dm_crypt\n", nil},
		"folder below":     {"/etc/modules-load.d/x/a.conf", "dm_crypt\n", nil},
		"another folder":   {"/etc/modules-load.e/a.conf", "dm_crypt\n", nil},
		"path not cleaned": {"/etc//modules-load.d/x/../a.conf", "dm_crypt\n", []string{"dm_crypt"}},
	} {
		if got := Modules(c.path, c.text); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// The names in all files of an image are listed, also through the link of Debian. A file
// that cannot be read does not fail the inventory.
func TestModulesLoad(t *testing.T) {
	t.Parallel()
	got := must(t, st.File("etc/modules-load.d/b.conf", "nf_tables\next4\n"), st.File("etc/modules-load.d/a.conf", "ext4"), st.File("etc/modules-load.d/bad.conf", "/x.ko\n"),
		st.File("etc/modules", "# Debian\nloop\n"), st.Symlink("etc/modules-load.d/modules.conf", "../modules"), st.Symlink("etc/modules-load.d/odd.conf", "/etc/hosts"),
		st.File("etc/hosts", "nbd\n"), st.File("usr/modules-load.d/c.conf", "tun\n")).ModulesLoad
	if want := []string{"ext4", "loop", "nf_tables"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
