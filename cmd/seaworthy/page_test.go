package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/policy/report"
)

// pageBlock is a block of a page, with its language and its text.
var pageBlock = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// runPage runs the script that a test made of a page. It fails if the page has too few
// commands.
func runPage(t *testing.T, script *txtar.Archive, commands, least int) {
	t.Helper()
	if commands < least {
		t.Fatalf("the page has only %d commands", commands)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.txtar"), txtar.Format(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, scriptParams(dir))
}

// The pages that list report formats list all of them.
func TestPagesListReports(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		page, what string
		line       *regexp.Regexp
	}{
		{"README.md", "formats after --report", regexp.MustCompile(`(?m)^\*\*Reports\.\*\*.*`)},
		{"docs/reports.md", "rows of the table of formats", regexp.MustCompile("(?m)^\\| `[a-z-]+` \\|")},
	} {
		text, err := os.ReadFile("../../" + c.page)
		if err != nil {
			t.Fatal(err)
		}
		listed := regexp.MustCompile(`[a-z][a-z+-]*`).FindAllString(strings.Join(c.line.FindAllString(string(text), -1), "\n"), -1)
		for _, name := range report.Formats() {
			if !slices.Contains(listed, name) {
				t.Errorf("%s: the %s lack %s: add it", c.page, c.what, name)
			}
		}
	}
}

// docs/images.md has a row for each image format, with its files.
func TestImagesPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/images.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, name := range image.Formats() {
		row := regexp.MustCompile("(?m)^\\| [^|]*`" + regexp.QuoteMeta(name) + "`[^|]*\\|([^|]*)\\|").FindStringSubmatch(page)
		if row == nil {
			t.Errorf("docs/images.md: the table of formats lacks %s: add it", name)
			continue
		}
		f, _ := image.Find(name)
		for _, ending := range f.Files {
			if !strings.Contains(row[1], "`os"+ending+"`") {
				t.Errorf("docs/images.md: the row of %s lacks the file os%s", name, ending)
			}
		}
	}
}

// docs/images.md shows the sizes that the tests hold: none above its limit, and none
// so far below that the limit holds nothing. README.md shows the same sizes.
func TestSizesPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/images.md")
	if err != nil {
		t.Fatal(err)
	}
	limits := map[string][]map[string]int64{"minimal": {usualSizes, smallSizes}, "web": {webSizes, nil}}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	small := regexp.MustCompile(`(?ms)^\*\*Small images\.\*\*.*?\n\n`).FindString(string(readme))
	rows := regexp.MustCompile("(?m)^\\| `([a-z]+).yml` \\| `([a-z+-]+)` \\| ([0-9.]+|–) \\| ([0-9.]+|–) \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) != 3 {
		t.Errorf("the page has %d sizes, want 3", len(rows))
	}
	for _, row := range rows {
		for i, limits := range limits[row[1]] {
			limit := float64(limits[row[2]]) / 1e6
			size, err := strconv.ParseFloat(row[3+i], 64)
			if (err != nil) != (limit == 0) || size > limit || size < limit*0.85 {
				t.Errorf("%s: the page shows %s MB, the limit is %.1f", row[0], row[3+i], limit)
			}
			if err == nil && !strings.Contains(small, row[3+i]) {
				t.Errorf("%s: README.md does not show %s MB, but %q", row[0], row[3+i], small)
			}
		}
	}
}

// docs/registries.md lists the names that other programs see.
func TestNamesPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/registries.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{layout.ArtifactType, layout.FolderType, layout.InventoryType, layout.FileMediaType, publish.SiteType, health.Label} {
		if !strings.Contains(string(text), "`"+name+"`") {
			t.Errorf("docs/registries.md lacks %s", name)
		}
	}
}

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
	for _, b := range pageBlock.FindAllStringSubmatch(string(page), -1) {
		if b[1] != "sh" {
			continue
		}
		for line := range strings.Lines(b[2]) {
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
