package scanner

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/programs"
)

// image is a small image: a program, a program without permission, a script
// without its interpreter, and a folder.
func image() map[string]programs.Found {
	file := func(path string, mode uint32, h programs.Head) programs.Found {
		return programs.Found{Type: "file", Mode: mode, Real: path, Head: h, Via: []string{path}}
	}
	return map[string]programs.Found{
		"/bin/web":    file("/bin/web", 0o755, programs.Head{Format: "elf", Arch: "amd64"}),
		"/bin/closed": file("/bin/closed", 0o644, programs.Head{}),
		"/bin/script": file("/bin/script", 0o755, programs.Head{Format: "script", Interpreter: "/bin/none"}),
		"/bin/other":  file("/bin/other", 0o755, programs.Head{Format: "script", Interpreter: "/opt/sh"}),
		"/bin/none":   {Via: []string{"/bin/none"}},
		"/opt/sh":     {Via: []string{"/opt/sh"}},
		"/opt/web":    {Via: []string{"/opt/web"}},
		"/opt/./web":  {Via: []string{"/opt/web"}},
		"/bin":        {Type: "dir", Real: "/bin", Via: []string{"/bin"}},
		"/data":       {Via: []string{"/data"}},
		"/data/below": {Via: []string{"/data/below"}},
		"/srv":        {Type: "dir", Real: "/srv", Via: []string{"/srv"}},
	}
}

func commanded(t *testing.T, spec string) *system.Component {
	t.Helper()
	if !json.Valid([]byte(spec)) {
		t.Fatal(spec)
	}
	return &system.Component{Spec: json.RawMessage(spec), Dir: "containers/services/web"}
}

func TestProgramFacts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ spec, state, path, lacks string }{
		"found":            {`{"process": {"args": ["/bin/web"]}}`, "found", "/bin/web", ""},
		"path":             {`{"process": {"args": ["web"], "env": ["PATH=/opt:/bin"]}}`, "found", "/bin/web", ""},
		"relative":         {`{"process": {"args": ["./web"], "cwd": "/opt"}}`, "missing", "", ""},
		"missing":          {`{"process": {"args": ["/bin/none"]}}`, "missing", "", ""},
		"closed":           {`{"process": {"args": ["/bin/closed"]}}`, "closed", "/bin/closed", ""},
		"folder":           {`{"process": {"args": ["/bin"]}}`, "folder", "/bin", ""},
		"interpreter":      {`{"process": {"args": ["/bin/script"]}}`, "found", "/bin/script", "/bin/none"},
		"interpreter hid":  {`{"process": {"args": ["/bin/other"]}, "mounts": [{"destination": "/opt"}]}`, "found", "/bin/other", ""},
		"mounted over":     {`{"process": {"args": ["/bin/web"]}, "mounts": [{"destination": "/bin"}]}`, "unknown", "", ""},
		"no path":          {`{"process": {"args": ["web"]}}`, "unknown", "", ""},
		"two paths":        {`{"process": {"args": ["web"], "env": ["PATH=/bin", "PATH=/opt"]}}`, "unknown", "", ""},
		"another handler":  {`{"process": {"args": ["/bin/none"]}, "annotations": {"run.oci.handler": "wasm"}}`, "unknown", "", ""},
		"nothing asked it": {`{"process": {"args": ["/never/asked"]}}`, "unknown", "", ""},
		"no command":       {`{"process": {}}`, "", "", ""},
	} {
		got := programFacts(commanded(t, c.spec), image())
		if got.State != c.state || got.Path != c.path || got.Lacks != c.lacks || (got.Why != "") != (c.state == "unknown") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// If it is unknown in which folders the runtime looks, a program that is in
// none of them is missing.
func TestProgramWithoutPath(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ env, there, state string }{
		"none":             {`[]`, "", "missing"},
		"none, and usual":  {`[]`, "/usr/sbin/web", "unknown"},
		"empty":            {`["PATH="]`, "", "missing"},
		"two":              {`["PATH=/opt", "PATH=/srv"]`, "", "missing"},
		"two, and first":   {`["PATH=/opt", "PATH=/srv"]`, "/opt/web", "unknown"},
		"two, and second":  {`["PATH=/opt", "PATH=/srv"]`, "/srv/web", "unknown"},
		"two, and usual":   {`["PATH=/opt", "PATH=/srv"]`, "/bin/web", "unknown"},
		"one, and another": {`["PATH=/opt"]`, "/bin/web", "missing"},
	} {
		component := commanded(t, `{"process": {"args": ["web"], "env": `+c.env+`}}`)
		found := map[string]programs.Found{}
		for _, p := range Questions(component) {
			found[p] = programs.Found{Via: []string{p}}
		}
		if c.there != "" && c.state == "unknown" {
			if _, asked := found[c.there]; !asked {
				t.Errorf("%s: nothing asks for %s", name, c.there)
			}
			found[c.there] = programs.Found{Via: []string{c.there}, Real: c.there, Type: "file", Mode: 0o755}
		}
		if got := programFacts(component, found); got.State != c.state || (got.Why != "") != (c.state == "unknown") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestMissingTargets(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mounts string
		want   []string
	}{
		"missing":              {`[{"destination": "/data"}]`, []string{"/data"}},
		"twice":                {`[{"destination": "/data"}, {"destination": "/data"}]`, []string{"/data"}},
		"there":                {`[{"destination": "/srv"}]`, []string{}},
		"made by each runtime": {`[{"destination": "/proc"}]`, []string{}},
		"below another":        {`[{"destination": "/data"}, {"destination": "/data/below"}]`, []string{"/data"}},
		"not requested":        {`[{"destination": "/never"}]`, []string{}},
	} {
		got := missingTargets(commanded(t, `{"process": {"args": ["/bin/web"]}, "mounts": `+c.mounts+`}`), image())
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Only the mounts that init makes in the root count.
func TestMountsOfInit(t *testing.T) {
	t.Parallel()
	c := commanded(t, `{"process": {"args": ["/bin/web"]}, "mounts": [{"destination": "/data/below"}]}`)
	c.Runtime = json.RawMessage(`{"mounts": [{"destination": "data"}, {"destination": "/mnt"}]}`)
	if got := missingTargets(c, image()); len(got) != 0 {
		t.Errorf("%q", got)
	}
	want := []string{"/bin/web", "/data", "/data/below"}
	if got := Questions(c); !slices.Equal(got, want) {
		t.Errorf("questions %q, want %q", got, want)
	}
}
