package guest

import (
	"reflect"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func file(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }

func TestBundles(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"containers/onboot/001-b/config.json":   file(`{"annotations": {"seaworthy.restart": "never"}, "process": {}}`),
		"containers/onboot/001-b/runtime.json":  file(`{"mkdir": ["/run/x"]}`),
		"containers/onboot/000-z/config.json":   file(`{}`),
		"containers/onboot/010-a/config.json":   file(`{}`),
		"containers/services/nginx/config.json": file(`{}`),
	}
	got, err := Bundles(root, "onboot")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range got {
		names = append(names, b.Name)
	}
	if want := []string{"000-z", "001-b", "010-a"}; !reflect.DeepEqual(names, want) {
		t.Errorf("order %q", names)
	}
	b := got[1]
	if b.Dir != "/containers/onboot/001-b" || b.Annotations["seaworthy.restart"] != "never" || len(b.Before) != 1 || b.Before[0].String() != "mkdir /run/x" {
		t.Errorf("got %+v", b)
	}
	if got, err := Bundles(root, "onshutdown"); got != nil || err != nil {
		t.Errorf("a section that does not exist: %v, %v", got, err)
	}
}

func TestBundlesErrors(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"containers/services/a/config.json":    file(`{`),
		"containers/services/b/rootfs/x":       file(``),
		"containers/services/c/config.json":    file(`{}`),
		"containers/services/c/runtime.json":   file(`{"x": 1}`),
		"containers/services/d":                file(`x`),
		"containers/services/-e/config.json":   file(`{}`),
		"containers/services/f g/config.json":  file(`{}`),
		"containers/services/good/config.json": file(`{}`),
		"containers/services/h/config.json":    file(`{"annotations": "` + strings.Repeat("x", maxConfigBytes) + `"}`),
	}
	got, err := Bundles(root, "services")
	if len(got) != 1 || got[0].Name != "good" {
		t.Errorf("got %v", got)
	}
	for _, n := range []string{"services a: config.json", "services b: open", "services c: runtime.json", "services d: not the folder of a container", "services -e: not", "services f g: not", "services h: cannot read config.json: larger than"} {
		if err == nil || !strings.Contains(err.Error(), n) {
			t.Errorf("error lacks %q: %v", n, err)
		}
	}
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	root := fstest.MapFS{
		"containers/volumes/data/lower/x": file(""), "containers/volumes/data/tmp": &fstest.MapFile{Mode: 0o755 | 1<<31}, "containers/volumes/data/merged": &fstest.MapFile{Mode: 0o755 | 1<<31},
		"containers/volumes/fixed/lower/x": file(""), "containers/volumes/fixed/merged": &fstest.MapFile{Mode: 0o755 | 1<<31},
	}
	got, err := Volumes(root)
	want := []Volume{{"data", "/containers/volumes/data", false}, {"fixed", "/containers/volumes/fixed", true}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%+v, %v", got, err)
	}
	ro := got[1].Steps()
	if m := ro[0].(stepMount); len(ro) != 1 || m.flags&msReadOnly == 0 || m.flags&msBind == 0 || m.source != "/containers/volumes/fixed/lower" || m.dest != "/containers/volumes/fixed/merged" {
		t.Errorf("read-only volume: %+v", ro)
	}
	if rw := got[0].Steps(); len(rw) != 2 || rw[1].(stepMount).typ != "overlay" {
		t.Errorf("writable volume: %+v", rw)
	}
	if _, err := Volumes(fstest.MapFS{"containers/volumes/UP/lower/x": file("")}); err == nil {
		t.Error("a bad name was accepted")
	}
}

func TestParseCmdline(t *testing.T) {
	t.Parallel()
	c := ParseCmdline("console=ttyS0 quiet  virtio-net.napi_tx=0 virtio_net.csum=1 dyndbg=\"file x +p\" \"a b=c d\" modprobe.blacklist=a-b,c seaworthy.grace=3 -- seaworthy.grace=9\n")
	want := Cmdline{{"console", "ttyS0", true}, {"quiet", "", false}, {"virtio-net.napi_tx", "0", true}, {"virtio_net.csum", "1", true},
		{"dyndbg", "file x +p", true}, {"a b", "c d", true}, {"modprobe.blacklist", "a-b,c", true}, {"seaworthy.grace", "3", true}}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got %+v", c)
	}
	if got := c.ModuleParams("virtio_net"); got != "napi_tx=0 csum=1" {
		t.Errorf("module parameters %q", got)
	}
	if got := c.BlockedModules(); !got["a_b"] || !got["c"] || len(got) != 2 {
		t.Errorf("blocked %v", got)
	}
	if d, err := c.Grace(); d != 3*time.Second || err != nil {
		t.Errorf("grace %v, %v", d, err)
	}
	for _, text := range []string{"seaworthy.grace=x", "seaworthy.grace=-1", "seaworthy.grace=99999"} {
		if d, err := ParseCmdline(text).Grace(); d != graceDefault || err == nil {
			t.Errorf("%s: %v, %v", text, d, err)
		}
	}
}

func FuzzParseCmdline(f *testing.F) {
	f.Add(`a "b c"=d e="f g" -- h`)
	f.Add(`"`)
	f.Fuzz(func(t *testing.T, text string) {
		for _, a := range ParseCmdline(text) {
			if a.Key == "" || !a.HasValue && a.Value != "" {
				t.Fatalf("%q gave %+v", text, a)
			}
		}
	})
}

func FuzzBundle(f *testing.F) {
	f.Add(`{"annotations": {"a": "b"}}`, allKeys)
	f.Fuzz(func(t *testing.T, config, runtime string) {
		got, err := Bundles(fstest.MapFS{"containers/services/x/config.json": file(config), "containers/services/x/runtime.json": file(runtime)}, "services")
		if (err == nil) != (len(got) == 1) {
			t.Fatalf("%v, %v", got, err)
		}
	})
}
