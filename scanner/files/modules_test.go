package files

import (
	"slices"
	"testing"
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
