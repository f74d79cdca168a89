package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// examplesPage lists the example systems, with their sizes.
const examplesPage = "../../examples/README.md"

// exampleRow is a row of the table of examplesPage: the file, and the largest size of
// kernel and initrd in MB.
var exampleRow = regexp.MustCompile("(?m)^\\|.*\\[`([a-z-]+)\\.yml`\\].*\\| ([0-9]+) MB \\|")

// readExamples returns the example systems of examplesPage, and their sizes in MB.
func readExamples(t *testing.T) map[string]int64 {
	t.Helper()
	page, err := os.ReadFile(examplesPage)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int64{}
	for _, row := range exampleRow.FindAllStringSubmatch(string(page), -1) {
		if all[row[1]], err = strconv.ParseInt(row[2], 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestExamplesPage: the page lists each example system.
func TestExamplesPage(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yml")
	if err != nil {
		t.Fatal(err)
	}
	listed := readExamples(t)
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yml")
		if name == "insecure" || name == "waivers" || strings.HasSuffix(name, ".waivers") {
			continue
		}
		if listed[name] == 0 {
			t.Errorf("%s: no row for %s.yml, or no size", examplesPage, name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("%s: %s.yml does not exist", examplesPage, name)
	}
}

// needAllComponents skips a test that judges images which only make test-components makes.
func needAllComponents(t *testing.T) {
	t.Helper()
	if os.Getenv("SEAWORTHY_COMPONENTS") != "all" {
		t.Skip("skipped: needs the images of all components; run `make test-components`")
	}
}

// TestExamplesPageParts: the parts of os.yml on the page pass hardened together with the
// example that the page starts from.
func TestExamplesPageParts(t *testing.T) {
	t.Parallel()
	needAllComponents(t)
	s := newSystem(t)
	s.write("my.yml", string(readFile(t, "../../examples/registry.yml")))
	files := append([]string{s.path("my.yml")}, s.pageParts(nil)...)
	s.run(cli.ExitPass, "lock", files...)
	s.run(cli.ExitPass, "check", append([]string{"--locked", "--policy", "hardened", "--waivers", s.path("waivers.yml"), "--now", "2026-12-01"}, files...)...)
}

// pageParts writes the parts of os.yml on the page, after changes of their text, and
// returns their files.
func (s *realSystem) pageParts(changes map[string]string) (files []string) {
	t := s.t
	t.Helper()
	page := string(readFile(t, examplesPage))
	for old, with := range changes {
		if strings.Count(page, old) != 1 {
			t.Fatalf("%s does not have %q exactly once", examplesPage, old)
		}
		page = strings.Replace(page, old, with, 1)
	}
	for _, part := range regexp.MustCompile("(?ms)`([a-z]+\\.yml)`:\n\n```yaml\n(.*?)^```$").FindAllStringSubmatch(page, -1) {
		s.write(part[1], part[2])
		files = append(files, s.path(part[1]))
	}
	if len(files) < 2 {
		t.Fatalf("%s has only %d parts", examplesPage, len(files))
	}
	return files
}

// TestExamples checks each example system with the pack hardened, builds it, compares
// its size with the page, and boots it until its services answer.
func TestExamples(t *testing.T) {
	t.Parallel()
	wanted := os.Getenv("SEAWORTHY_COMPONENTS")
	if wanted == "" {
		t.Skip("skipped: boots all example systems; run `make test-components`")
	}
	ran := 0
	for name, size := range readExamples(t) {
		if name == "minimal" || name == "web" || wanted != "all" && !slices.Contains(strings.Split(wanted, ","), name) {
			continue // TestMinimal and TestWeb boot these
		}
		ran++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSystem(t)
			s.example(name, size)
		})
	}
	if ran == 0 && wanted == "all" {
		t.Error("no example was tested")
	}
}

// example tests one example system. size is the largest size, in MB.
func (s *realSystem) example(name string, size int64) {
	t := s.t
	for _, file := range []string{name + ".yml", "waivers.yml"} { // locks are written beside them
		data, err := os.ReadFile(filepath.Join("../../examples", file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path(file), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	yml, key := s.path(name+".yml"), s.path("seaworthy")
	strict := []string{"--locked", "--policy", "hardened", "--waivers", s.path("waivers.yml"), "--now", "2026-12-01"}
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	s.run(cli.ExitPass, "lock", yml)
	out := s.path("out")
	s.run(cli.ExitPass, "build", append(strict, "--key", key+".key", "--output-dir", out, yml)...)
	got := s.size(out, name, "kernel+initrd")
	t.Logf("%s: %.1f MB", name, float64(got)/1e6)
	if got > size*1e6 || got < (size-2)*1e6-size*1e5 {
		t.Errorf("%s: %s says at most %d MB; it has %.1f", name, examplesPage, size, float64(got)/1e6)
	}

	group := s.servicesOf(yml)
	if len(group) == 0 {
		t.Fatal("no service has a health check")
	}
	var answered func(*console)
	var flags, parts []string
	switch name {
	case "ci-runner":
		answered, flags = s.ciRunner(yml)
	case "edge-gateway":
		answered, flags = s.edgeGateway(yml)
	case "netboot-server":
		answered, flags = s.netbootServer(yml, filepath.Join(out, name+image.KernelEnding))
	case "registry": // the page adds its parts to this one
		answered, flags, parts = s.dnsAndLogs()
	case "rescue":
		host := s.newHost()
		host.ports[name] = port(t)
		answered = func(console *console) { host.ask(t, name, console) }
		flags = append(host.publish(), "--disk", s.dataDisk(), "--cdrom", host.cdrom())
	}
	files := append([]string{yml, s.probe(group)}, parts...)
	out = s.path("probed")
	s.run(cli.ExitPass, "lock", files...)
	s.run(cli.ExitPass, "build", append([]string{"--locked", "--key", key + ".key", "--output-dir", out}, files...)...)
	boot := func(flags ...string) string {
		return s.untilAnswered(out, key, len(group), answered, flags...)
	}
	var text string
	if name == "encrypted-database" {
		text = s.encrypted(boot)
	} else {
		text = boot(flags...)
	}
	if t.Failed() || testing.Verbose() {
		t.Log(text)
	}
}

// encrypted boots twice with the same disk and TPM: the first boot encrypts the disk, and
// the second one finds the data. The disk has nothing that can be read without the key.
func (s *realSystem) encrypted(boot func(flags ...string) string) string {
	t := s.t
	t.Helper()
	disk, state := s.path("data.img"), s.path("tpm")
	if err := os.Mkdir(state, 0o700); err != nil {
		t.Fatal(err)
	}
	first := boot("--disk", disk+":384M", "--tpm", "--tpm-state", state)
	data, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	// The label of the file system, and a file that each database has.
	for _, text := range []string{"database-files", "PG_VERSION"} {
		if bytes.Contains(data, []byte(text)) {
			t.Errorf("the disk has %q: it is not encrypted", text)
		}
	}
	second := boot("--disk", disk, "--tpm", "--tpm-state", state)
	const encrypts, found = "encrypted with LUKS2", `has ext4 with the label "database-files" already`
	if !strings.Contains(first, encrypts) || !strings.Contains(first, "made ext4") || strings.Contains(second, encrypts) || !strings.Contains(second, found) {
		t.Errorf("the second boot did not find the data of the first one\n%s", first)
	}
	return second
}

// servicesOf returns the services of an os.yml whose components have health checks.
func (s *realSystem) servicesOf(file string) (all []*library) {
	t := s.t
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var system struct {
		Services []struct{ Name, Image string }
	}
	if err := yaml.Unmarshal(data, &system); err != nil {
		t.Fatal(err)
	}
	for _, service := range system.Services {
		component, _, _ := strings.Cut(strings.TrimPrefix(service.Image, "seaworthy/"), ":")
		rec, err := recipe.Load(filepath.Join("../../components", component))
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Health) == 0 {
			t.Errorf("%s: %s has no health checks in its component.yml", service.Name, component)
			continue
		}
		all = append(all, &library{name: service.Name, checks: rec.Health})
	}
	return all
}
