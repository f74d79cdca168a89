package guest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestLoadAppArmor(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	load, folder := filepath.Join(dir, "load"), filepath.Join(dir, "folder")
	if err := os.WriteFile(load, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	one := fstest.MapFS{"usr/lib/seaworthy/apparmor/web": {Data: []byte("policy")}}
	for _, c := range []struct {
		name, load, console, err string
		root                     fstest.MapFS
	}{
		{name: "no profiles", root: fstest.MapFS{}, load: load},
		{name: "one profile", root: one, load: load, console: "apparmor: profiles loaded from 1 files ("},
		{name: "no AppArmor", root: one, load: filepath.Join(dir, "missing"), console: "apparmor: the profiles are not loaded, because the kernel does not run AppArmor"},
		{name: "refused", root: one, load: folder, err: "apparmor: /usr/lib/seaworthy/apparmor/web: "},
		{name: "a folder", root: fstest.MapFS{"usr/lib/seaworthy/apparmor/a/b": {}}, load: load, err: "apparmor: /usr/lib/seaworthy/apparmor/a: "},
	} {
		var out lockedBuilder
		i := &initSystem{console: NewConsole(&out, (&clock{}).uptime)}
		err := i.loadAppArmor(c.root, c.load)
		if (err == nil) != (c.err == "") || err != nil && !strings.HasPrefix(err.Error(), c.err) {
			t.Errorf("%s: %v, want %q", c.name, err, c.err)
		}
		if !strings.Contains(out.String(), c.console) || c.console == "" && out.String() != "" {
			t.Errorf("%s: console %q, want %q", c.name, out.String(), c.console)
		}
	}
	if data, err := os.ReadFile(load); string(data) != "policy" || err != nil {
		t.Errorf("loaded %q, %v", data, err)
	}
}
