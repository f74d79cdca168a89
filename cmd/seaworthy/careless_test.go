package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// carelessImages is the folder where `make careless` writes its images.
const carelessImages = "../../dist/careless"

// carelessService is how a person who is in a hurry runs an image.
const carelessService = `services:
  - name: %[1]s
    image: seaworthy/careless-%[1]s:1
    capabilities: [all]
    uid: 0
    gid: 0
    readonly: false
    net: /run/netns/outside
`

// maxRounds is how often a person may have to apply the edits: an edit can make
// another rule apply.
const maxRounds = 4

// TestCareless takes real services from Debian's packages, which run as root with
// all capabilities and a writable root. It applies the edits of explain, and no
// others. The system must then pass `hardened`, boot, and answer. One finding is waived:
// that an SSH server allows logins.
func TestCareless(t *testing.T) {
	t.Parallel()
	wanted := os.Getenv("SEAWORTHY_COMPONENTS")
	if wanted == "" {
		t.Skip("skipped: boots services from Debian's packages; run `make test-components`")
	}
	s := newSystem(t)
	all := readCareless(t)
	if wanted != "all" {
		all = slices.DeleteFunc(all, func(l *library) bool { return !slices.Contains(strings.Split(wanted, ","), "careless-"+l.name) })
	}
	if len(all) == 0 {
		t.Skipf("skipped: no image of testdata/careless is in %s", wanted)
	}
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	files := []string{s.path("base.yml")}
	var more []string
	s.copyFile("../../testdata/components/base.yml", "base.yml")
	for _, l := range all {
		file := l.name + ".yml"
		s.write(file, fmt.Sprintf(carelessService, l.name))
		files = append(files, s.path(file))
		if l.file != "" { // what the service needs from the system; no edit mends it
			s.copyFile(l.file, "system-"+file)
			more = append(more, s.path("system-"+file))
		}
	}
	common := []string{"--components", realComponents, "--components", carelessImages, "--offline"}
	verb := func(want int, name string, args ...string) string {
		return s.bare(want, append(append([]string{name}, common...), args...)...)
	}
	services := files[1:]
	files = append(files, more...)
	rounds := 0
	for ; rounds <= maxRounds; rounds++ {
		diffs := 0
		for _, l := range all {
			var out, errs bytes.Buffer
			args := append(append([]string{"explain", "--policy", "hardened", "services/" + l.name}, files...), common...)
			if code := run(t.Context(), args, strings.NewReader(""), &out, &errs); code != cli.ExitPass && !strings.Contains(errs.String(), "unknown finding") {
				t.Fatalf("explain services/%s: exit code %d\n%s", l.name, code, errs.String())
			}
			if !strings.Contains(out.String(), "\n@@ ") {
				continue
			}
			diffs++
			patch := exec.Command("patch", "-p1", "-d", "/") // the diff has the whole paths
			patch.Stdin = &out
			if text, err := patch.CombinedOutput(); err != nil {
				t.Fatalf("patch: %v\n%s", err, text)
			}
		}
		if diffs == 0 {
			break
		}
	}
	t.Logf("%d services, edits applied in %d rounds", len(all), rounds)
	if rounds > maxRounds {
		t.Errorf("explain still has edits after %d rounds", maxRounds)
	}
	for _, file := range services {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s", text)
	}
	verb(cli.ExitPass, "lock", files...)
	// No edit takes away what an SSH server is for: the rule says to waive it.
	waivers := s.path("minimal.waivers.yml")
	if slices.Contains(files, s.path("sshd.yml")) {
		verb(cli.ExitPass, "waive", append([]string{"USR-011@component:services/sshd", "--locked", "--policy", "hardened", "--waivers", waivers,
			"--owner", "operations", "--reason", "administrators log in with their keys", "--expires", "2099-12-31"}, files...)...)
	}
	verb(cli.ExitPass, "check", append([]string{"--locked", "--policy", "hardened", "--waivers", waivers}, files...)...)
	// The service that asks the others is not part of what is judged.
	files = append(files, s.probe(all))
	verb(cli.ExitPass, "lock", files...)
	verb(cli.ExitPass, "build", append([]string{"--locked", "--key", s.path("seaworthy.key"), "--output-dir", s.path("out")}, files...)...)
	text := s.untilAnswered(s.path("out"), s.path("seaworthy"), len(all), nil)
	if t.Failed() || testing.Verbose() {
		t.Log(text)
	}
}

// readCareless reads the recipes of testdata/careless.
func readCareless(t *testing.T) (all []*library) {
	t.Helper()
	dirs, err := filepath.Glob("../../testdata/careless/*")
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no recipes in testdata/careless: %v", err)
	}
	for _, dir := range dirs {
		rec, err := recipe.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(rec.Health) == 0 {
			t.Errorf("%s has no health check", dir)
		}
		l := &library{name: filepath.Base(dir), checks: rec.Health}
		file := filepath.Join(dir, "system.yml")
		if _, err := os.Stat(file); err == nil {
			l.file = file
		}
		all = append(all, l)
	}
	return all
}

// copyFile copies a file into the folder of the system.
func (s *realSystem) copyFile(from, name string) {
	s.t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(s.path(name), data, 0o644); err != nil {
		s.t.Fatal(err)
	}
}
