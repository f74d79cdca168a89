package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A label can have a seccomp profile itself. It is as hostile as the rest of the label.
func TestLabelProfile(t *testing.T) {
	t.Parallel()
	pos := system.Position{File: "os.yml", Line: 3, Column: 12}
	const allow = `"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64"]`
	s, err := ParseLabel("a/b:1", `{"seccomp": {`+allow+`, "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
		{"names": ["socket"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ"}]},
		{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}}`, pos)
	if err != nil {
		t.Fatal(err)
	}
	p := s.Seccomp.V.Profile
	if s.Seccomp.V.IsFile() || len(p.Syscalls) != 3 || p.Syscalls[1].Args[0].Value != 1<<64-1 || *p.Syscalls[2].ErrnoRet != 38 || s.Seccomp.Origin.Layer != system.LayerLabel {
		t.Errorf("%+v", s.Seccomp)
	}
	many := strings.Repeat(`"read",`, maxProfileNames) + `"read"`
	const at = "os.yml:3:12: image a/b:1: label org.mobyproject.config: /seccomp"
	for name, test := range map[string]struct{ profile, want string }{
		"empty":            {`{}`, at + `: default: the action is missing`},
		"list":             {`[]`, at + `: expected text, found a list`},
		"no rule":          {`{` + allow + `, "syscalls": [null]}`, at + `/syscalls/0: the value is missing: expected a mapping -> add a value, or remove the key`},
		"unknown key":      {`{` + allow + `, "archMap": []}`, at + `: unknown key "archMap" -> use one of these keys: architectures, defaultAction, defaultErrnoRet, flags, listenerMetadata, listenerPath, syscalls`},
		"key twice":        {`{` + allow + `, "defaultAction": "SCMP_ACT_ALLOW"}`, at + `: duplicate key "defaultAction" -> keep one of the two`},
		"key in two cases": {`{` + allow + `, "DefaultAction": "SCMP_ACT_ALLOW"}`, at + `: duplicate key "DefaultAction" -> keep one of the two`},
		"notify":           {`{"defaultAction": "SCMP_ACT_NOTIFY"}`, at + `: default: the profile of an image cannot have the action "SCMP_ACT_NOTIFY"`},
		"listener":         {`{` + allow + `, "listenerPath": "/x"}`, at + `: the profile of an image cannot have flags or a listener`},
		"flags":            {`{` + allow + `, "flags": ["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]}`, at + `: the profile of an image cannot have flags or a listener`},
		"architecture":     {`{"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["x86"]}`, at + `: architecture "x86" is unknown`},
		"no names":         {`{` + allow + `, "syscalls": [{"action": "SCMP_ACT_ALLOW"}]}`, at + `: rule 1 names no system call`},
		"name":             {`{` + allow + `, "syscalls": [{"names": ["read", "x y"], "action": "SCMP_ACT_ALLOW"}]}`, at + `: rule 1 (read): "x y" is not the name of a system call`},
		"action":           {`{` + allow + `, "syscalls": [{"names": ["read"]}]}`, at + `: rule 1 (read): the action is missing`},
		"number":           {`{` + allow + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "errnoRet": 1}]}`, at + `: rule 1 (read): only SCMP_ACT_ERRNO has an error number`},
		"large number":     {`{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 4096}`, at + `: default: the error number 4096 is above 4095`},
		"argument":         {`{` + allow + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]}]}`, at + `: rule 1 (read): argument 6 with the comparison "SCMP_CMP_EQ" is unknown`},
		"comparison":       {`{` + allow + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "EQ"}]}]}`, at + `: rule 1 (read): argument 0 with the comparison "EQ" is unknown`},
		"negative":         {`{` + allow + `, "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ERRNO", "errnoRet": -1}]}`, at + `/syscalls/0/errnoRet: expected a whole number from 0 to 18446744073709551615, found the number -1`},
		"many names":       {`{` + allow + `, "syscalls": [{"names": [` + many + `], "action": "SCMP_ACT_ALLOW"}]}`, at + `: it has more than 5000 names of system calls`},
	} {
		_, err := ParseLabel("a/b:1", `{"seccomp": `+test.profile+`}`, pos)
		if !errors.Is(err, system.ErrUnusable) {
			t.Errorf("%s: error %v is not of the kind ErrUnusable", name, err)
		}
		if got := strings.Join(lines(err), "\n"); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, test.want)
		}
	}
	_, err = load(t, "services: [{name: a, image: b, seccomp: {defaultAction: SCMP_ACT_ALLOW}}]\n")
	if got := strings.Join(lines(err), "\n"); !strings.HasSuffix(got, "expected text, found a mapping -> write the profile into a file, and the path of the file here") {
		t.Errorf("os.yml: %s", got)
	}
}
