package origin

import (
	"fmt"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func TestOriginLongestPrefix(t *testing.T) {
	f := &facts.Facts{Components: []facts.Component{
		{ID: "a", Origins: map[string]facts.Origin{
			"": {Layer: "default"}, "/process": {Layer: "image"}, "/process/args/1": {Layer: "label"}, "runtime:/mkdir": {Layer: "os.yml", Line: 1},
		}},
		{ID: "b", Image: facts.Image{Origin: facts.Origin{Layer: "os.yml", Line: 7}}},
		{ID: "c"},
	}}
	p := New(f)
	for _, c := range []struct{ id, path, want string }{
		{"a", "/process/args/1/2", "label"}, {"a", "/process/args/11", "image"}, {"a", "/processes", "default"},
		{"a", "/mounts/3", "default"}, {"a", "runtime:/mkdir/0", "os.yml"}, {"a", "runtime:/other", "default"},
		{"a", "", "default"}, {"b", "/process", "os.yml"}, {"b", "", "os.yml"}, {"c", "/x", "none"},
	} {
		got := "none"
		if o := p.origin(c.id, c.path); o != nil {
			got = o.Layer
		}
		if got != c.want {
			t.Errorf("origin(%s, %q) = %s, want %s", c.id, c.path, got, c.want)
		}
	}
}

// A finding without an origin gets the origin of its kind of resource.
func TestOriginOfResource(t *testing.T) {
	at := func(line int) facts.Origin {
		return facts.Origin{Layer: "os.yml", File: "os.yml", Line: line, Column: 1}
	}
	f := &facts.Facts{
		Components: []facts.Component{
			{ID: "kernel", Image: facts.Image{Origin: at(2)}},
			{ID: "onboot/sysctl", Image: facts.Image{Origin: at(5)}},
			{ID: "services/web", Image: facts.Image{Origin: at(9)}, Origins: map[string]facts.Origin{"": {Layer: "default"}, "/linux/sysctl": at(11)}},
		},
		Cmdline: facts.Cmdline{Origin: at(3)},
	}
	show := func(resource string) string {
		o := New(f).Of(resource, "")
		if o == nil {
			return "none"
		}
		return fmt.Sprintf("%s:%d", o.Layer, o.Line)
	}
	check := func(want map[string]string) {
		t.Helper()
		for resource, w := range want {
			if got := show(resource); got != w {
				t.Errorf("%s: %s, want %s", resource, got, w)
			}
		}
	}
	check(map[string]string{"sysctl:a": "default:2", "kernel:CONFIG_X": "image:2", "cmdline:quiet": "os.yml:3", "image:x": "none", "file:/x": "none"})
	f.Sysctl.Settings = []facts.Setting{
		{Key: "a", Component: "cmdline", Source: "cmdline", Order: 0},
		{Key: "b", Component: "cmdline", Source: "cmdline", Order: 1},
		{Key: "b", Component: "onboot/sysctl", Source: "/etc/sysctl.d/b.conf", Order: 2},
		{Key: "net/c", Component: "services/web", Source: "spec", Order: 3},
		{Key: "d", Component: "gone", Source: "spec", Order: 4},
	}
	check(map[string]string{"sysctl:a": "os.yml:3", "sysctl:b": "image:5", "sysctl:net.c": "os.yml:11", "sysctl:d": "none", "sysctl:unset": "default:5"})
	f.Components = f.Components[1:]
	check(map[string]string{"kernel:CONFIG_X": "none"})
}
