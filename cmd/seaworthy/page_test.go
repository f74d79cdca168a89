package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// docs/policies.md and its script have the same files and the same steps.
func TestPoliciesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	script, err := txtar.ParseFile("testdata/script/policies.txtar")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, f := range script.Files {
		files[f.Name] = string(f.Data)
	}
	blocks := regexp.MustCompile("(?ms)^`([^`\n]+)`:\n\n```[a-z]+\n(.*?)^```$").FindAllStringSubmatch(string(page), -1)
	if len(blocks) != len(files)-1 { // the page does not show os.yml
		t.Errorf("the page shows %d files, the script has %d", len(blocks), len(files)-1)
	}
	for _, b := range blocks {
		if files[b[1]] != b[2] {
			t.Errorf("%s differs between the page and the script", b[1])
		}
	}
	rest, steps := string(script.Comment), 0
	for _, b := range regexp.MustCompile("(?ms)^```sh\n(.*?)^```$").FindAllStringSubmatch(string(page), -1) {
		for line := range strings.Lines(b[1]) {
			command := strings.ReplaceAll(strings.TrimPrefix(strings.TrimSpace(line), "seaworthy "), "registry.example.org", "$REGISTRY")
			at := regexp.MustCompile(`(?m)^exits \d ` + regexp.QuoteMeta(command) + `$`).FindStringIndex(rest)
			if at == nil {
				t.Fatalf("the script has no step %q at this place", command)
			}
			rest, steps = rest[at[1]:], steps+1
		}
	}
	if steps < 8 {
		t.Errorf("the page has only %d steps", steps)
	}
}
