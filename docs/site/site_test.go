package main

import (
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

// built writes the site of this repository.
func built(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	if err := write(os.DirFS("../.."), dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

var (
	hrefs = regexp.MustCompile(`href="([^"]*)"`)
	ids   = regexp.MustCompile(`\bid="([^"]*)"`)
	loads = regexp.MustCompile(`(?i)<(?:script|img|iframe|object|embed|video|audio|source)\b|\bsrc=|@import|url\(`)
)

// Every link of every written page leads to a page and a section that exist. No page
// loads anything.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir := built(t)
	pages := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := os.ReadFile(file)
		rel, _ := filepath.Rel(dir, file)
		pages[filepath.ToSlash(rel)] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for name, text := range pages {
		have[name] = true
		for _, m := range ids.FindAllStringSubmatch(text, -1) {
			if have[name+"#"+m[1]] {
				t.Errorf("%s: two elements have the id %s", name, m[1])
			}
			have[name+"#"+m[1]] = true
		}
	}
	links := 0
	for name, text := range pages {
		if found := loads.FindString(text); found != "" {
			t.Errorf("%s loads something: %s", name, found)
		}
		for _, m := range hrefs.FindAllStringSubmatch(text, -1) {
			u, err := url.Parse(strings.ReplaceAll(m[1], "&amp;", "&"))
			switch {
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case u.Scheme == "https", u.Scheme == "mailto", m[1] == "data:,":
			default:
				links++
				to := name
				if u.Path != "" {
					to = path.Join(path.Dir(name), u.Path)
				}
				if u.Fragment != "" {
					to += "#" + u.Fragment
				}
				if !have[to] {
					t.Errorf("%s: the link %s leads to nothing", name, m[1])
				}
			}
		}
	}
	if len(pages) < 20 || links < 500 {
		t.Errorf("the site has %d pages and %d links", len(pages), links)
	}
}

// Two builds have the same bytes, and a build removes the pages of the last one.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	one, two := built(t), built(t)
	if err := os.WriteFile(filepath.Join(two, "old.html"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := write(os.DirFS("../.."), two); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "diff", "-r", one, two).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// Mistakes are errors that name the file and the line.
func TestMistakes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"# A\n\nx [y](docs/none.md)\n":                    `README.md:3: the target of the link "docs/none.md" does not exist: correct the path`,
		"# A\n\n[y](docs/a.md#none)\n":                    `README.md:3: docs/a.md has no section "none"`,
		"# A\n\n- [y](#none)\n":                           `README.md:3: README.md has no section "none"`,
		"# A\n\n[y](../out.md)\n":                         `README.md:3: the target of the link "../out.md" does not exist`,
		"# A\n\n[y](javascript:alert(1))\n":               `README.md:3: the link "javascript:alert(1)" is neither a path nor an https URL`,
		"# A\n\n[y](http://example.org)\n":                `README.md:3: the link "http://example.org" is neither`,
		"# A\n\n[y](//example.org/x)\n":                   `is neither a path nor an https URL`,
		"# A\n\n| | b |\n|---|---|\n| c | d |\n":          `a column of the table has no name`,
		"# A\n\n![y](https://example.org/a.png)\n":        `README.md:3: the page has an image`,
		"# A\n\nx <b onclick=alert(1)>y</b>\n":            `README.md:3: the page contains HTML`,
		"# A\n\n<script>\nalert(1)\n</script>\n":          `README.md:3: the page contains HTML`,
		"# A\n\n<!-- x --><img src=y onerror=alert(1)>\n": `the page contains HTML`,
	} {
		repo := fstest.MapFS{"README.md": {Data: []byte(text)}, "docs/a.md": {Data: []byte("# B\n")}}
		err := write(repo, filepath.Join(t.TempDir(), "out"))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if err := write(fstest.MapFS{"docs/a.md": {}}, t.TempDir()); err == nil || !strings.Contains(err.Error(), "README.md is missing") {
		t.Errorf("a folder that is not a repository: %v", err)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	repo := fstest.MapFS{
		"README.md":    {Data: []byte("# One `x` & two\n\n[a](docs/a.md#it-is-1-here) [f](docs/f.json) [d](docs) [s](docs/a.md)\n\n<!-- hidden -->\n\n<https://example.org>\n")},
		"docs/a.md":    {Data: []byte("# A\n\n## It is: (1) `here`?\n\n## Same\n\n## Same\n\n[up](../README.md) [self](#same-1)\n\n    <b>&\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")},
		"docs/f.json":  {Data: []byte("{}")},
		"rules/x.rego": {Data: []byte("")},
	}
	dir := filepath.Join(t.TempDir(), "out")
	if err := write(repo, dir); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{
		"index.html": {
			`<title>One x &amp; two – Seaworthy</title>`, `<a href="docs/a.html#it-is-1-here">a</a>`, `<a href="` + source + `/blob/main/docs/f.json">f</a>`,
			`<a href="` + source + `/tree/main/docs">d</a>`, `<a href="index.html" aria-current="page">`, `<a href="docs/a.html">A</a>`, `href="https://example.org"`,
		},
		"docs/a.html": {`<a href="../index.html">up</a>`, `<a href="a.html#same-1">self</a>`, `<h2 id="same-1">`, `&lt;b&gt;&amp;`, `<div class="wide" tabindex="0" role="group" aria-label="table"><table>`, `<a href="#it-is-1-here">It is: (1) here?</a>`},
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(string(text), w) {
				t.Errorf("%s does not contain %s\n%s", name, w, text)
			}
		}
		if strings.Contains(string(text), "hidden") {
			t.Errorf("%s shows a comment", name)
		}
	}
}

// TestBrowser reads the site in a real browser. Pictures are kept in the folder
// BROWSER_OUT if it is set.
func TestBrowser(t *testing.T) {
	if os.Getenv("SEAWORTHY_BROWSER") == "" {
		t.Skip("skipped: run it with make test-browser, which installs the browser")
	}
	pictures := os.Getenv("BROWSER_OUT")
	if pictures == "" {
		pictures = t.TempDir()
	}
	out, err := exec.CommandContext(t.Context(), "node", "../../policy/report/browser/site.mjs", built(t), pictures).CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), " 0 failed") {
		t.Fatal(err)
	}
}
