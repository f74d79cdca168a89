package runtime

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestRanges(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 3000 {
		names = append(names, fmt.Sprint("services/web", i))
	}
	all := Ranges(names, nil)
	byFirst := map[uint32]string{}
	for name, first := range all {
		if first%system.UsersPerContainer != 0 || first < firstRange*system.UsersPerContainer || uint64(first)+system.UsersPerContainer > 1<<31 {
			t.Errorf("%s has ids from %d", name, first)
		}
		if other := byFirst[first]; other != "" {
			t.Errorf("%s and %s have the same ids", name, other)
		}
		byFirst[first] = name
	}
	if len(all) != len(names) {
		t.Errorf("%d of %d containers have a range", len(all), len(names))
	}
	slices.Reverse(names)
	if !maps.Equal(all, Ranges(names, nil)) {
		t.Error("the ranges depend on the order of os.yml")
	}

	// The range of a container does not change when the system gets others.
	one := Ranges([]string{"services/web"}, nil)["services/web"]
	if few := Ranges([]string{"services/api", "services/web", "onboot/dhcp"}, nil); few["services/web"] != one {
		t.Errorf("from %d to %d", one, few["services/web"])
	}
	// No range has ids that another container maps.
	for _, taken := range []specs.LinuxIDMapping{
		{HostID: one, Size: 1}, {HostID: one + system.UsersPerContainer - 1, Size: 5}, {HostID: 0, Size: one + 1},
	} {
		first := Ranges([]string{"services/web"}, []specs.LinuxIDMapping{{HostID: 5}, taken})["services/web"]
		if first == one || first < taken.HostID+taken.Size && taken.HostID < first+system.UsersPerContainer {
			t.Errorf("%+v is taken, but the range starts at %d", taken, first)
		}
	}
	if none := Ranges([]string{"services/web"}, []specs.LinuxIDMapping{{HostID: 0, Size: 1<<32 - 1}}); len(none) != 0 {
		t.Errorf("all ids are taken: %v", none)
	}
}

func TestAutoUsers(t *testing.T) {
	t.Parallel()
	range3 := func(in *Input) { in.Users = 3 << 16 }
	s, out, err := effective(t, "    userns: auto\n    uid: 101\n    net: /run/netns/outside\n", `{"userns": "new", "uidMappings": [{"containerID": 0, "hostID": 5, "size": 9}]}`, range3)
	if err != nil {
		t.Fatal(err)
	}
	want := []specs.LinuxIDMapping{{ContainerID: 0, HostID: 3 << 16, Size: 1 << 16}}
	if !reflect.DeepEqual(s.Linux.UIDMappings, want) || !reflect.DeepEqual(s.Linux.GIDMappings, want) {
		t.Errorf("mappings %+v, %+v", s.Linux.UIDMappings, s.Linux.GIDMappings)
	}
	if !slices.Contains(s.Linux.Namespaces, specs.LinuxNamespace{Type: specs.UserNamespace}) {
		t.Errorf("namespaces %+v", s.Linux.Namespaces)
	}
	for _, pointer := range []string{"/linux/uidMappings", "/linux/gidMappings", "/linux/namespaces/user"} {
		if out.Origins[pointer].Line != 5 || out.Origins[pointer].Layer != system.LayerOSYML {
			t.Errorf("%s: %+v", pointer, out.Origins[pointer])
		}
	}
	sys := func(keys string) specs.Mount {
		t.Helper()
		s, _, err := effective(t, keys, "", range3)
		if err != nil {
			t.Fatal(err)
		}
		return s.Mounts[slices.IndexFunc(s.Mounts, func(m specs.Mount) bool { return m.Destination == "/sys" })]
	}
	for keys, kind := range map[string]string{
		"    userns: auto\n": "bind", "    userns: auto\n    net: /run/netns/x\n": "bind", "    userns: auto\n    net: new\n": "sysfs",
		"    userns: auto\n    net: none\n": "sysfs", "    net: /run/netns/x\n": "sysfs", "    userns: new\n": "sysfs",
	} {
		if m := sys(keys); m.Type != kind || m.Type == "bind" && !slices.Contains(m.Options, "rro") {
			t.Errorf("%q: %+v", keys, m)
		}
	}
}

func TestAutoUsersErrors(t *testing.T) {
	t.Parallel()
	for keys, test := range map[string]struct{ label, want string }{
		"    userns: auto\n    uid: 65536\n":                  {"", `os.yml:6:10: services "web": userns: auto: the container has no id 65536; it has 0 to 65535`},
		"    userns: auto\n    additionalGids: [5, 100000]\n": {"", `os.yml:6:21: services "web": userns: auto: the container has no id 100000; it has 0 to 65535`},
		"    userns: auto\n    uidMappings: [{containerID: 0, hostID: 100000, size: 9}]\n": {"",
			`os.yml:6:18: services "web": userns: auto makes the mappings of users and groups`},
		"    gidMappings: [{containerID: 0, hostID: 100000, size: 9}]\n": {`{"userns": "auto"}`,
			`os.yml:5:18: services "web": userns: auto makes the mappings of users and groups`},
	} {
		_, _, err := effective(t, keys, test.label, func(in *Input) { in.Users = 1 << 20 })
		if err == nil || err.Error() != test.want {
			t.Errorf("%q:\ngot  %v\nwant %s", keys, err, test.want)
		}
	}
	_, _, err := effective(t, "    userns: auto\n", "", nil)
	if err == nil || !strings.Contains(err.Error(), "the other containers have all ranges of user ids") {
		t.Errorf("no range: %v", err)
	}
}
