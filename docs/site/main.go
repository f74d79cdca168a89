// Command site writes the documentation of this repository as a static site:
//
//	site ROOT OUTPUT
//
// Each page is one HTML file that loads nothing else. A link to another page leads to
// its HTML file, and a link to any other file of the repository leads to its source. A
// link whose target does not exist is an error. OUTPUT is replaced.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"html/template"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	_ "embed"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
)

// source is where the files that are not pages can be read.
const source = "https://github.com/seaworthy-os/seaworthy"

// patterns are the pages, as paths in the repository.
var patterns = []string{"README.md", "*.md", "examples/README.md", "docs/*.md", "components/README.md", "rules/README.md", "rules/examples/README.md"}

//go:embed page.html
var layout string

//go:embed style.css
var style string

var page = template.Must(template.New("page").Parse(layout))

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: site ROOT OUTPUT")
		os.Exit(2)
	}
	if err := write(os.DirFS(os.Args[1]), os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// doc is one page.
type doc struct {
	file, out string // paths in the repository and in the site
	title     string
	markdown  []byte
	root      ast.Node
	ids       map[string]bool
	sections  []section
}

type section struct{ ID, Title string }

// write writes the site of a repository into a folder.
func write(repo fs.FS, output string) error {
	docs, err := read(repo)
	if err != nil {
		return err
	}
	pages, err := render(repo, docs)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(output); err != nil {
		return err
	}
	for _, d := range docs {
		file := filepath.Join(output, filepath.FromSlash(d.out))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, pages[d.out], 0o644); err != nil {
			return err
		}
	}
	return nil
}

// markdown is the syntax of our pages: that of GitHub, without HTML.
var markdown = goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithParserOptions(parser.WithAutoHeadingID()))

// read parses the pages, in the order in which the site lists them.
func read(repo fs.FS) (docs []*doc, err error) {
	for _, pattern := range patterns {
		files, err := fs.Glob(repo, pattern)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			if slices.ContainsFunc(docs, func(d *doc) bool { return d.file == file }) {
				continue
			}
			raw, err := fs.ReadFile(repo, file)
			if err != nil {
				return nil, err
			}
			d := &doc{file: file, out: outputOf(file), title: file, markdown: raw, ids: map[string]bool{}}
			d.root = markdown.Parser().Parse(text.NewReader(raw), parser.WithContext(parser.NewContext(parser.WithIDs(d))))
			d.headings()
			docs = append(docs, d)
		}
	}
	titles := map[string]int{}
	for _, d := range docs {
		titles[d.title]++
	}
	for _, d := range docs {
		if titles[d.title] > 1 {
			d.title += " (" + d.file + ")"
		}
	}
	if len(docs) == 0 || docs[0].file != "README.md" {
		return nil, errors.New("README.md is missing: name the root of the repository")
	}
	return docs, nil
}

// outputOf is the path of a page in the site.
func outputOf(file string) string {
	dir, name := path.Split(file)
	if name == "README.md" {
		return dir + "index.html"
	}
	return dir + strings.TrimSuffix(name, ".md") + ".html"
}

var notInID = regexp.MustCompile(`[^\p{L}\p{N}\p{M}_ -]`)

// Generate implements parser.IDs. It makes the ids that GitHub makes.
func (d *doc) Generate(value []byte, _ ast.NodeKind) []byte {
	plain := notInID.ReplaceAllString(strings.ToLower(strings.TrimSpace(string(value))), "")
	plain = strings.ReplaceAll(plain, " ", "-")
	id := plain
	for n := 1; d.ids[id]; n++ {
		id = fmt.Sprintf("%s-%d", plain, n)
	}
	d.ids[id] = true
	return []byte(id)
}

// Put implements parser.IDs.
func (d *doc) Put(value []byte) { d.ids[string(value)] = true }

// headings reads the title and the sections of a page.
func (d *doc) headings() {
	for n := d.root.FirstChild(); n != nil; n = n.NextSibling() {
		h, ok := n.(*ast.Heading)
		if !ok {
			continue
		}
		title := plainText(h, d.markdown)
		if id, ok := h.AttributeString("id"); ok && h.Level == 2 {
			d.sections = append(d.sections, section{string(id.([]byte)), title})
		} else if h.Level == 1 && d.title == d.file {
			d.title = title
		}
	}
}

// plainText is the text of a node without its markup.
func plainText(n ast.Node, source []byte) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.Write(c.Segment.Value(source))
		case *ast.String:
			b.Write(c.Value)
		default:
			b.WriteString(plainText(c, source))
		}
	}
	return b.String()
}

// render makes the HTML of all pages. It reports all links without a target.
func render(repo fs.FS, docs []*doc) (map[string][]byte, error) {
	byFile := map[string]*doc{}
	for _, d := range docs {
		byFile[d.file] = d
	}
	var wrong []error
	pages := map[string][]byte{}
	for _, d := range docs {
		err := ast.Walk(d.root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *ast.Link:
				to, err := target(repo, byFile, d, string(n.Destination))
				if err != nil {
					wrong = append(wrong, fmt.Errorf("%s:%d: %w", d.file, line(n, d.markdown), err))
				}
				n.Destination = []byte(to)
			case *east.TableCell:
				if _, head := n.Parent().(*east.TableHeader); head && plainText(n, d.markdown) == "" {
					wrong = append(wrong, fmt.Errorf("%s:%d: a column of the table has no name: write one, which screen readers say", d.file, line(n, d.markdown)))
				}
			case *ast.Image:
				wrong = append(wrong, fmt.Errorf("%s:%d: the page has an image: a page loads no other file", d.file, line(n, d.markdown)))
			case *ast.HTMLBlock, *ast.RawHTML:
				if comment(n, d.markdown) {
					break
				}
				wrong = append(wrong, fmt.Errorf("%s:%d: the page contains HTML, which the site does not show: use Markdown", d.file, line(n, d.markdown)))
			}
			return ast.WalkContinue, nil
		})
		if err != nil {
			return nil, err
		}
		var body bytes.Buffer
		if err := markdown.Renderer().Render(&body, d.markdown, d.root); err != nil {
			return nil, fmt.Errorf("%s: %w", d.file, err)
		}
		var out bytes.Buffer
		if err := page.Execute(&out, d.view(docs, body.String())); err != nil {
			return nil, fmt.Errorf("%s: %w", d.file, err)
		}
		pages[d.out] = out.Bytes()
	}
	return pages, errors.Join(wrong...)
}

// comment reports whether HTML is only a comment, which a page does not show.
func comment(n ast.Node, source []byte) bool {
	var html []byte
	switch n := n.(type) {
	case *ast.HTMLBlock:
		html = n.Lines().Value(source)
		if n.HasClosure() {
			html = append(bytes.Clone(html), n.ClosureLine.Value(source)...)
		}
	case *ast.RawHTML:
		html = n.Segments.Value(source)
	}
	html = bytes.TrimSpace(html)
	return bytes.HasPrefix(html, []byte("<!--")) && bytes.Index(html, []byte("-->")) == len(html)-3
}

// entry is a page in the list of pages.
type entry struct {
	Href, Title string
	Current     bool
}

// view is what the layout shows.
func (d *doc) view(docs []*doc, body string) any {
	var list []entry
	for _, o := range docs {
		list = append(list, entry{relative(d.out, o.out), o.title, o == d})
	}
	// Wide tables and long lines scroll in their own box, which the keyboard reaches.
	// The text of a page cannot contain these tags: it is escaped.
	body = strings.NewReplacer("<pre>", `<pre tabindex="0">`,
		"<table>", `<div class="wide" tabindex="0" role="group" aria-label="table"><table>`, "</table>", "</table></div>").Replace(body)
	return map[string]any{
		"Title": d.title, "Pages": list, "Sections": d.sections, "Style": template.CSS(style), "Home": relative(d.out, "index.html"),
		"Body": template.HTML(body), "Source": source + "/blob/main/" + d.file,
	}
}

// target is where a link of a page leads in the site.
func target(repo fs.FS, byFile map[string]*doc, d *doc, link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil {
		return "", fmt.Errorf("the link %q cannot be read: %w", link, err)
	}
	switch {
	case u.Scheme == "https" || u.Scheme == "mailto":
		return link, nil
	case u.Scheme != "" || u.Host != "":
		return "", fmt.Errorf("the link %q is neither a path nor an https URL", link)
	}
	file := d.file
	if u.Path != "" {
		file = path.Join(path.Dir(d.file), u.Path)
	}
	info, err := fs.Stat(repo, file)
	if err != nil {
		return "", fmt.Errorf("the target of the link %q does not exist: correct the path", link)
	}
	to := byFile[file]
	if info.IsDir() {
		if to = byFile[path.Join(file, "README.md")]; to == nil {
			return source + "/tree/main/" + file, nil
		}
	}
	if to == nil {
		return source + "/blob/main/" + file, nil
	}
	if u.Fragment != "" && !to.ids[u.Fragment] {
		return "", fmt.Errorf("%s has no section %q, to which the link %q leads: name one of its headings", to.file, u.Fragment, link)
	}
	href := relative(d.out, to.out)
	if u.Fragment != "" {
		href += "#" + u.Fragment
	}
	return href, nil
}

// relative is the link from one page of the site to another one.
func relative(from, to string) string {
	up := strings.Repeat("../", strings.Count(from, "/"))
	if dir := path.Dir(from); dir != "." && strings.HasPrefix(to, dir+"/") {
		return strings.TrimPrefix(to, dir+"/")
	}
	return up + to
}

// line is the line of a node, counted from 1.
func line(n ast.Node, source []byte) int {
	for ; n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
			return 1 + bytes.Count(source[:n.Lines().At(0).Start], []byte("\n"))
		}
	}
	return 1
}
