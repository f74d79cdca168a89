package rootfs_test

import (
	"archive/tar"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// TestAutoUsers: the files of a container with its own range of ids belong to it, those
// that the builder makes too.
func TestAutoUsers(t *testing.T) {
	t.Parallel()
	const first = 100 << 16
	owned := func(uid int) ocitest.Image {
		return layer(ocitest.Dir("srv"), ocitest.Entry{Path: "srv/f", Type: tar.TypeReg, Mode: 0o600, UID: uid, GID: 33, Content: "x"},
			ocitest.Entry{Path: "srv/again", Type: tar.TypeLink, Mode: 0o600, UID: uid, GID: 33, Link: "srv/f"})
	}
	images := map[string]ocitest.Image{"kernel": kernelImage, "init/000": layer(ocitest.File("init", "")), "services/web": owned(101)}
	os := sys(1)
	web := os.Components[len(os.Components)-1]
	web.Users = first
	out, err := lay(t, os, images)
	if err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string][2]int{
		web.FilesDir: {first, first}, web.FilesDir + "/srv": {first, first}, web.FilesDir + "/srv/f": {first + 101, first + 33},
		web.FilesDir + "/etc/hosts": {first, first}, web.FilesDir + "/etc/mtab": {first, first}, web.FilesDir + "/dev": {first, first},
		web.Dir: {0, 0}, web.Dir + "/config.json": {0, 0}, "init": {0, 0},
	} {
		if e, ok := out.find(p); !ok || e.UID != want[0] || e.GID != want[1] {
			t.Errorf("/%s: %+v, want the owner %v", p, e, want)
		}
	}
	images["services/web"] = owned(65536)
	if _, err := lay(t, os, images); err == nil || !strings.Contains(err.Error(), "/srv/f belongs to 65536:33, but a container with `userns: auto` has only ids below 65536") {
		t.Errorf("an owner outside the range: %v", err)
	}
}
