package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

const componentsHead = "# The components\n\n" +
	"`make components-doc` writes this page from `components/*/component.yml`, and the last two columns from the built images. A test compares all columns but these two.\n\n" +
	"The table says what a component may do if an os.yml changes nothing: the user that it runs as, its capabilities, and the folders to which it can write. \"host\" is the host's\n" +
	"network. Limits are processes and MiB of memory. \"calls\" is how many system calls the component's measured seccomp profile allows on amd64; the default profile allows NUMBER, and \"all\" means no profile. \"asked by\" is how a test asks the component in a booted system. \"strict\" are the rules of the pack `strict` that its container\n" +
	"fails in the system of that test. The size is that of the compressed image in MB for amd64.\n\n" +
	"| component | what it is | Debian packages | user | capabilities | writes to | limits | calls | asked by | strict | MB |\n|---|---|---|---|---|---|---|---|---|---|---|\n"

// TestComponentsPage: docs/components.md lists all components with what they may do.
// The last two columns, the findings and the size, need built images, so they are not
// compared.
func TestComponentsPage(t *testing.T) {
	const name = "../../docs/components.md"
	old, err := os.ReadFile(name)
	if err != nil && !*update {
		t.Fatal(err)
	}
	files, err := filepath.Glob("../../components/*/component.yml")
	if err != nil {
		t.Fatal(err)
	}
	sizes, strict := imageSizes(t), map[string]string{}
	if *update {
		strict = strictFindings(t, sizes)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` .*\\| ([^|]*) \\| ([0-9.]*) \\|$").FindAllStringSubmatch(string(old), -1) {
		if sizes[m[1]] == "" { // it was built before, on another machine
			sizes[m[1]] = m[3]
		}
		if name, _, _ := strings.Cut(m[1], ":"); strict[name] == "" {
			strict[name] = m[2]
		}
	}
	usual := allowedCalls(filterOf(t, &recipe.Recipe{}, "amd64", "    seccomp: default\n"))
	page := strings.Replace(componentsHead, "NUMBER", strconv.Itoa(len(usual)), 1)
	configured := ""
	for _, f := range files {
		rec, err := recipe.Load(filepath.Dir(f))
		if err != nil {
			t.Fatal(err)
		}
		row := componentRow(t, rec)
		page += "| " + strings.Join(append(row, cmp.Or(strict[rec.Name], "–"), sizes[rec.Name+":"+rec.Version]), " | ") + " |\n"
		configured += configuration(rec)
	}
	page += configurationHead + configured
	if *update {
		if err := os.WriteFile(name, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	built := regexp.MustCompile(`(?m)\|[^|\n]*\|[^|\n]*\|$`)
	if built.ReplaceAllString(string(old), "|") != built.ReplaceAllString(page, "|") {
		t.Errorf("docs/components.md is not up to date: run make components-doc")
	}
}

// strictFindings returns the rules of strict that the components fail, or "none", by name.
// Components without an image are left out: sizes has those that are built.
func strictFindings(t *testing.T, sizes map[string]string) map[string]string {
	t.Helper()
	s, out, built := newSystem(t), map[string]string{}, map[string]bool{}
	for image := range sizes {
		name, _, _ := strings.Cut(image, ":")
		built[name] = true
	}
	all := slices.DeleteFunc(readLibrary(t), func(l *library) bool { return !built[l.name] })
	for i, group := range systems(all) {
		g := *s
		g.dir = s.path(fmt.Sprint("group", i))
		if err := os.Mkdir(g.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		files := g.groupFiles(group, g.newHost())
		g.run(cli.ExitPass, "lock", files...)
		for name, rules := range g.judged(group, "strict", files, decision.StateFail) {
			out[name] = cmp.Or(strings.Join(rules, ", "), "none")
		}
	}
	return out
}

// componentRow returns the cells of a component, without those that need its image.
func componentRow(t *testing.T, rec *recipe.Recipe) []string {
	t.Helper()
	var label struct {
		Capabilities []string
		Net          string
		UID          any
		Readonly     bool
		Seccomp      string
		Tmpfs, Binds []string
		Resources    struct {
			Pids, Memory struct{ Limit int64 }
		}
	}
	if rec.Config != nil {
		if err := json.Unmarshal(rec.Config, &label); err != nil {
			t.Fatalf("%s: %v", rec.Path, err)
		}
	}
	var row []string
	cell := func(s string) {
		if s == "" {
			s = "–"
		}
		row = append(row, strings.ReplaceAll(s, "|", `\|`))
	}
	cell("`" + rec.Name + ":" + rec.Version + "`")
	cell(rec.Description)
	var packages []string
	if rec.Debian != nil {
		for _, p := range rec.Debian.Packages {
			packages = append(packages, p.Text)
		}
	}
	cell(strings.Join(packages, ", "))
	if rec.Config == nil { // it is not a container: a kernel, or a part of the root file system
		return append(row, "–", "–", "–", "–", "–", "–")
	}
	user := "root"
	for _, u := range rec.Users {
		if fmt.Sprint(label.UID) == strconv.Itoa(u.UID) {
			user = u.Name
		}
	}
	if label.Net == "host" {
		user += ", host"
	}
	cell(user)
	var short []string
	for _, c := range label.Capabilities {
		short = append(short, strings.TrimPrefix(c, "CAP_"))
	}
	cell(strings.Join(short, ", "))
	var writes []string
	for _, m := range append(slices.Clone(label.Tmpfs), label.Binds...) {
		parts := strings.Split(m, ":")
		options := strings.Split(parts[len(parts)-1], ",")
		if slices.Contains(options, "ro") {
			continue
		}
		writes = append(writes, parts[max(0, len(parts)-2)])
	}
	if !label.Readonly {
		writes = append(writes, "/")
	}
	cell(strings.Join(writes, ", "))
	limits := ""
	if label.Resources.Pids.Limit > 0 {
		limits = fmt.Sprintf("%d, %d", label.Resources.Pids.Limit, label.Resources.Memory.Limit>>20)
	}
	cell(limits)
	calls := cmp.Or(label.Seccomp, "all")
	switch {
	case rec.Profile != nil:
		calls = strconv.Itoa(len(allowedCalls(filterOf(t, rec, "amd64", ""))))
	case calls == spec.SeccompUnconfined:
		calls = "all"
	}
	cell(calls)
	var asked []string
	for _, c := range rec.Health {
		asked = append(asked, c.String())
	}
	cell(strings.Join(asked, "; "))
	return row
}

const configurationHead = "\n## Configuration\n\n" +
	"The files below `/etc` that the recipe of a component writes, and the command that the image starts. To change a file, bind one of your own over it\n" +
	"([examples](../examples/README.md#change-a-services-configuration)). To change the command, write `command` in os.yml.\n\n"

// configuration returns the line of a component, "" if it is not a container.
func configuration(rec *recipe.Recipe) string {
	if rec.Config == nil {
		return ""
	}
	var files []string
	for _, f := range rec.Files {
		if strings.HasPrefix(f.Path, "etc/") && !f.Directory {
			files = append(files, "`/"+f.Path+"`")
		}
	}
	slices.Sort(files)
	line := "- `" + rec.Name + ":" + rec.Version + "`: " + strings.Join(append(files, ""), ", ")
	return line + "starts `" + strings.Join(append(slices.Clone(rec.Image.Entrypoint), rec.Image.Cmd...), " ") + "`\n"
}

// imageSizes returns the sizes of the images that were built for amd64, in MB.
func imageSizes(t *testing.T) map[string]string {
	t.Helper()
	sizes := map[string]string{}
	type descriptor struct {
		Digest      string
		Size        int64
		Annotations map[string]string
		Platform    struct{ Architecture string }
	}
	var index struct{ Manifests []descriptor }
	read := func(name string, v any) bool {
		data, err := os.ReadFile(filepath.Join(realComponents, name))
		return err == nil && json.Unmarshal(data, v) == nil
	}
	blob := func(digest string) string { return "blobs/" + strings.Replace(digest, ":", "/", 1) }
	if !read("index.json", &index) {
		return sizes
	}
	for _, image := range index.Manifests {
		name, ok := strings.CutPrefix(image.Annotations["org.opencontainers.image.ref.name"], "docker.io/seaworthy/")
		var platforms struct{ Manifests []descriptor }
		if !ok || !read(blob(image.Digest), &platforms) {
			continue
		}
		for _, p := range platforms.Manifests {
			var manifest struct{ Layers []descriptor }
			if p.Platform.Architecture != "amd64" || !read(blob(p.Digest), &manifest) {
				continue
			}
			var total int64
			for _, l := range manifest.Layers {
				total += l.Size
			}
			sizes[name] = fmt.Sprintf("%.1f", float64(total)/1e6)
		}
	}
	return sizes
}
