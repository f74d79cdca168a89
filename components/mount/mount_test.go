//go:build linux

package mount

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		label, device string
		args          []string
		spec, folder  string
	}{
		{"data", "", []string{"/var/lib/x"}, "LABEL=data", "/var/lib/x"},
		{"", "/dev/vdb", []string{"/x"}, "/dev/vdb", "/x"},
		{"", "", []string{"SERIAL=data", "/x"}, "SERIAL=data", "/x"},
		{"data", "/dev/vdb", []string{"/x"}, "", ""},
		{"data", "", []string{"/dev/vdb", "/x"}, "", ""},
		{"data", "", nil, "", ""},
		{"data", "", []string{"x"}, "", ""},
		{"data", "", []string{"/x/../y"}, "", ""},
		{"data", "", []string{"/"}, "", ""},
	} {
		spec, folder, err := arguments(c.label, c.device, c.args)
		if spec != c.spec || folder != c.folder || (err == nil) != (c.spec != "") {
			t.Errorf("%+v: %q %q %v", c, spec, folder, err)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	set, data, err := parse("ro,nosuid,,errors=remount-ro,rw,data=ordered")
	if set != unix.MS_RDONLY|unix.MS_NOSUID || data != "errors=remount-ro,data=ordered" || err != nil {
		t.Errorf("%x %q %v", set, data, err)
	}
	if _, _, err := parse("nodev,bind"); err == nil {
		t.Error("bind was accepted")
	}
}

func TestShared(t *testing.T) {
	t.Parallel()
	const info = `30 1 0:25 / / rw,relatime - overlay overlay rw
31 30 0:26 / /var rw,nosuid shared:5 - tmpfs tmpfs rw
32 31 0:27 / /var/lib/a\040b rw - tmpfs tmpfs rw
33 30 0:28 / /run rw shared:6 - tmpfs tmpfs rw
34 33 0:29 / /run rw - tmpfs tmpfs rw
`
	for folder, want := range map[string]bool{"/var": true, "/var/lib": true, "/variable": false, "/x": false, "/var/lib/a b/c": false, "/run/x": false} {
		if got := sharedIn(info, folder); got != want {
			t.Errorf("%s: %v", folder, got)
		}
	}
}
