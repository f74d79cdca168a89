package scanner

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// The arguments of sysctl decide which values it sets.
func TestSysctlArguments(t *testing.T) {
	t.Parallel()
	seen := map[string][]facts.Setting{
		"/etc/sysctl.conf":     {set("/etc/sysctl.conf", "conf", "1")},
		"/etc/sysctl.d/a.conf": {set("/etc/sysctl.d/a.conf", "a", "1")},
		"/etc/sysctl.d/b.conf": {set("/etc/sysctl.d/b.conf", "b", "1")},
		"/etc/other.conf":      {set("/etc/other.conf", "other", "1")},
	}
	const unknown = "?"
	for _, c := range []struct{ args, program, want string }{
		{"sysctl", "", "a b conf"},
		{"sysctl", ownProgram, "a b conf"},
		{"sysctl", "procps", ""},
		{"sysctl --system", "procps", "a b conf"},
		{"sysctl -q --system", "procps-ng", "a b conf"},
		{"sysctl -p", "procps", "conf"},
		{"sysctl -p /etc/other.conf", "procps", "other"},
		{"sysctl -p/etc/other.conf", "procps", "other"},
		{"sysctl --load=/etc/sysctl.d/b.conf", "procps", "b"},
		{"sysctl -e -p /etc/other.conf /etc/sysctl.d/a.conf", "busybox", "other a"},
		{"sysctl -w x=1 y/z=2", "busybox", "x y.z"},
		{"sysctl -a", "procps", ""},
		{"sysctl --dry-run --system", "procps", ""},
		{"sysctl kernel.osrelease", "procps", ""},
		{"sysctl -p -", "procps", unknown},
		{"sysctl --pattern ^net --system", "procps", unknown},
		{"sysctl -p /srv/x.conf", "procps", unknown},
		{"/usr/bin/sysctl /dev/null", ownProgram, ""},
		{"/usr/bin/sysctl /dev/null", "", ""},
		{"/usr/bin/sysctl /etc/other.conf", ownProgram, "other"},
		{"/usr/bin/sysctl -w x=1", ownProgram, unknown},
		{"/usr/bin/sysctl x=1", ownProgram, unknown},
		{"/bin/sh -c true", "", unknown},
	} {
		comp := component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1", "{}")
		comp.Image.Config.Entrypoint = []string{"/usr/bin/sysctl"}
		asked, ok := runs(comp, strings.Fields(c.args), []facts.Package{{Name: c.program}})
		sets, why := asked.settings(seen)
		var keys []string
		for _, s := range sets {
			keys = append(keys, s.Key)
		}
		got := strings.Join(keys, " ")
		if why != "" {
			got = unknown
		}
		if !ok || got != c.want {
			t.Errorf("%s of %q: %q (%s), want %q", c.args, c.program, got, why, c.want)
		}
	}
	if _, ok := runs(component(system.SectionOnboot, "x", "docker.io/a/x:1", "{}"), []string{"/bin/x"}, nil); ok {
		t.Error("a program other than sysctl counts as sysctl")
	}
}

// A setting takes effect if the kernel accepts it from this component, and if
// it is one of the host.
func TestSysctlRefused(t *testing.T) {
	t.Parallel()
	const key = "kernel.kptr_restrict"
	for _, c := range []struct{ spec, key, want string }{
		{`{}`, key, ""},
		{`{"process":{"capabilities":{"effective":["CAP_SYS_ADMIN"]}}}`, key, ""},
		{`{"process":{"capabilities":{"effective":[]}}}`, key, "lacks CAP_SYS_ADMIN"},
		{`{"process":{"capabilities":{"effective":[]}}}`, "kernel.sysrq", ""},
		{`{"process":{"capabilities":{"effective":[]}}}`, "user.max_user_namespaces", "lacks CAP_SYS_RESOURCE"},
		{`{"process":{"user":{"uid":5}}}`, "kernel.sysrq", "user 5"},
		{`{"linux":{"namespaces":[{"type":"user"}]}}`, "kernel.sysrq", "user namespace"},
		{`{"linux":{"namespaces":[{"type":"network"}]}}`, "net.ipv4.ip_forward", "network namespace"},
		{`{"linux":{"namespaces":[{"type":"network"}]}}`, "kernel.sysrq", ""},
		{`{"linux":{"readonlyPaths":["/proc/sys"]}}`, key, "/proc/sys is read-only"},
		{`{"linux":{"readonlyPaths":["/proc/sys/net"]}}`, key, ""},
		{`{"linux":{"maskedPaths":["/proc"]}}`, key, "/proc is read-only"},
		{`{"linux":{"readonlyPaths":["/proc/sys/kernel/"]}}`, key, "read-only"},
		{`{"mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid"]}]}`, key, ""},
		{`{"mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["ro"]}]}`, key, "read-only"},
		{`{"mounts":[{"destination":"/proc/sys","type":"tmpfs","source":"tmpfs"}]}`, key, "hides the kernel's sysctls"},
		{`{"mounts":[{"destination":"/proc/sys","type":"bind","source":"/proc/sys","options":["bind","ro"]}]}`, key, "read-only"},
		{`{"mounts":[{"destination":"/proc/sys","type":"bind","source":"/proc/sys","options":["bind"]}]}`, key, ""},
		{`{"mounts":[{"destination":"/srv","type":"tmpfs","source":"tmpfs"}]}`, key, ""},
	} {
		var sp spec
		if err := json.Unmarshal([]byte(c.spec), &sp); err != nil {
			t.Fatal(err)
		}
		if got := sp.refused(c.key, command{}); (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%s %s: %q, want %q", c.spec, c.key, got, c.want)
		}
	}
	if no := false; (&spec{}).refused("net.ipv4.conf.*.forwarding", command{patterns: &no}) != "its program does not accept patterns" {
		t.Error("a pattern takes effect with a program that does not accept patterns")
	}
	run := component(system.SectionOnboot, "sysctl", "docker.io/a/sysctl:1", `{"linux":{"namespaces":[{"type":"network"}]}}`)
	own := map[string][]facts.Setting{"onboot/sysctl": {set("/etc/sysctl.conf", "net.ipv4.ip_forward", "0"), set("/etc/sysctl.conf", key, "2")}}
	got, err := sysctls(t, "", nil, own, run)
	if err != nil || len(got.Settings) != 1 || len(got.Refused) != 1 || got.Refused[0].Key != "net.ipv4.ip_forward" {
		t.Errorf("%+v, %v", got, err)
	}
	shell := component(system.SectionOnboot, "sysctl", "docker.io/a/sysctl:1", `{"process":{"args":["/bin/sh"]}}`)
	shell.Image.Config.Entrypoint = []string{"/sbin/sysctl"}
	got, err = sysctls(t, "", nil, own, shell)
	if err != nil || got.Applied || len(got.Settings) != 0 || !slices.Equal(got.Unknown, []facts.Uncertain{{Component: "onboot/sysctl", Reason: `its command is "/bin/sh", which is not the program of its image`}}) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Keys in a file are patterns only for programs that accept patterns.
func TestSysctlPatterns(t *testing.T) {
	t.Parallel()
	const key = "net.ipv4.conf.*.accept_redirects"
	run := component(system.SectionOnboot, "sysctl", "docker.io/a/sysctl:1", `{}`)
	for pkg, want := range map[string]string{ownProgram: "set", "procps-ng": "set", "busybox": "refused", "other": "unknown"} {
		sys := &system.OS{Components: []*system.Component{run}}
		inv := facts.Component{ID: run.ID(), Files: facts.Inventory{Sysctl: []facts.Setting{set("/etc/sysctl.conf", key, "1")}}}
		inv.SBOM.Packages = []facts.Package{{Name: pkg}}
		out, err := (&Scanner{}).sysctl(sys, &facts.Facts{Components: []facts.Component{inv}})
		got := map[bool]string{true: "set"}[len(out.Settings) == 1] + map[bool]string{true: "refused"}[len(out.Refused) == 1] + map[bool]string{true: "unknown"}[len(out.Unknown) == 1]
		if err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", pkg, got, err, want)
		}
	}
}
