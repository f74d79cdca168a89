package recipe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAppArmor: a profile is compiled, and nothing of the build machine gets into it.
func TestAppArmor(t *testing.T) {
	t.Parallel()
	if _, err := appArmorParser(); err != nil {
		t.Skipf("skipped: %v", err)
	}
	recipe := "name: web\nversion: \"1\"\nfiles: [{path: usr/lib/seaworthy/apparmor/web, apparmor: web}]\n"
	with := func(profile string) func(*Options) {
		return func(o *Options) {
			if err := os.WriteFile(filepath.Join(o.Dir, "web"), []byte(profile), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	layout, state := t.TempDir(), t.TempDir()
	kept := func(o *Options) { o.StateDir = state }
	const profile = "profile web flags=(attach_disconnected) {\n  /usr/bin/web mrix,\n  network inet stream,\n  deny mount,\n}\n"
	first, err := tryBuild(t, nil, layout, recipe, with(profile), kept)
	if err != nil {
		t.Fatal(err)
	}
	_, lines, contents := image(t, layout, first.Manifest)
	policy := contents["usr/lib/seaworthy/apparmor/web"]
	if !strings.HasPrefix(policy, "\x04\x08\x00version\x00\x02") || !strings.Contains(policy, "\x04\x08\x00profile\x00\x07\x05\x04\x00web\x00") {
		t.Errorf("%q\n%q", lines, policy)
	}
	again, err := tryBuild(t, nil, layout, recipe, with(profile), kept)
	if err != nil || !again.Unchanged || again.Manifest != first.Manifest {
		t.Errorf("the same profile: %+v, %v", again, err)
	}
	other, err := tryBuild(t, nil, layout, recipe, with(strings.Replace(profile, "deny mount", "deny umount", 1)), kept)
	if err != nil || other.Unchanged || other.Manifest == first.Manifest {
		t.Errorf("another profile: %+v, %v", other, err)
	}
	for profile, want := range map[string]string{
		"profile web {\n  include <abstractions/base>\n}\n":  "AppArmor profile web includes another file",
		"#include <tunables/global>\nprofile web {}\n":       "AppArmor profile web includes another file",
		"profile web { include if exists \"/etc/motd\"\n}\n": "AppArmor profile web includes another file",
		"# include no files\nprofile web {\n":                "AppArmor profile web cannot be compiled: AppArmor parser error",
		"profile web {\n  /usr/bin/web\n}\n":                 "AppArmor profile web cannot be compiled: AppArmor parser error",
		"":                                                   "AppArmor profile web cannot be compiled: ",
	} {
		_, err := tryBuild(t, nil, layout, recipe, with(profile))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "component.yml:3:9") {
			t.Errorf("%q: %v, want %q", profile, err, want)
		}
	}
	if _, err := tryBuild(t, nil, layout, strings.Replace(recipe, "apparmor: web", "apparmor: ../web", 1)); err == nil {
		t.Error("a profile outside the folder of the recipe is accepted")
	}
}
