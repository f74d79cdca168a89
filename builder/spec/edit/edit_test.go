package edit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// onWeb returns one edit of the component services/web.
func onWeb(op, path string, value any) decision.Edit {
	return decision.Edit{Op: op, Component: "services/web", Path: path, Value: value}
}

func cmdline(op string, words any) decision.Edit {
	return decision.Edit{Op: op, Path: "/kernel/cmdline", Value: words}
}

// The result must match character by character.
func TestApply(t *testing.T) {
	t.Parallel()
	const web = "services:\n  - name: web # the web\n    image: web:1\n"
	for name, c := range map[string]struct {
		text  string
		edits []decision.Edit
		want  string
	}{
		"add a key": {web + "    # last\n  - name: b\n    image: b\n", []decision.Edit{onWeb("set", "/readonly", true)},
			web + "    readonly: true\n    # last\n  - name: b\n    image: b\n"},
		"no line break at the end": {"services:\n  - name: web", []decision.Edit{onWeb("set", "/readonly", true)}, "services:\n  - name: web\n    readonly: true"},
		"windows":                  {"services:\r\n  - name: web\r\n", []decision.Edit{onWeb("set", "/readonly", true)}, "services:\r\n  - name: web\r\n    readonly: true\r\n"},
		"byte order mark":          {bom + web, []decision.Edit{onWeb("set", "/uid", 5)}, bom + web + "    uid: 5\n"},
		"no indentation":           {"services:\n- name: web\n", []decision.Edit{onWeb("set", "/net", "new")}, "services:\n- name: web\n  net: new\n"},
		"tabs round values":        {"services:\n- name:\tweb\t# x\n", []decision.Edit{onWeb("set", "/net", "new")}, "services:\n- name:\tweb\t# x\n  net: new\n"},
		"change a value":           {web + "    readonly: false # why\n", []decision.Edit{onWeb("set", "/readonly", true)}, web + "    readonly: true # why\n"},
		"keep single quotes":       {web + "    net: 'host'\n", []decision.Edit{onWeb("set", "/net", "new")}, web + "    net: 'new'\n"},
		"keep double quotes":       {web + "    net: \"host\"\n", []decision.Edit{onWeb("set", "/net", "new")}, web + "    net: \"new\"\n"},
		"quote what needs it":      {web, []decision.Edit{onWeb("set", "/mode", "0660")}, web + "    mode: \"0660\"\n"},
		"quote an odd word":        {web, []decision.Edit{onWeb("set", "/x", "yes"), onWeb("set", "/z", "a: b")}, web + "    x: \"yes\"\n    z: \"a: b\"\n"},
		"flow entry":               {"services: [{name: web, image: a}, {name: b}]\n", []decision.Edit{onWeb("set", "/readonly", true)}, "services: [{name: web, image: a, readonly: true}, {name: b}]\n"},
		"flow entry on lines": {"services: [\n  {name: web,\n   image: a, # x\n  },\n]\n", []decision.Edit{onWeb("set", "/readonly", true)},
			"services: [\n  {name: web,\n   image: a, readonly: true, # x\n  },\n]\n"},
		"empty flow mapping":     {web + "    resources: {}\n", []decision.Edit{onWeb("set", "/resources/pids/limit", 100)}, web + "    resources: {pids: {limit: 100}}\n"},
		"missing mappings":       {web, []decision.Edit{onWeb("set", "/resources/pids/limit", 100)}, web + "    resources: {pids: {limit: 100}}\n"},
		"into a mapping":         {web + "    resources:\n      cpu:\n        shares: 1\n", []decision.Edit{onWeb("set", "/resources/pids/limit", 100)}, web + "    resources:\n      cpu:\n        shares: 1\n      pids: {limit: 100}\n"},
		"after a block text":     {web + "    x: |+\n      a\n\n  - name: b\n", []decision.Edit{onWeb("set", "/readonly", true)}, web + "    x: |+\n      a\n\n    readonly: true\n  - name: b\n"},
		"after a folded value":   {web + "    x: a\n      b\n", []decision.Edit{onWeb("set", "/readonly", true)}, web + "    x: a\n      b\n    readonly: true\n"},
		"list for a flow list":   {web + "    capabilities: [all]\n", []decision.Edit{onWeb("set", "/capabilities", []any{"CAP_A", "CAP_B"})}, web + "    capabilities: [CAP_A, CAP_B]\n"},
		"list for a block list":  {web + "    capabilities:\n      # every one\n      - all # yes\n    net: new\n", []decision.Edit{onWeb("set", "/capabilities", []any{"CAP_A", "CAP_B"})}, web + "    capabilities:\n      # every one\n      - CAP_A\n      - CAP_B # yes\n    net: new\n"},
		"empty for a block list": {web + "    capabilities: # x\n     # every one\n     - all\n    net: new\n", []decision.Edit{onWeb("set", "/capabilities", []any{})}, web + "    capabilities: [] # x\n     # every one\n    net: new\n"},
		"long list": {web, []decision.Edit{onWeb("set", "/maskedPaths", []any{strings.Repeat("/a", 30), strings.Repeat("/b", 30)})},
			web + "    maskedPaths:\n      - " + strings.Repeat("/a", 30) + "\n      - " + strings.Repeat("/b", 30) + "\n"},
		"list of mappings": {web, []decision.Edit{onWeb("set", "/uidMappings", []any{map[string]any{"size": 1, "hostID": 2}})}, web + "    uidMappings: [{hostID: 2, size: 1}]\n"},

		"out of a flow list":          {web + "    capabilities: [A, B, C] # x\n", []decision.Edit{onWeb("remove", "/capabilities", "B")}, web + "    capabilities: [A, C] # x\n"},
		"last of a flow list":         {web + "    capabilities: [A, B]\n", []decision.Edit{onWeb("remove", "/capabilities", "B")}, web + "    capabilities: [A]\n"},
		"only one of a flow list":     {web + "    capabilities: [A]\n", []decision.Edit{onWeb("remove", "/capabilities", "A")}, web + "    capabilities: []\n"},
		"flow list on lines":          {web + "    capabilities: [\n      A, # a\n      B, # b\n    ]\n", []decision.Edit{onWeb("remove", "/capabilities", "A")}, web + "    capabilities: [\n      B, # b\n    ]\n"},
		"out of a block list":         {web + "    capabilities:\n    # net\n    - A\n    # admin\n    - B # x\n    - C\n", []decision.Edit{onWeb("remove", "/capabilities", "B")}, web + "    capabilities:\n    # net\n    - A\n    # admin\n    - C\n"},
		"only one of a block list":    {web + "    capabilities:\n    - A\n    net: new\n", []decision.Edit{onWeb("remove", "/capabilities", "A")}, web + "    capabilities: []\n    net: new\n"},
		"quoted element":              {web + "    binds:\n    - \"/a:/b\"\n    - '/c:/d'\n", []decision.Edit{onWeb("remove", "/binds", "/a:/b")}, web + "    binds:\n    - '/c:/d'\n"},
		"a mapping out of a list":     {web + "    devices:\n    - path: /dev/mem\n      type: c\n    - path: all\n", []decision.Edit{onWeb("remove", "/devices", map[string]any{"path": "/dev/mem", "type": "c"})}, web + "    devices:\n    - path: all\n"},
		"by position":                 {web + "    devices:\n    - path: a\n    - path: b\n", []decision.Edit{onWeb("remove", "/devices/0", nil)}, web + "    devices:\n    - path: b\n"},
		"a key":                       {web + "    pid: host # why\n    # keep\n    net: new\n", []decision.Edit{onWeb("remove", "/pid", nil)}, web + "    # keep\n    net: new\n"},
		"a key with a block":          {web + "    binds:\n      - a:b\n    net: new\n", []decision.Edit{onWeb("remove", "/binds", nil)}, web + "    net: new\n"},
		"first key of an entry":       {"services:\n  - pid: host\n    name: web\n", []decision.Edit{onWeb("remove", "/pid", nil)}, "services:\n  - name: web\n"},
		"first key, then a comment":   {"services:\n  - pid: host\n    # name\n    name: web\n", []decision.Edit{onWeb("remove", "/pid", nil)}, "services:\n  - \n    # name\n    name: web\n"},
		"only key of a mapping":       {web + "    resources:\n      cpu: 1\n    net: new\n", []decision.Edit{onWeb("remove", "/resources/cpu", nil)}, web + "    resources: {}\n    net: new\n"},
		"key of a flow mapping":       {"services: [{name: web, pid: host, net: new}]\n", []decision.Edit{onWeb("remove", "/pid", nil)}, "services: [{name: web, net: new}]\n"},
		"last key of a flow mapping":  {"services: [{name: web, pid: host}]\n", []decision.Edit{onWeb("remove", "/pid", nil)}, "services: [{name: web}]\n"},
		"first key of a flow mapping": {"services: [{pid: host, name: web}]\n", []decision.Edit{onWeb("remove", "/pid", nil)}, "services: [{name: web}]\n"},
		"a whole component":           {"onboot: []\n" + web + "# next\nfiles: []\n", []decision.Edit{onWeb("remove", "", nil)}, "onboot: []\nservices: []\n# next\nfiles: []\n"},
		"escaped pointer":             {web + "    sysctl:\n      net/ipv4.x: \"1\"\n      a: b\n", []decision.Edit{onWeb("remove", "/sysctl/net~1ipv4.x", nil)}, web + "    sysctl:\n      a: b\n"},

		"to a flow list":      {web + "    binds: [a]\n", []decision.Edit{onWeb("append", "/binds", "b:c")}, web + "    binds: [a, b:c]\n"},
		"to an empty list":    {web + "    binds: []\n", []decision.Edit{onWeb("append", "/binds", "b")}, web + "    binds: [b]\n"},
		"to a block list":     {web + "    binds:\n    - a # x\n    # end\n    net: new\n", []decision.Edit{onWeb("append", "/binds", "/b:/c")}, web + "    binds:\n    - a # x\n    - /b:/c\n    # end\n    net: new\n"},
		"quoted like others":  {web + "    binds:\n    - 'a'\n", []decision.Edit{onWeb("append", "/binds", "b")}, web + "    binds:\n    - 'a'\n    - 'b'\n"},
		"to no list":          {web, []decision.Edit{onWeb("append", "/binds", "b")}, web + "    binds: [b]\n"},
		"a mapping to a list": {"x:\n- a: 1\n", []decision.Edit{{Op: "append", Path: "/x", Value: map[string]any{"b": "2", "c": "d"}}}, "x:\n- a: 1\n- b: \"2\"\n  c: d\n"},

		"words":                        {"kernel:\n  cmdline: a=1 b # x\n", []decision.Edit{cmdline("append", "lockdown=integrity")}, "kernel:\n  cmdline: a=1 b lockdown=integrity # x\n"},
		"words in double quotes":       {"kernel:\n  cmdline: \"a=1\"\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: \"a=1 c\"\n"},
		"words in single quotes":       {"kernel: {cmdline: 'a=1'}\n", []decision.Edit{cmdline("append", "c")}, "kernel: {cmdline: 'a=1 c'}\n"},
		"no words yet":                 {"kernel:\n  cmdline: \"\"\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: \"c\"\n"},
		"no command line yet":          {"kernel:\n  image: k\n", []decision.Edit{cmdline("append", "c d")}, "kernel:\n  image: k\n  cmdline: c d\n"},
		"folded":                       {"kernel:\n  cmdline: >-\n    a=1\n    b\n\n  image: k\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: >-\n    a=1\n    b c\n\n  image: k\n"},
		"literal":                      {"kernel:\n  cmdline: |\n    a=1\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: |\n    a=1 c\n"},
		"plain on lines":               {"kernel:\n  cmdline: a=1\n    b\n  image: k\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: a=1\n    b c\n  image: k\n"},
		"before init's":                {"kernel:\n  cmdline: a -- single\n", []decision.Edit{cmdline("append", "c")}, "kernel:\n  cmdline: a c -- single\n"},
		"word with a comma in a flow":  {"kernel: {cmdline: a}\n", []decision.Edit{cmdline("append", "lsm=a,b")}, "kernel: {cmdline: \"a lsm=a,b\"}\n"},
		"word out":                     {"kernel:\n  cmdline: a nokaslr b\n", []decision.Edit{cmdline("remove", "nokaslr")}, "kernel:\n  cmdline: a b\n"},
		"first word out":               {"kernel:\n  cmdline: nokaslr  b\n", []decision.Edit{cmdline("remove", "nokaslr")}, "kernel:\n  cmdline: b\n"},
		"only word out":                {"kernel:\n  cmdline: nokaslr\n", []decision.Edit{cmdline("remove", "nokaslr")}, "kernel:\n  cmdline: \"\"\n"},
		"each time":                    {"kernel:\n  cmdline: \"a x=1 b x=1\"\n", []decision.Edit{cmdline("remove", "x=1")}, "kernel:\n  cmdline: \"a b\"\n"},
		"line of a folded text out":    {"kernel:\n  cmdline: >-\n    a=1\n    nokaslr\n    b\n", []decision.Edit{cmdline("remove", "nokaslr")}, "kernel:\n  cmdline: >-\n    a=1\n    b\n"},
		"last line out":                {"kernel:\n  cmdline: >-\n    a=1\n    nokaslr\n  image: k\n", []decision.Edit{cmdline("remove", "nokaslr")}, "kernel:\n  cmdline: >-\n    a=1\n  image: k\n"},
		"one by another":               {"kernel:\n  cmdline: mitigations=off a\n", []decision.Edit{cmdline("remove", "mitigations=off"), cmdline("append", "mitigations=auto")}, "kernel:\n  cmdline: a mitigations=auto\n"},
		"init image":                   {"init:\n  - a:1\n  - b:1\n", []decision.Edit{{Op: "set", Component: "init/001", Value: "b:1@sha256:00"}}, "init:\n  - a:1\n  - b:1@sha256:00\n"},
		"kernel image":                 {"kernel:\n  image: a:1\n", []decision.Edit{{Op: "set", Component: "kernel", Path: "/image", Value: "a:1@sha256:00"}}, "kernel:\n  image: a:1@sha256:00\n"},
		"a file":                       {"files:\n  - path: etc/a\n    mode: \"0666\"\n  - path: /etc/b\n", []decision.Edit{{Op: "set", Component: "files/etc/a", Path: "/mode", Value: "0644"}}, "files:\n  - path: etc/a\n    mode: \"0644\"\n  - path: /etc/b\n"},
		"the second of a name":         {"onboot:\n  - name: x\n    image: a\n  - name: x\n    image: b\n", []decision.Edit{{Op: "set", Component: "onboot/x.2", Path: "/net", Value: "new"}}, "onboot:\n  - name: x\n    image: a\n  - name: x\n    image: b\n    net: new\n"},
		"over a merge key":             {"services:\n  - &a\n    name: a\n    pid: host\n  - <<: *a\n    name: web\n", []decision.Edit{onWeb("set", "/pid", "new")}, "services:\n  - &a\n    name: a\n    pid: host\n  - <<: *a\n    name: web\n    pid: new\n"},
		"an alias by a value":          {"services:\n  - name: a\n    binds: &b [x]\n  - name: web\n    binds: *b\n", []decision.Edit{onWeb("set", "/binds", []any{"z"})}, "services:\n  - name: a\n    binds: &b [x]\n  - name: web\n    binds: [z]\n"},
		"an unused anchor":             {web + "    net: &n host\n", []decision.Edit{onWeb("set", "/net", "new")}, web + "    net: new\n"},
		"letters that are not English": {"services:\n  - {\"näme\": ü, name: web, pid: host} # ß\n", []decision.Edit{onWeb("set", "/pid", "new")}, "services:\n  - {\"näme\": ü, name: web, pid: new} # ß\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := []File{{Name: "os.yml", Data: []byte(c.text)}}
			got, err := Apply(files, c.edits)
			if followed, errToo := Follow(files, files, c.edits); (err == nil) != (errToo == nil) || err == nil && string(followed[0].Data) != string(got[0].Data) {
				t.Errorf("with no other edits before, Follow gives %v, %v", followed, errToo)
			}
			if err != nil {
				t.Fatal(err)
			}
			if string(got[0].Data) != c.want {
				t.Errorf("got\n%s\nwant\n%s", got[0].Data, c.want)
			}
		})
	}
}

// An edit that would also change another entry is an error.
func TestEditsThatAreRefused(t *testing.T) {
	t.Parallel()
	const shared = "services:\n  - name: a\n    binds: &b\n      - x\n  - name: web\n    binds: *b\n"
	for name, c := range map[string]struct {
		text string
		edit decision.Edit
		word string
	}{
		"element behind an alias":   {shared, onWeb("append", "/binds", "y"), "alias *b"},
		"into an alias":             {"services:\n  - name: a\n    r: &b {x: 1}\n  - name: web\n    r: *b\n", onWeb("set", "/r/x", 2), "alias *b"},
		"the anchor of others":      {strings.Replace(strings.Replace(shared, "name: web", "name: z", 1), "name: a", "name: web", 1), onWeb("append", "/binds", "y"), "anchor"},
		"an anchor on the value":    {"services:\n  - name: web\n    image: &i x\n  - name: b\n    image: *i\n", onWeb("set", "/image", "y"), "an anchor, an alias"},
		"a key that is merged in":   {"services:\n  - &a\n    name: a\n    pid: host\n  - <<: *a\n    name: web\n", onWeb("remove", "/pid", nil), "merge key"},
		"a list that is merged in":  {"services:\n  - &a\n    name: a\n    binds: [x]\n  - <<: *a\n    name: web\n", onWeb("append", "/binds", "y"), "merge key"},
		"no such key":               {"services:\n  - name: web\n", onWeb("remove", "/pid", nil), "/services/0/pid does not exist"},
		"no such element":           {"services:\n  - name: web\n    binds: [x]\n", onWeb("remove", "/binds", "y"), "no such element"},
		"no such word":              {"kernel: {cmdline: a}\n", cmdline("remove", "b"), "no word b"},
		"no such position":          {"services:\n  - name: web\n    binds: [x]\n", onWeb("set", "/binds/3", "y"), "no element 3"},
		"no such component":         {"services:\n  - name: a\n", onWeb("set", "/x", "y"), "services/web"},
		"no kernel":                 {"services: []\n", cmdline("append", "a"), "no file has a kernel"},
		"below a text":              {"services:\n  - name: web\n", onWeb("set", "/name/x", 1), "neither a mapping nor a list"},
		"odd operation":             {"services:\n  - name: web\n", onWeb("move", "/name", 1), `"move"`},
		"a broken number":           {"services:\n  - name: web\n", onWeb("set", "/x", 1.5), "whole"},
		"not YAML":                  {"services: [\n", onWeb("set", "/x", 1), "not valid YAML"},
		"two documents":             {"services:\n  - name: web\n---\na: b\n", onWeb("set", "/x", 1), "second"},
		"no mapping":                {"- a\n", onWeb("set", "/x", 1), "not a mapping"},
		"not UTF-8":                 {"services:\n  - name: web # \xff\n", onWeb("set", "/x", 1), "UTF-8"},
		"a bomb":                    {bomb(), onWeb("set", "/x", 1), "more than"},
		"a key that is given twice": {"services:\n  - name: web\n    a: 1\n    a: 2\n", onWeb("set", "/x", 1), `duplicate key "a"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Apply([]File{{Name: "os.yml", Data: []byte(c.text)}}, []decision.Edit{c.edit})
			if err == nil {
				t.Fatalf("made\n%s", got[0].Data)
			}
			var e *system.Error
			if !errors.As(err, &e) || !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.word) {
				t.Errorf("error %q does not contain %q", err, c.word)
			}
		})
	}
}

func bomb() string {
	b := "services:\n  - name: web\na: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'i'; c++ {
		prev := "*" + string(c-1)
		b += string(c) + ": &" + string(c) + " [" + strings.Repeat(prev+", ", 9) + prev + "]\n"
	}
	return b
}

// The edit goes to the file that has the component. For the kernel, it goes to
// the last file that sets the value.
func TestFiles(t *testing.T) {
	t.Parallel()
	files := []File{
		{Name: "a.yml", Data: []byte("kernel:\n  image: k\n  cmdline: a\nonboot:\n  - name: x\n    image: x\n")},
		{Name: "b.yml", Data: []byte("kernel:\n  cmdline: b\nservices:\n  - name: web\n    image: w\n")},
		{Name: "c.yml", Data: []byte("onboot:\n  - name: x\n    image: y\n")},
	}
	var read []File
	for _, f := range files {
		read = append(read, f.Read())
	}
	for _, c := range []struct {
		edit decision.Edit
		file int
		want string
	}{
		{cmdline("append", "quiet"), 1, "cmdline: b quiet"},
		{decision.Edit{Op: "set", Component: "kernel", Path: "/image", Value: "k:2"}, 0, "image: k:2"},
		{onWeb("set", "/net", "new"), 1, "net: new"},
		{decision.Edit{Op: "set", Component: "onboot/x.2", Path: "/net", Value: "new"}, 2, "net: new"},
		{decision.Edit{Op: "set", Component: "onboot/x", Path: "/net", Value: "new"}, 0, "net: new"},
	} {
		got, err := Apply(files, []decision.Edit{c.edit})
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range got {
			if changed := string(f.Data) != string(files[i].Data); changed != (i == c.file) || changed && !strings.Contains(string(f.Data), c.want) {
				t.Errorf("%+v: %s is now\n%s", c.edit, f.Name, f.Data)
			}
		}
		again, err := Apply(read, []decision.Edit{c.edit})
		if err != nil {
			t.Fatal(err)
		}
		if Diff(got, again) != "" {
			t.Errorf("%+v: the result differs for files that were parsed before:\n%s", c.edit, Diff(got, again))
		}
	}
}

// Read parses a file once, for any number of edits.
func TestRead(t *testing.T) {
	var b strings.Builder
	b.WriteString("services:\n")
	for i := range 500 {
		fmt.Fprintf(&b, "  - name: s%d\n    image: i\n", i)
	}
	b.WriteString("  - name: web\n    image: w\n")
	plain := []File{{Name: "os.yml", Data: []byte(b.String())}}
	read := []File{plain[0].Read()}
	allocs := func(files []File) float64 {
		return testing.AllocsPerRun(3, func() {
			if _, err := Apply(files, []decision.Edit{onWeb("set", "/readonly", true)}); err != nil {
				t.Fatal(err)
			}
		})
	}
	if once, often := allocs(read), allocs(plain); once > often/2 {
		t.Errorf("%.0f allocations, and %.0f when the file was not parsed before", once, often)
	}
	broken := File{Name: "os.yml", Data: []byte("a: [")}.Read()
	if _, err := Apply([]File{broken}, []decision.Edit{onWeb("set", "/readonly", true)}); err == nil || !strings.Contains(err.Error(), "os.yml") {
		t.Errorf("a file that cannot be read: %v", err)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	before := []File{{Name: "a.yml", Data: []byte("x: 1\n")}, {Name: "os.yml", Data: []byte("kernel:\n  image: k\n  cmdline: a")}}
	after, err := Apply(before, []decision.Edit{cmdline("append", "b")})
	if err != nil {
		t.Fatal(err)
	}
	const want = "--- a/os.yml\n+++ b/os.yml\n@@ -1,3 +1,3 @@\n kernel:\n   image: k\n-  cmdline: a\n\\ No newline at end of file\n+  cmdline: a b\n\\ No newline at end of file\n"
	if got := Diff(before, after); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Diff(before, before); got != "" {
		t.Errorf("files without a change have a diff: %s", got)
	}
}

// A file that does not exist is made, also if its name has a space.
func TestDiffOfNewFile(t *testing.T) {
	t.Parallel()
	got := Diff([]File{{Name: "a folder/new"}}, []File{{Name: "a folder/new", Data: []byte("x\ny\n")}})
	if want := "--- /dev/null\n+++ b/a folder/new\t\n@@ -0,0 +1,2 @@\n+x\n+y\n"; got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := Diff([]File{{Name: "empty", Data: []byte{}}}, []File{{Name: "empty", Data: []byte("x\n")}}); !strings.HasPrefix(got, "--- a/empty\n") {
		t.Errorf("an empty file is not a new one: %s", got)
	}
}
