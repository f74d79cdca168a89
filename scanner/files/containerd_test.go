package files

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

func TestContainerd(t *testing.T) {
	t.Parallel()
	type set = facts.ContainerdSetting
	type server = facts.ContainerdServer
	for name, c := range map[string]struct {
		text string
		want facts.Containerd
	}{
		"empty":   {"", facts.Containerd{Version: 1}},
		"version": {"version = 2\ndisabled_plugins = [\"b\", \"a\"]\nunknown = 1\n", facts.Containerd{Version: 2, Disabled: []string{"a", "b"}}},
		"sections": {"[grpc]\ntcp_address = \"0.0.0.0:1\"\nuid = 5\n[ttrpc]\naddress = \"/t\"\ngid = 6\n[debug]\naddress = \"/d\"\nuid = 7\n[metrics]\naddress = \":9\"\n", facts.Containerd{Version: 1,
			Servers: []server{{Kind: "grpc.tcp_address", Address: "0.0.0.0:1"}, {Kind: "ttrpc.address", Address: "/t"}, {Kind: "debug.address", Address: "/d"}, {Kind: "metrics.address", Address: ":9"}},
			Owners:  []set{{Key: "grpc.uid", Value: "5"}, {Key: "ttrpc.gid", Value: "6"}, {Key: "debug.uid", Value: "7"}}}},
		"outside": {"imports = [\"/b\", \"/a\"]\nplugin_dir = \"/p\"\n[proxy_plugins.z]\ntype = \"snapshot\"\naddress = \"/z\"\n[stream_processors.\"x.y\"]\npath = \"/x\"\n", facts.Containerd{Version: 1,
			Outside: []set{{Key: "imports", Value: "/a"}, {Key: "imports", Value: "/b"}, {Key: "plugin_dir", Value: "/p"}, {Key: "proxy_plugins.z", Value: "/z"}, {Key: "stream_processors.x.y", Value: "/x"}}}},
	} {
		got := Containerd("/etc/containerd/config.toml", c.text)
		for _, list := range []any{&c.want.Disabled, &c.want.Servers, &c.want.Owners, &c.want.Outside} {
			if v := reflect.ValueOf(list).Elem(); v.IsNil() {
				v.Set(reflect.MakeSlice(v.Type(), 0, 0))
			}
		}
		if !reflect.DeepEqual(got, &c.want) {
			t.Errorf("%s: %+v\nwant %+v", name, got, c.want)
		}
	}
	for _, text := range []string{"[grpc", "version = \"two\"", "disabled_plugins = 1", "a = 1\na = 2", strings.Repeat("#", maxContainerd+1), "x = " + strings.Repeat("[", maxContainerd-4)} {
		if got := Containerd("/etc/containerd/config.toml", text); got == nil || got.Error == "" {
			t.Errorf("%.20s: %+v", text, got)
		}
	}
	if got := Containerd("/etc/other/config.toml", ""); got != nil {
		t.Errorf("%+v", got)
	}
}

// Whatever is in the file, the result is JSON without null.
func FuzzContainerd(f *testing.F) {
	f.Add("version = 2\n[proxy_plugins.a]\naddress = \"/a\"\n")
	f.Add("imports = [\"\xff\"]")
	f.Fuzz(func(t *testing.T, text string) {
		data, err := json.Marshal(Containerd(containerdConfig, text))
		if err != nil || strings.Contains(string(data), ":null") {
			t.Errorf("%s, %v", data, err)
		}
	})
}
