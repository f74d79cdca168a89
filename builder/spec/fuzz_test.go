package spec

import (
	"errors"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// FuzzLoad checks that any bytes give a result in limited time, and that every
// error has a place.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"kernel: {image: a, cmdline: b}\ninit: [a]\n",
		"services:\n  - &a {name: a, image: b, binds: ['/a:/b:ro'], devices: [{path: all, type: c}]}\n  - {<<: *a, name: c}\n",
		"onboot: [{name: a, image: b, resources: {memory: {kernelTCP: 1}}, rlimits: ['nofile,1,2'], uid: a}]\n",
		"volumes: [{name: v}]\nfiles: [{path: a, contents: b, mode: '0644'}]\ntrust: {org: [a]}\n",
		"services: &a [*a]\n", "a: &a\n  <<: [*a, *a]\n", "? {a: b}\n: c\n", "--- !!map\n", "%YAML 1.1\n---\n- x\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		// The test must not run git, which happens for `@pkg:`. So the folder
		// does not exist.
		_, err := merge([]input{{name: "os.yml", dir: "/no/such/folder", data: data}})
		wellFormed(t, err)
	})
}

// FuzzLabel checks the same for the label of an image.
func FuzzLabel(f *testing.F) {
	for _, seed := range []string{
		`{"capabilities": ["all"], "binds": ["/:/host"], "pid": "host"}`, `{"runtime": {"bindNS": {"net": "/run/netns/x"}}}`,
		`{"devices": [{"path": "all", "type": "b", "major": 0}], "uid": "x"}`, `{"a": [[[[]]]]}`, `null`, `{"uid": 1e999}`,
		"", "# nothing", "capabilities:\n  - CAP_NET_ADMIN\nbinds: ['/a:/b']\n", "{pid: host, uts: *x}", "a: &a [*a]", "- \n---\n", "&a [*a,*a]",
		`{"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "valueTwo": 2, "op": "SCMP_CMP_EQ"}]}]}}`,
		"seccomp: {defaultAction: SCMP_ACT_ALLOW, syscalls: [{names: [x], action: SCMP_ACT_ERRNO, errnoRet: 38}]}", `{"seccomp": {"listenerPath": "/x"}}`,
	} {
		f.Add(seed)
	}
	pos := system.Position{File: "os.yml", Line: 1, Column: 1}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseLabel("a", text, pos)
		if s != nil && err != nil {
			t.Fatalf("settings %v, error %v", s, err)
		}
		wellFormed(t, err)
	})
}

func wellFormed(t *testing.T, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if _, single := err.(*system.Error); !single {
			for _, e := range joined.Unwrap() {
				wellFormed(t, e)
			}
			return
		}
	}
	var e *system.Error
	if !errors.As(err, &e) || e.Pos.File == "" || e.What == "" {
		t.Fatalf("an error without place or text: %#v", err)
	}
}
