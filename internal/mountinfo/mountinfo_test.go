package mountinfo

import (
	"reflect"
	"testing"
)

func TestParse(t *testing.T) {
	t.Parallel()
	got := Parse([]byte("30 29 0:40 / / rw,relatime - overlay overlay rw,lowerdir=/a\\054b,upperdir=/up\n" +
		"32 31 254:0 /my\\040hosts /etc/a\\134b ro shared:1 master:2 - squashfs /dev/dm-0 ro\n" +
		"33 31 0:5 / /empty rw - tmpfs  rw\n\n1 2\n34 1 0:1 / /x rw\n35 1 0:1 / /x rw - tmpfs\n36 1 - tmpfs tmpfs rw\n"))
	want := []Mount{
		{"30", "0:40", "/", "/", "overlay", []string{"rw", "relatime"}, []string{"rw", "lowerdir=/a", "b", "upperdir=/up"}},
		{"32", "254:0", "/my hosts", `/etc/a\b`, "squashfs", []string{"ro"}, []string{"ro"}},
		{"33", "0:5", "/", "/empty", "tmpfs", []string{"rw"}, []string{"rw"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	if v := got[0].FSOption("upperdir"); v != "/up" {
		t.Errorf("upperdir is %q", v)
	}
	if v := got[0].FSOption("workdir"); v != "" {
		t.Errorf("workdir is %q", v)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("1 2 3 4 5 6 - 7 8 9\\0\\04\\999\n"))
	f.Fuzz(func(_ *testing.T, b []byte) { Parse(b) })
}
