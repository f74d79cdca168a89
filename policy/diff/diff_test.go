package diff

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// spec is a container with few grants.
const spec = `{
	"process": {"user": {"uid": 100}, "args": ["web"], "env": ["A=1"], "noNewPrivileges": true, "apparmorProfile": "web",
		"capabilities": {"bounding": ["CAP_CHOWN"]}},
	"root": {"readonly": true},
	"mounts": [{"destination": "/data", "type": "bind", "source": "/var/data", "options": ["bind", "ro", "nosuid", "nodev", "noexec"]}],
	"linux": {
		"namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"}, {"type": "user"}, {"type": "cgroup"}, {"type": "mount"}],
		"resources": {"pids": {"limit": 10}, "memory": {"limit": 100}},
		"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]},
		"maskedPaths": ["/proc/kcore"], "readonlyPaths": ["/proc/sys"]
	}
}`

// base is a system of one service.
func base() *facts.Facts {
	return &facts.Facts{
		Name: "os", Components: []facts.Component{{
			ID: "services/web", Section: "services", Name: "web", Spec: json.RawMessage(spec),
			Image: facts.Image{Name: "docker.io/library/web:1", Digest: "sha256:1", Pinned: true, TrustRequired: true, Origin: facts.Origin{Layer: "os.yml", File: "os.yml", Line: 9, Column: 3}},
			Origins: map[string]facts.Origin{"": {Layer: "default"},
				"/process/capabilities": {Layer: "os.yml", File: "os.yml", Line: 11, Column: 5}},
			SBOM: facts.SBOM{Packages: []facts.Package{{Name: "libc6", Version: "2.36-9+deb12u4", Type: "deb"}, {Name: "musl", Version: "1.2.4-r2", Type: "apk"},
				{Name: "zlib", Version: "1.2.11-40.el9", Type: "rpm"}, {Name: "example.org/m", Version: "v1.10.0", Type: "go-module"}}},
		}},
		Kernel:  facts.Kernel{Version: "6.1", Config: facts.KernelConfig{Present: true, Options: map[string]string{"CONFIG_A": "y", "CONFIG_B": "n"}}},
		Cmdline: facts.Cmdline{Params: []facts.Param{{Name: "quiet"}}, Origin: facts.Origin{Layer: "os.yml", File: "os.yml", Line: 2, Column: 3}},
		Sysctl:  facts.Sysctl{Settings: []facts.Setting{{Key: "kernel.kptr_restrict", Value: "2"}}},
		Files:   []facts.File{{Path: "/etc/motd", Type: "file", Mode: "644", Digest: "sha256:a"}},
	}
}

// changed returns base after replacing texts of the spec in pairs and calling change.
func changed(change func(*facts.Facts), replace ...string) *facts.Facts {
	f := base()
	before := string(f.Components[0].Spec)
	after := strings.NewReplacer(replace...).Replace(before)
	if len(replace) > 0 && before == after {
		panic("nothing was replaced")
	}
	f.Components[0].Spec = json.RawMessage(after)
	if change != nil {
		change(f)
	}
	return f
}

func side(f *facts.Facts, findings ...decision.Finding) Side {
	return Side{Name: "x", Facts: f, Decision: &decision.Decision{Findings: findings}}
}

func lines(r *Result) string {
	var out []string
	for _, c := range r.Changes {
		out = append(out, fmt.Sprintf("%s %s %s: %s", c.Direction, c.Area, c.Resource, c.Message))
	}
	return strings.Join(out, "\n")
}

func TestNothingChanged(t *testing.T) {
	t.Parallel()
	if r := Compare(side(base()), side(base())); len(r.Changes) != 0 || r.Changes == nil {
		t.Errorf("%s", lines(r))
	}
}

// With `userns: auto`, /sys of the host takes the place of sysfs. That weakens nothing,
// unless root of the container is root of the host.
func TestSharedSys(t *testing.T) {
	t.Parallel()
	const auto = `"uidMappings": [{"containerID": 0, "hostID": %d, "size": 65536}], "gidMappings": [{"containerID": 0, "hostID": 1048576, "size": 65536}], "resources"`
	const sys = `"mounts": [{"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "nosuid", "noexec", "nodev", "%s"]}, `
	for _, c := range []struct {
		root    int
		option  string
		weakens bool
	}{{1 << 20, "rro", false}, {1 << 20, "ro", true}, {0, "rro", true}} {
		r := Compare(side(base()), side(changed(nil, `"resources"`, fmt.Sprintf(auto, c.root), `"mounts": [`, fmt.Sprintf(sys, c.option))))
		if got := strings.Contains(lines(r), "may now have /sys of the host"); got != c.weakens {
			t.Errorf("%+v: %s", c, lines(r))
		}
	}
}

// Each change is weaker in one direction and stronger in the opposite one.
func TestDirections(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		new  *facts.Facts
		want string
	}{
		"capability": {changed(nil, `["CAP_CHOWN"]`, `["CAP_CHOWN", "CAP_SYS_ADMIN"]`), "capabilities component:services/web: may now have CAP_SYS_ADMIN"},
		"ambient":    {changed(nil, `["CAP_CHOWN"]`, `["CAP_CHOWN"], "ambient": ["CAP_CHOWN"]`), "capabilities component:services/web: may now have ambient CAP_CHOWN"},
		"root":       {changed(nil, `"uid": 100`, `"uid": 0`), "user component:services/web: may now have uid 0"},
		"writable root": {changed(nil, `"root": {"readonly": true}`, `"root": {"readonly": false}`),
			"root file system component:services/web: is no longer confined by a read-only root file system"},
		"privileges": {changed(nil, `"noNewPrivileges": true, `, ``), "privileges component:services/web: is no longer confined by noNewPrivileges"},
		"apparmor":   {changed(nil, `"apparmorProfile": "web"`, `"apparmorProfile": "unconfined"`), "security modules component:services/web: is no longer confined by an AppArmor profile"},
		"namespace":  {changed(nil, `{"type": "pid"}, `, ``), "namespaces component:services/web: may now have the host's pid namespace"},
		"of PID 1":   {changed(nil, `{"type": "ipc"}`, `{"type": "ipc", "path": "/proc/1/ns/ipc"}`), "namespaces component:services/web: may now have the host's ipc namespace"},
		"bind": {changed(nil, `"mounts": [`, `"mounts": [{"destination": "/b", "type": "bind", "source": "/etc", "options": ["rbind", "ro", "nosuid", "nodev", "noexec"]}, `),
			"mounts component:services/web: may now have /etc of the host, bound at /b"},
		"written bind": {changed(nil, `"bind", "ro"`, `"bind", "rw"`), "mounts component:services/web: may now have writing to /var/data of the host, bound at /data"},
		"shared":       {changed(nil, `"bind", "ro"`, `"bind", "rshared", "ro"`), "mounts component:services/web: may now have mounts at /data that reach the host (rshared)"},
		"option":       {changed(nil, `"nosuid", `, ``), "mounts component:services/web: may now have setuid programs at /data (not nosuid)"},
		"mask":         {changed(nil, `["/proc/kcore"]`, `[]`), "masked paths component:services/web: is no longer confined by the mask over /proc/kcore"},
		"group":        {changed(nil, `"uid": 100`, `"uid": 100, "additionalGids": [6]`), "user component:services/web: may now have group 6"},
		"mapped root": {changed(nil, `"resources"`, `"uidMappings": [{"containerID": 5, "hostID": 0, "size": 1}], "resources"`),
			"user component:services/web: may now have the host's uid 0, as its uid 5"},
		"trust":       {changed(func(f *facts.Facts) { f.Components[0].Image.TrustRequired = false }), "image component:services/web: is no longer confined by a signature that os.yml requires"},
		"read-only":   {changed(nil, `["/proc/sys"]`, `[]`), "read-only paths component:services/web: is no longer confined by a read-only /proc/sys"},
		"system call": {changed(nil, `["read"]`, `["read", "mount"]`), "seccomp component:services/web: may now have the system call mount"},
		"device": {changed(nil, `"maskedPaths"`, `"devices": [{"path": "/dev/mem", "type": "c", "major": 1, "minor": 1}], "maskedPaths"`),
			"devices component:services/web: may now have the device /dev/mem (c 1:1)"},
		"device rule": {changed(nil, `"pids"`, `"devices": [{"allow": true, "access": "rwm"}], "pids"`), "devices component:services/web: may now have devices a *:* rwm"},
		"pids":        {changed(nil, `"pids": {"limit": 10}`, `"pids": {"limit": 0}`), "limits component:services/web: no longer has a pids limit"},
		"memory":      {changed(nil, `"limit": 100`, `"limit": 200`), "limits component:services/web: has a higher memory limit"},
		"pin":         {changed(func(f *facts.Facts) { f.Components[0].Image.Pinned = false }), "image component:services/web: is no longer confined by an image that is pinned by digest"},
		"setuid": {changed(func(f *facts.Facts) { f.Components[0].Files.SetID = []facts.Obj{{Path: "/bin/su"}} }),
			"image files component:services/web: may now have the setuid or setgid file /bin/su"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forth, back := Compare(side(base()), side(c.new)), Compare(side(c.new), side(base()))
			if got := lines(forth); got != "weaker "+c.want {
				t.Errorf("got  %s\nwant weaker %s", got, c.want)
			}
			if len(back.Changes) != 1 || back.Changes[0].Direction != Stronger {
				t.Errorf("back: %s", lines(back))
			}
		})
	}
}

// A container without a filter may make every system call, so calls of the old filter
// are not reported.
func TestFilterGone(t *testing.T) {
	t.Parallel()
	r := Compare(side(base()), side(changed(nil, `"seccomp"`, `"unknown"`)))
	if !strings.Contains(lines(r), "weaker seccomp component:services/web: is no longer confined by a seccomp filter") || r.Count(Stronger) != 0 {
		t.Errorf("%s", lines(r))
	}
}

// Every grant of a new component is reported. A system from which a component was
// removed is not weaker.
func TestComponents(t *testing.T) {
	t.Parallel()
	more := changed(func(f *facts.Facts) {
		two := f.Components[0]
		two.ID, two.Name = "services/two", "two"
		f.Components = append(f.Components, two)
	})
	r := Compare(side(base()), side(more))
	if got := lines(r); !strings.Contains(got, "weaker capabilities component:services/two: may now have CAP_CHOWN") ||
		!strings.Contains(got, "changed components component:services/two: is new") || r.Count(Stronger) != 0 {
		t.Errorf("%s", got)
	}
	back := Compare(side(more), side(base()))
	if got := lines(back); got != "changed components component:services/two: was removed" {
		t.Errorf("%s", got)
	}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	with := func(i int, version string) *facts.Facts {
		return changed(func(f *facts.Facts) { f.Components[0].SBOM.Packages[i].Version = version })
	}
	for version, want := range map[[2]string]Direction{
		{"0", "2.36-9+deb12u3"}: Weaker, {"0", "2.36-9+deb12u10"}: Changed, {"0", "2.36-9~bpo1"}: Weaker, {"0", "1:1.0"}: Changed,
		{"1", "1.2.4-r1"}: Weaker, {"1", "1.2.4-r10"}: Changed, {"2", "1.2.11-9.el9"}: Weaker, {"2", "1.2.11-100.el9"}: Changed,
		{"3", "v1.9.0"}: Weaker, {"3", "v1.11.0"}: Changed, {"3", "(devel)"}: Changed,
	} {
		r := Compare(side(base()), side(with(int(version[0][0]-'0'), version[1])))
		if len(r.Changes) != 1 || r.Changes[0].Direction != want || r.Changes[0].Area != "packages" || r.Changes[0].New != version[1] {
			t.Errorf("%s: %s", version[1], lines(r))
		}
	}
	r := Compare(side(base()), side(changed(func(f *facts.Facts) { f.Components[0].SBOM.Packages = f.Components[0].SBOM.Packages[1:] })))
	if got := lines(r); got != "changed packages component:services/web: no longer contains libc6 (deb)" {
		t.Errorf("%s", got)
	}
}

// Rules give the direction of a kernel setting. If one rule improves and another gets
// worse, the change is weaker.
func TestRulesGiveDirection(t *testing.T) {
	t.Parallel()
	fail := func(id, resource string, s decision.Severity) decision.Finding {
		return decision.Finding{ID: id, Resource: resource, Key: "k", State: decision.StateFail, Severity: s, Message: "m"}
	}
	now := changed(func(f *facts.Facts) {
		f.Kernel.Config.Options = map[string]string{"CONFIG_B": "y"}
		f.Cmdline.Params = append(f.Cmdline.Params, facts.Param{Name: "slub_debug"})
		f.Sysctl.Settings[0].Value = "0"
	})
	a, b := fail("KCF-001", "kernel:CONFIG_B", decision.High), fail("SYS-001", "sysctl:kernel.kptr_restrict", decision.Medium)
	c := fail("CMD-009", "cmdline:slub_debug", decision.Low)
	r := Compare(side(base(), c), side(now, a, b, fail("KCF-002", "kernel:CONFIG_B", decision.Critical)))
	want := `weaker kernel options kernel:CONFIG_B: is new
weaker sysctls sysctl:kernel.kptr_restrict: has another value
stronger kernel command line cmdline:slub_debug: is new
changed kernel options kernel:CONFIG_A: was removed`
	if got := lines(r); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if first := r.Changes[0]; strings.Join(first.Rules, " ") != "KCF-001 KCF-002" || first.Severity != decision.Critical {
		t.Errorf("%+v", first)
	}
	if r := Compare(side(base(), b), side(now, a, b)); !strings.Contains(lines(r), "changed sysctls") {
		t.Errorf("a rule that fails on both sides gives a direction: %s", lines(r))
	}
	mixed := Compare(side(base(), fail("SYS-001", "sysctl:kernel.kptr_restrict", decision.Low)), side(now, fail("SYS-002", "sysctl:kernel.kptr_restrict", decision.Low)))
	if !strings.Contains(lines(mixed), "weaker sysctls sysctl:kernel.kptr_restrict") {
		t.Errorf("%s", lines(mixed))
	}
}

// Findings are reported unless a change of a setting reports them. A waiver hides no
// finding, and a rule that became unknown is weaker.
func TestFindings(t *testing.T) {
	t.Parallel()
	f := decision.Finding{ID: "JNT-001", Resource: "component:services/web", Key: "k", Severity: decision.Critical, Message: "m", State: decision.StateFail}
	for state, want := range map[decision.State]string{
		decision.StateFail:          "weaker rules component:services/web: JNT-001 now fails: m",
		decision.StateWaived:        "weaker rules component:services/web: JNT-001 now fails: m",
		decision.StateUnknown:       "weaker rules component:services/web: JNT-001 now is unknown: m",
		decision.StatePass:          "",
		decision.StateNotApplicable: "",
	} {
		f.State = state
		if got := lines(Compare(side(base()), side(base(), f))); got != want {
			t.Errorf("%s: %s", state, got)
		}
	}
}

// Values that look like secrets are not reported.
func TestSecrets(t *testing.T) {
	t.Parallel()
	one, two := "one", "two"
	param := func(v *string) *facts.Facts {
		return changed(func(f *facts.Facts) {
			f.Cmdline.Params = append(f.Cmdline.Params, facts.Param{Name: "join_token", Value: v})
		})
	}
	env := changed(nil, `"A=1"`, `"A=secret"`)
	for _, r := range []*Result{Compare(side(param(&one)), side(param(&two))), Compare(side(base()), side(env))} {
		raw, err := json.Marshal(r)
		if err != nil || len(r.Changes) != 1 {
			t.Fatalf("%v, %s", err, lines(r))
		}
		for _, secret := range []string{"one", "two", "secret"} {
			if strings.Contains(string(raw), `"`+secret) {
				t.Errorf("%s contains %q", raw, secret)
			}
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	r := Compare(side(base()), side(changed(nil, `["CAP_CHOWN"]`, `["CAP_CHOWN", "CAP_SYS_ADMIN"]`)))
	if o := r.Changes[0].Origin; o == nil || o.Line != 11 || o.Layer != "os.yml" {
		t.Errorf("%+v", o)
	}
}

// Settings without a rule are reported too, once.
func TestSettings(t *testing.T) {
	t.Parallel()
	for replace, want := range map[[2]string]string{
		{`"uid": 100`, `"uid": 101`}:                                     "changed settings component:services/web: has another value of /process/user/uid",
		{`"root":`, `"hostname": "h", "root":`}:                          "changed settings component:services/web: has another value of /hostname",
		{`"resources"`, `"sysctl": {"a": "1"}, "resources"`}:             "changed settings component:services/web: has another value of /linux/sysctl",
		{`"pids": {`, `"cpu": {"shares": 5}, "pids": {`}:                 "changed settings component:services/web: has another value of /linux/resources/cpu",
		{`"noexec"]`, `"noexec", "size=5"]`}:                             "changed settings component:services/web: has another value of /mounts",
		{`"apparmorProfile": "web"`, `"apparmorProfile": "other"`}:       "changed settings component:services/web: has another value of /process/apparmorProfile",
		{`"root":`, `"annotations": {"token": "s3cr3t"}, "root":`}:       "changed settings component:services/web: has another value of /annotations",
		{`"args": ["web"]`, `"args": ["web"], "rlimits": [{"hard": 1}]`}: "changed settings component:services/web: has another value of /process/rlimits",
	} {
		r := Compare(side(base()), side(changed(nil, replace[0], replace[1])))
		raw, err := json.Marshal(r)
		if got := lines(r); got != want || err != nil || strings.Contains(string(raw), "s3cr3t") {
			t.Errorf("%s: %s", got, raw)
		}
	}
	r := Compare(side(base()), side(changed(func(f *facts.Facts) { f.Components[0].Runtime = json.RawMessage(`{"mkdir": ["/x"]}`) })))
	if got := lines(r); got != "changed settings component:services/web: has another value of /runtime/mkdir" {
		t.Errorf("%s", got)
	}
}

// A filter that allows a call for some arguments is stricter than one that allows it
// for all. A removed denial of devices is weaker.
func TestConditions(t *testing.T) {
	t.Parallel()
	some := changed(nil, `["read"]`, `["read"], "args": [{"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}]`)
	want := `weaker seccomp component:services/web: may now have the system call read
stronger seccomp component:services/web: may no longer have the system call read where [0 SCMP_CMP_EQ 8 0]`
	if got := lines(Compare(side(some), side(base()))); got != want {
		t.Errorf("%s", got)
	}
	denied := changed(nil, `"pids": {`, `"devices": [{"allow": false, "access": "rwm"}], "pids": {`)
	if got := lines(Compare(side(denied), side(base()))); got != "weaker devices component:services/web: is no longer confined by a denial of devices a *:* rwm" {
		t.Errorf("%s", got)
	}
}
