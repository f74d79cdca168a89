package spec

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// load writes the texts as os.yml, two.yml, ... and loads them.
func load(t *testing.T, texts ...string) (*Config, error) {
	t.Helper()
	dir := t.TempDir()
	var paths []string
	for i, text := range texts {
		name := []string{"os.yml", "two.yml", "three.yml"}[i]
		paths = append(paths, filepath.Join(dir, name))
		if err := os.WriteFile(paths[i], []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return Load(paths)
}

// lines returns the text and the next step of each joined error.
func lines(err error) []string {
	if err == nil {
		return nil
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		if _, single := err.(*system.Error); !single {
			var out []string
			for _, e := range joined.Unwrap() {
				out = append(out, lines(e)...)
			}
			return out
		}
	}
	var e *system.Error
	if !errors.As(err, &e) {
		return []string{"not a system.Error: " + err.Error()}
	}
	if e.Next == "" {
		return []string{e.Error()}
	}
	return []string{e.Error() + " -> " + e.Next}
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	c, err := load(t, `kernel:
  image: a/kernel:1
  cmdline: "quiet"
init: [a/init:1, a/runc:1]
onboot:
  - name: one
    image: a/one:1
    capabilities: [CAP_CHOWN, CAP_KILL]
    binds:
      - /a:/b
      - /c:/d:ro
services:
  - &web
    name: web
    image: a/web:1
    readonly: true
  - <<: *web
    name: web2
    net: new
`)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]struct{ got, want string }{
		"image":      {c.Kernel.Image.Pos().String(), "os.yml:2:10"},
		"cmdline":    {c.Kernel.Cmdline.Pos().String(), "os.yml:3:12"},
		"init":       {c.Init[1].Pos().String(), "os.yml:4:18"},
		"entry":      {c.Onboot[0].Pos().String(), "os.yml:6:5"},
		"capability": {c.Onboot[0].Capabilities.Items[1].Pos().String(), "os.yml:8:31"},
		"bind":       {c.Onboot[0].Binds.Items[1].Pos().String(), "os.yml:11:9"},
		"merged key": {c.Services[1].Readonly.Pos().String(), "os.yml:16:15"},
		"own key":    {c.Services[1].Name.Pos().String(), "os.yml:18:11"},
	}
	for name, p := range places {
		if p.got != p.want {
			t.Errorf("%s: %s, want %s", name, p.got, p.want)
		}
	}
	if got := c.Services[1].Image.Get(); got != "a/web:1" {
		t.Errorf("merged image %q", got)
	}
	if o := c.Services[1].Net.Origin; o.Layer != system.LayerOSYML || o.Line != 19 {
		t.Errorf("origin %+v", o)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	service := func(keys string) string {
		return "services:\n  - name: web\n    image: a/web:1\n" + keys
	}
	tests := map[string]struct{ text, want string }{
		"unknown section": {"servces: []\n", `os.yml:1:1: unknown key "servces" -> did you mean "services"?`},
		"unknown key":     {service("    capabilites: []\n"), `os.yml:4:5: unknown key "capabilites" -> did you mean "capabilities"?`},
		"unrelated key":   {"kernel:\n  image: a\n  xyzzy: 1\n", `os.yml:3:3: unknown key "xyzzy" -> use one of these keys: binary, cmdline, image, tar, ucode`},
		"duplicate key":   {service("    net: new\n    net: host\n"), `os.yml:5:5: duplicate key "net"; the first is on line 4 -> keep one of the two`},
		"duplicate in other case": {service("    resources:\n      memory: {kernelTCP: 1, kerneltcp: 2}\n"),
			`os.yml:5:30: duplicate key "kerneltcp"; the first is on line 5 -> keep one of the two`},
		"integer key":      {service("    sysctl:\n      5: \"1\"\n"), `os.yml:5:7: expected text as a key, found the number 5 -> put the key in quotes`},
		"list as key":      {"? [a]\n: b\n", `os.yml:1:3: expected text as a key, found a list -> put the key in quotes`},
		"second document":  {"services: []\n---\nservices: []\n", `os.yml:2:1: the file has a second YAML document -> move the second document to another file: files are merged in order`},
		"null list":        {"services:\n", `os.yml:1:10: the value is missing: expected a list -> add a value, or remove the key`},
		"null text":        {service("    hostname: ~\n"), `os.yml:4:15: the value is missing: expected text -> add a value, or remove the key`},
		"list for text":    {service("    hostname: [a]\n"), `os.yml:4:15: expected text, found a list`},
		"text for list":    {service("    env: A=B\n"), `os.yml:4:10: expected a list, found the text "A=B" -> write it as a list: [a, b], or one ` + "`- ` per line"},
		"number for text":  {service("    env: [5]\n"), `os.yml:4:11: expected text, found the number 5 -> put the value in quotes: "5"`},
		"yes for true":     {service("    readonly: yes\n"), `os.yml:4:15: expected true or false, found the text "yes" -> write true or false`},
		"float for number": {service("    oomScoreAdj: 1.5\n"), `os.yml:4:18: expected a whole number, found the number 1.5`},
		"overflow":         {service("    resources: {network: {classID: 4294967296}}\n"), `os.yml:4:36: expected a whole number from 0 to 4294967295, found the number 4294967296`},
		"oci unknown key":  {service("    resources: {memory: {limits: 1}}\n"), `os.yml:4:26: unknown key "limits" -> did you mean "limit"?`},
		"empty":            {"# nothing\n", `os.yml:1:1: the file is empty -> write at least one section, such as services:`},
		"syntax":           {"services: [\n", "os.yml:1:1: not valid YAML: did not find expected node content"},
		"tag":              {service("    hostname: !!binary aGk=\n"), `os.yml:4:15: expected text, found !!binary "aGk=" -> put the value in quotes: "aGk="`},
		"capability":       {service("    capabilities: [CAP_SYS_ADMN]\n"), `os.yml:4:20: unknown capability "CAP_SYS_ADMN" -> did you mean CAP_SYS_ADMIN?`},
		"capability all":   {service("    capabilities: [CAP_ALL]\n"), `os.yml:4:20: unknown capability "CAP_ALL" -> write all as the only entry of the list`},
		"capability none":  {service("    capabilities: [Cap_None]\n"), `os.yml:4:20: unknown capability "Cap_None" -> write none as the only entry of the list, or an empty list`},
		"short capability": {service("    capabilities: [net_raw]\n"), `os.yml:4:20: unknown capability "net_raw" -> did you mean CAP_NET_RAW?`},
		"all with others":  {service("    capabilities: [all, CAP_BPF]\n"), `os.yml:4:20: services "web": capabilities: "all" cannot be combined with other entries -> keep only this entry, or list the capabilities by name`},
		"negative uid":     {service("    uid: -1\n"), `os.yml:4:10: id -1 is not between 0 and 4294967294`},
		"unknown uid":      {service("    uid: nobody\n"), `os.yml:4:10: services "web": uid: no container has the name "nobody" -> write a number, or the name of a container of this system`},
		"ipc none":         {service("    ipc: none\n"), `os.yml:4:10: ipc: unknown value "none": expected host, new or the absolute path of a namespace`},
		"net word":         {service("    net: bridge\n"), `os.yml:4:10: net: unknown value "bridge": expected host, new, none or the absolute path of a namespace`},
		"bind parts":       {service("    binds: [/a]\n"), `os.yml:4:13: bind "/a" has 1 part between colons, expected 2 or 3 -> write SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS`},
		"bind climbs in":   {service("    binds: [\"/a:b/../c\"]\n"), `os.yml:4:13: bind destination "/b/../c" is not a plain path -> write /c`},
		"bind climbs":      {service("    binds: [\"/a/..:/b\"]\n"), `os.yml:4:13: bind source "/a/.." is not a plain path -> write /`},
		"bind volume":      {service("    binds: [\"data:/b\"]\n"), `os.yml:4:13: services "web": unknown volume "data" -> add the volume to volumes:, or write an absolute path`},
		"mount nowhere":    {service("    mounts: [{type: bind, source: /a}]\n"), `os.yml:4:14: the mount of type "bind" has no destination -> add destination:`},
		"device mode":      {service("    devices: [{path: /dev/null, type: c, major: 1, minor: 3, mode: 0666}]\n"), `os.yml:4:68: mode 0666 is a number: expected octal digits as text -> put it in quotes: "0666"`},
		"device twice":     {service("    devices:\n      - {path: /dev/a, type: b, major: 8, minor: 0, mode: '0600'}\n      - {path: /dev/a/, type: c, major: 1, minor: 3, mode: '0600'}\n"), `os.yml:6:9: services "web": devices: duplicate device "/dev/a/" -> keep one of the two`},
		"device no mode":   {service("    devices: [{path: /dev/null, type: c, major: 1, minor: 3}]\n"), `os.yml:4:15: device "/dev/null" has no mode -> add mode: "0660"`},
		"rlimit":           {service("    rlimits: [\"nofile,1\"]\n"), `os.yml:4:15: rlimit "nofile,1" has 2 parts, expected 3 -> write NAME,SOFT,HARD: nofile,100,200`},
		"rlimit order":     {service("    rlimits: [\"nofile,2,1\"]\n"), `os.yml:4:15: rlimit "nofile,2,1": the soft limit is above the hard limit -> lower the soft limit, or raise the hard limit`},
		"propagation":      {service("    rootfsPropagation: share\n"), `os.yml:4:24: unknown propagation "share" -> use one of: private, rprivate, rshared, rslave, runbindable, shared, slave, unbindable`},
		"service name":     {"services:\n  - name: ../../init\n    image: a/b:1\n", "os.yml:2:11: services \"../../init\": the name cannot be used as a folder name -> use letters, digits, `-`, `_` and `.`, starting with a letter or digit"},
		"no name":          {"services:\n  - image: a/b:1\n", `os.yml:2:5: services entry has no name -> add name:`},
		"no image":         {"services:\n  - name: a\n", `os.yml:2:5: services "a" has no image -> add image:`},
		"no kernel image":  {"kernel:\n  cmdline: quiet\n", `os.yml:2:3: the kernel section has no image -> add image: to the kernel section`},
		"empty kernel":     {"kernel:\n  image: \"\"\n", `os.yml:2:10: kernel: "" is not an image reference -> write an image reference`},
		"kernel binary":    {"kernel:\n  image: a\n  binary: ../vmlinuz\n", `os.yml:3:11: path "../vmlinuz" is outside the image -> write the path of a file in the image`},
		"service twice":    {service("  - name: web\n    image: a/web:2\n"), `os.yml:4:11: duplicate services "web": the first is at os.yml:2:5 -> rename one of the two`},
		"volume twice":     {"volumes:\n  - name: a\n  - name: a\n", `os.yml:3:11: duplicate volume "a": the first is at os.yml:2:5 -> rename one of the two`},
		"oci volume":       {"volumes:\n  - name: a\n    format: oci\n", `os.yml:3:13: volume "a": format oci needs an image -> add image:`},
		"file climbs":      {"files:\n  - path: etc/../../x\n    contents: \"\"\n", "os.yml:2:11: file \"etc/../../x\" is outside the root file system -> write a path inside the root file system, without `..`"},
		"file twice":       {"files:\n  - path: etc/a\n    contents: \"\"\n  - path: /etc//a\n    contents: \"\"\n", `os.yml:4:11: duplicate file "/etc//a": the first is at os.yml:2:5 -> keep one of the two`},
		"file below file":  {"files:\n  - path: etc/a/b\n    contents: \"\"\n  - path: etc/a\n    symlink: /tmp\n", `os.yml:2:11: file "etc/a/b" is below "etc/a", which is not a folder (os.yml:4:5)`},
		"file of a component": {"files:\n  - path: containers/services/web/config.json\n    contents: \"{}\"\n",
			`os.yml:2:11: file "containers/services/web/config.json": only the builder can write to containers -> change the component instead`},
		"file mode":       {"files:\n  - path: a\n    contents: \"\"\n    mode: 0644\n", `os.yml:4:11: mode 0644 is a number: expected octal digits as text -> put it in quotes: "0644"`},
		"file of nothing": {"files:\n  - path: a\n", `os.yml:2:5: file "a" has no contents -> add contents:, source:, symlink:, metadata: or directory: true`},
		"file of two":     {"files:\n  - path: a\n    contents: x\n    source: y\n", `os.yml:2:5: file "a" has contents and source -> keep only one of them`},
		"alias to itself": {"services: [&a {<<: *a}]\n", `os.yml:1:16: nested more than 40 levels deep -> look for an alias inside its own anchor`},
		"NUL":             {service("    hostname: \"a\\0b\"\n"), `os.yml:4:15: the text contains a NUL byte or is not valid UTF-8`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, test.text)
			if !errors.Is(err, system.ErrInput) {
				t.Fatalf("error %v is not of the kind ErrInput", err)
			}
			if got := strings.Join(lines(err), "\n"); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// One run reports all errors of all files, in order.
func TestAllErrors(t *testing.T) {
	t.Parallel()
	_, err := load(t, "kernal: {}\ninit: 5\nservices:\n  - name: a\n    imag: b\n    readonly: 1\n", "onboot: {}\nx: [\n", "trust: {orgs: []}\n")
	want := []string{
		`os.yml:1:1: unknown key "kernal" -> did you mean "kernel"?`,
		"os.yml:2:7: expected a list, found the number 5 -> write it as a list: [a, b], or one `- ` per line",
		`os.yml:5:5: unknown key "imag" -> did you mean "image"?`,
		`os.yml:6:15: expected true or false, found the number 1 -> write true or false`,
		"two.yml:2:1: not valid YAML: did not find expected node content",
		`three.yml:1:9: unknown key "orgs" -> did you mean "org"?`,
	}
	if got := lines(err); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	var bomb strings.Builder
	bomb.WriteString("services:\n  - name: s\n    image: a\n    env: &env [" + strings.Repeat("x, ", 2000) + "]\n")
	for i := range 100 {
		fmt.Fprintf(&bomb, "  - {name: s%d, image: a, env: *env}\n", i)
	}
	_, err := load(t, bomb.String())
	if got := lines(err); len(got) != 1 || !strings.Contains(got[0], "more than 100000 values, including those that aliases repeat") {
		t.Errorf("aliases: %v", got)
	}
	if _, err = load(t, "init: "+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)); !errors.Is(err, system.ErrInput) {
		t.Errorf("deep nesting: %v", err)
	}
	if _, err = load(t, "#"+strings.Repeat("x", MaxFileBytes)); err == nil || !strings.HasSuffix(err.Error(), "os.yml: larger than 4 MiB") {
		t.Errorf("large file: %v", err)
	}
	many := "services:\n" + strings.Repeat("  - {}\n", 500)
	if got := lines(second(load(t, many))); len(got) > maxErrors+1 {
		t.Errorf("%d errors", len(got))
	}
}

func second[A, B any](_ A, b B) B { return b }

func TestMerge(t *testing.T) {
	t.Parallel()
	c, err := load(t,
		"kernel: {image: a/k:1, cmdline: one, tar: none}\nvolumes: [{name: v}]\nfiles: [{path: etc/a, contents: '1'}]\ntrust: {org: [a]}\n",
		"kernel: {cmdline: two}\nservices: [{name: s, image: b, binds: ['v:/v'], uid: late}]\nfiles: [{path: etc/a, contents: '2'}]\ntrust: {org: [b]}\n",
		"services: [{name: late, image: c}]\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Kernel.Image.Get() != "a/k:1" || c.Kernel.Cmdline.Get() != "two" || c.Kernel.Cmdline.Pos().String() != "two.yml:1:19" || c.Kernel.Tar.Get() != "" {
		t.Errorf("kernel %+v", c.Kernel)
	}
	if len(c.Services) != 2 || len(c.Files) != 2 || len(c.Volumes) != 1 || !slices.Equal(c.Trust.Org.Get(), []string{"a", "b"}) {
		t.Errorf("lists are not appended: %+v", c)
	}
	if got := c.IDs(); got["s"] != 100 || got["late"] != 101 {
		t.Errorf("ids %v", got)
	}
	merged := fmt.Sprint(c.Merged["kernel"], len(c.Merged["services"].([]any)))
	if merged != "map[cmdline:two image:a/k:1 tar:none] 2" {
		t.Errorf("merged %s", merged)
	}
	if got, err := c.File(c.Services[0].Pos(), "x"); err != nil || got != filepath.Join(c.Sources[1].Dir, "x") {
		t.Errorf("file %q, %v", got, err)
	}
}

func TestNoKernel(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"init: [a]\n", "kernel: {image: none, cmdline: quiet}\n"} {
		c, err := load(t, text)
		if err != nil || c.Kernel.HasImage() {
			t.Errorf("%q: %v, kernel %+v", text, err, c)
		}
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	pos := system.Position{File: "os.yml", Line: 3, Column: 12}
	s, err := ParseLabel("a/b:1", `{"capabilities": ["CAP_CHOWN"], "binds.add": ["/a:/b"], "resources": {"pids": {"limit": 5}}, "uid": 7}`, pos)
	if err != nil {
		t.Fatal(err)
	}
	if o := s.Capabilities.Items[0].Origin; o != (system.Origin{Layer: system.LayerLabel, File: "os.yml", Line: 3, Column: 12}) {
		t.Errorf("origin %+v", o)
	}
	if *s.Resources.V.Pids.Limit != 5 || s.UID.V.Number != 7 || s.BindsAdd.Items[0].V.Destination != "/b" {
		t.Errorf("settings %+v", s)
	}
	for text, uid := range map[string]uint32{"uid: 5": 5, "{uid: 6, net: host}": 6, "---\nuid: 7\nbinds:\n- /a:/b\n": 7} {
		if s, err := ParseLabel("a/b:1", text, pos); err != nil || s.UID.V.Number != uid || s.UID.Origin.Layer != system.LayerLabel {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
	for _, text := range []string{"", " \n", "# nothing\n", "null", "~", "---\n"} {
		if s, err := ParseLabel("a/b:1", text, pos); s != nil || err != nil {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
	const at = "os.yml:3:12: image a/b:1: label org.mobyproject.config: "
	for name, test := range map[string]struct{ text, want string }{
		"not JSON":    {"{", at + "not valid JSON: unexpected EOF -> rebuild the image with a valid label, or use another image"},
		"not YAML":    {"uid: [", at + "not valid YAML: line 1: did not find expected node content -> rebuild the image with a valid label, or use another image"},
		"tab":         {"uid:\n\t- 1", at + "not valid YAML: line 2: found character that cannot start any token -> rebuild the image with a valid label, or use another image"},
		"spaces":      {"\t", at + "not valid YAML: line 1: found character that cannot start any token -> rebuild the image with a valid label, or use another image"},
		"documents":   {"uid: 5\n---\nuid: 6\n", at + "more than one YAML document -> rebuild the image with a valid label, or use another image"},
		"text":        {"privileged", at + `expected a mapping, found the text "privileged" -> write it as ` + "`key: value`"},
		"YAML twice":  {"uid: 5\nuid: 6\n", at + `duplicate key "uid"; the first is on line 1 -> keep one of the two`},
		"two values":  {"{} {}", at + "not valid JSON: more than one value -> rebuild the image with a valid label, or use another image"},
		"deep":        {strings.Repeat("[", 5000), at + "not valid JSON: nested more than 40 levels deep -> rebuild the image with a valid label, or use another image"},
		"list":        {"[]", at + "expected a mapping, found a list -> write it as `key: value`"},
		"duplicate":   {`{"uid": 1, "uid": 2}`, at + `duplicate key "uid" -> keep one of the two`},
		"unknown key": {`{"redonly": true}`, at + `unknown key "redonly" -> did you mean "readonly"?`},
		"null":        {`{"binds": null}`, at + `/binds: the value is missing: expected a list -> add a value, or remove the key`},
		"bind":        {`{"binds": ["/a:/b", "/../x:/c"]}`, at + `/binds/1: bind source "/../x" is not a plain path -> write /x`},
		"uid":         {`{"uid": 1e3}`, at + `/uid: expected a number or the name of a container, found the number 1e3`},
		"all":         {`{"capabilities": ["all", "CAP_BPF"]}`, at + `/capabilities: capabilities: "all" cannot be combined with other entries -> keep only this entry, or list the capabilities by name`},
		"large":       {strings.Repeat(" ", MaxLabelBytes+1), at + "larger than 1024 KiB"},
	} {
		_, err := ParseLabel("a/b:1", test.text, pos)
		if !errors.Is(err, system.ErrUnusable) {
			t.Errorf("%s: error %v is not of the kind ErrUnusable", name, err)
		}
		if got := strings.Join(lines(err), "\n"); got != test.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, test.want)
		}
	}
}

func TestPackages(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@b"}, args...)...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v: %s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	write("pkg/hello/build.yml", "image: hello\norg: acme\n")
	write("os.yml", "init: ['@pkg:pkg/hello', '@pkg:./pkg/missing']\n")
	run("init", "-q")
	run("add", "-A")
	run("commit", "-q", "-m", "x")
	_, err := Load([]string{filepath.Join(dir, "os.yml")})
	if want := []string{`os.yml:1:26: package "./pkg/missing": the folder does not exist -> commit the package to git, or write the image reference`}; !slices.Equal(lines(err), want) {
		t.Errorf("missing folder: %q", lines(err))
	}
	write("os.yml", "init: ['@pkg:pkg/hello']\n")
	c, err := Load([]string{filepath.Join(dir, "os.yml")})
	if err != nil {
		t.Fatal(err)
	}
	if want := "acme/hello:" + run("rev-parse", "HEAD:pkg/hello"); c.Init[0].V != want {
		t.Errorf("got %q, want %q", c.Init[0].V, want)
	}
	write("pkg/hello/new", "")
	_, err = Load([]string{filepath.Join(dir, "os.yml")})
	if want := []string{`os.yml:1:8: package "pkg/hello": the folder has changes that are not committed -> commit the package to git, or write the image reference`}; !slices.Equal(lines(err), want) {
		t.Errorf("changed folder: %q", lines(err))
	}
}

func TestMissingFile(t *testing.T) {
	t.Parallel()
	_, err := Load([]string{"no-such.yml"})
	if got := lines(err); !slices.Equal(got, []string{"cannot read no-such.yml: no such file or directory -> give the path of a readable os.yml file"}) {
		t.Errorf("%q", got)
	}
}
