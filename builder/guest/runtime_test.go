package guest

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// allKeys is a runtime.json with every key, as the builder writes it.
const allKeys = `{"cgroups": ["one", "two/three"], "mounts": [
 {"destination": "/containers/onboot/000-a/tmp", "type": "tmpfs", "source": "tmpfs"},
 {"destination": "/containers/onboot/000-a/tmp", "options": ["remount", "private"]},
 {"destination": "/containers/onboot/000-a/rootfs", "type": "overlay", "source": "overlay", "options": ["lowerdir=/l", "upperdir=/u", "workdir=/w"]},
 {"destination": "/run/a", "type": "bind", "source": "/var/lib/a", "options": ["ro", "rbind", "nosuid"]},
 {"destination": "writable-etc", "type": "overlay", "source": "overlay", "options": ["rw", "lowerdir=/etc"]}],
 "mkdir": ["/var/lib/a", "/run/b/"],
 "interfaces": [{"name": "wg0", "add": "wireguard", "createInRoot": true}, {"name": "eth1", "createInRoot": false}, {"name": "veth0", "add": "", "peer": "veth1"}],
 "bindNS": {"cgroup": "", "ipc": "", "mnt": "", "net": "/run/netns/a", "pid": "", "user": "", "uts": "/run/utsns/a"}, "namespace": "other"}`

func TestPlan(t *testing.T) {
	t.Parallel()
	r, err := ParseRuntime([]byte(allKeys))
	if err != nil {
		t.Fatal(err)
	}
	before, created := r.Plan("/containers/onboot/000-a")
	words := func(steps []Step) (out []string) {
		for _, s := range steps {
			out = append(out, s.String())
		}
		return out
	}
	wantBefore := []string{
		"cgroup one", "cgroup two/three",
		"mount tmpfs on /containers/onboot/000-a/tmp", "mount remount on /containers/onboot/000-a/tmp",
		"mount overlay on /containers/onboot/000-a/rootfs", "mount bind /var/lib/a on /run/a",
		"mount overlay on /containers/onboot/000-a/rootfs/writable-etc",
		"mkdir /var/lib/a", "mkdir /run/b",
	}
	if got := words(before); !reflect.DeepEqual(got, wantBefore) {
		t.Errorf("before: %q", got)
	}
	wantCreated := []string{"bind net namespace to /run/netns/a", "bind uts namespace to /run/utsns/a",
		"add interface wg0 (wireguard)", "move interface eth1", "add interface veth0 (veth, peer veth1)"}
	if got := words(created); !reflect.DeepEqual(got, wantCreated) {
		t.Errorf("created: %q", got)
	}
	// A relative destination is resolved in the container's own files.
	if m := before[6].(stepMount); m.inside != "/containers/onboot/000-a/rootfs" || m.dest != "writable-etc" || m.data != "lowerdir=/etc" {
		t.Errorf("relative destination: %+v", m)
	}
	if m := before[3].(stepMount); m.flags != msRemount || !reflect.DeepEqual(m.propagation, []uintptr{msPrivate}) || m.data != "" {
		t.Errorf("remount: %+v", m)
	}
	if m := before[5].(stepMount); m.flags != msBind|msRec|msReadOnly|msNoSuid {
		t.Errorf("bind: %+v", m)
	}
	if r.Namespace != "other" {
		t.Errorf("namespace %q", r.Namespace)
	}
}

func TestParseRuntimeEmpty(t *testing.T) {
	t.Parallel()
	r, err := ParseRuntime([]byte(`{"cgroups": [], "mounts": null, "mkdir": [], "interfaces": [], "bindNS": {}, "namespace": ""}`))
	if err != nil {
		t.Fatal(err)
	}
	if before, created := r.Plan("/x"); before != nil || created != nil {
		t.Errorf("steps from nothing: %v, %v", before, created)
	}
}

func TestParseRuntimeErrors(t *testing.T) {
	t.Parallel()
	many := strings.TrimSuffix(strings.Repeat(`"/run/x",`, maxRuntimeEntries+1), ",")
	for name, c := range map[string]struct{ text, want string }{
		"no JSON":             {`{`, "truncated"},
		"unknown key":         {`{"exec": ["/bin/sh"]}`, `unknown field "exec"`},
		"unknown nested key":  {`{"mounts": [{"destination": "/a", "hook": 1}]}`, `unknown field "hook"`},
		"two values":          {`{} {}`, "more text after"},
		"a key twice":         {`{"mkdir": ["/run/a"], "mkdir": []}`, "duplicate member"},
		"a key in other case": {`{"Mkdir": ["/run/a"]}`, `its correct spelling is "mkdir"`},
		"relative mkdir":      {`{"mkdir": ["run/a"]}`, `mkdir[0]: not a clean absolute path: "run/a"`},
		"mkdir with ..":       {`{"mkdir": ["/run/../etc"]}`, `"/run/../etc"`},
		"mkdir of the root":   {`{"mkdir": ["/"]}`, `mkdir[0]`},
		"destination with ..": {`{"mounts": [{"destination": "../../etc", "type": "tmpfs"}]}`, `mounts[0]: destination is not a clean path: "../../etc"`},
		"destination dots":    {`{"mounts": [{"destination": "/a/./b"}]}`, `"/a/./b"`},
		"no destination":      {`{"mounts": [{"type": "tmpfs"}]}`, `destination is not a clean path: ""`},
		"NUL in the source":   {`{"mounts": [{"destination": "/a", "source": "/b\u0000c"}]}`, `bad source`},
		"newline in options":  {`{"mounts": [{"destination": "/a", "options": ["a\nb"]}]}`, `bad option`},
		"long options":        {`{"mounts": [{"destination": "/a", "options": ["` + strings.Repeat("x", 5000) + `"]}]}`, `options take 5001 bytes`},
		"cgroup up":           {`{"cgroups": ["../x"]}`, `cgroups[0]: bad name "../x"`},
		"empty cgroup":        {`{"cgroups": ["/"]}`, `cgroups[0]: bad name "/"`},
		"long interface":      {`{"interfaces": [{"name": "sixteencharacter"}]}`, `bad interface name "sixteencharacter"`},
		"slash interface":     {`{"interfaces": [{"name": "a/b"}]}`, `bad interface name "a/b"`},
		"no interface":        {`{"interfaces": [{"add": "dummy"}]}`, `bad interface name ""`},
		"veth without peer":   {`{"interfaces": [{"name": "a", "add": "veth"}]}`, `veth needs a peer`},
		"peer of a dummy":     {`{"interfaces": [{"name": "a", "add": "dummy", "peer": "b"}]}`, `only veth has a peer`},
		"its own peer":        {`{"interfaces": [{"name": "a", "peer": "a"}]}`, `its own peer`},
		"kind":                {`{"interfaces": [{"name": "a", "add": "../x"}]}`, `bad kind "../x"`},
		"namespace path":      {`{"bindNS": {"net": "run/netns"}}`, `bindNS.net: not a clean absolute path: "run/netns"`},
		"namespace":           {`{"namespace": "../../etc"}`, `namespace: bad name`},
		"many":                {`{"mkdir": [` + many + `]}`, `mkdir: 257 entries, more than 256`},
	} {
		if _, err := ParseRuntime([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
	if _, err := ParseRuntime(make([]byte, maxRuntimeBytes+1)); err == nil {
		t.Error("a huge file was accepted")
	}
	_, err := ParseRuntime([]byte(`{"mkdir": ["a", "b"], "cgroups": [".."]}`))
	if n := strings.Count(fmt.Sprint(err), "runtime.json: "); n != 3 {
		t.Errorf("%d of 3 errors: %v", n, err)
	}
}

func TestParseOptions(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]mountOptions{
		"":                                  {},
		"ro,nosuid,nodev,noexec":            {flags: msReadOnly | msNoSuid | msNoDev | msNoExec},
		"ro,rw":                             {},
		"rw,ro":                             {flags: msReadOnly},
		"rw,rbind,rshared":                  {flags: msBind | msRec, propagation: []uintptr{msShared | msRec}},
		"bind":                              {flags: msBind},
		"defaults,mode=755,size=65536k":     {data: "mode=755,size=65536k"},
		"strictatime,nostrictatime,noatime": {flags: msNoAtime},
		"newinstance,ptmxmode=0666,nosuid":  {flags: msNoSuid, data: "newinstance,ptmxmode=0666"},
	} {
		if got := parseOptions(strings.Split(text, ",")); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
	if got := dataValue("lowerdir=/a,upperdir=/b,x", "upperdir"); got != "/b" {
		t.Errorf("upperdir %q", got)
	}
	if got := dataValue("myupperdir=/b", "upperdir"); got != "" {
		t.Errorf("upperdir %q", got)
	}
}

func FuzzParseRuntime(f *testing.F) {
	f.Add(allKeys)
	f.Add(`{"mounts": [{"destination": "a/../b"}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRuntime([]byte(text))
		if err != nil {
			return
		}
		before, created := r.Plan("/containers/services/x")
		for _, s := range append(before, created...) {
			w := s.String()
			if strings.Contains(w+"/", "/../") || hasControl(w) {
				t.Fatalf("step %q from %q", w, text)
			}
			if m, ok := s.(stepMount); ok && m.inside == "" && !strings.HasPrefix(m.dest, "/") {
				t.Fatalf("destination %q from %q", m.dest, text)
			}
		}
	})
}
