package report

import (
	"encoding/xml"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestHTMLSample writes the page of the sample to the file HTML_OUT if it is set, for
// a look in a browser.
func TestHTMLSample(t *testing.T) {
	page := render(t, "html", sample(), Options{Signer: "seaworthy.pub (sha256:eeee)", Diff: diffOf})
	if out := os.Getenv("HTML_OUT"); out != "" {
		if err := os.WriteFile(out, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{
		"Denied", "insecure, amd64", "6.12.48-cloud-amd64", sha("a"), sha("c"), sha("d"), sha("f"), "seaworthy 0.1.0", "seaworthy.pub (sha256:eeee)",
		"examples/insecure.yml:14:7", "set in os.yml", "set by the builder&#39;s default", "capabilities: [CAP_NET_BIND_SERVICE]",
		"A service that holds every capability", "network team", "2026-12-01", "expired", "matches nothing", "142", "98 %",
		"CIS Docker Benchmark 1.6.0", "<b>1</b> not satisfied", `in part</span>`, "not assessed: capabilities of processes", `<code>CAP-010</code> <span class="badge unsure">unsure</span>`,
		"only in strict", `<a href="#f-`, "no rule of the policy covers it", `<span class="add">&#43;    capabilities: [CAP_NET_BIND_SERVICE]</span>`, "registry.example.org/policy/house:1, pinned, not signed",
		"not scanned", "Debian GNU/Linux 13 (trixie)", `lang="en"`, "<main", "<nav", `href="#main"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
}

// The page is self-contained: every address is a place in the page, and the hashes of
// its content security policy match its content.
func TestHTMLSelfContained(t *testing.T) {
	page := render(t, "html", sample(), Options{})
	for _, m := range regexp.MustCompile(`(?i)(?:href|src|action|srcset|poster|data)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(m[1], "#") {
			t.Errorf("the page refers to %q", m[1])
		}
	}
	page = strings.ReplaceAll(page, "<code>"+sample().Frameworks[0].URL+"</code>", "") // a text, not a link
	if strings.Contains(page, "url(") || strings.Contains(page, "@import") || strings.Contains(page, "http:") || strings.Contains(page, "https:") {
		t.Error("the page loads a resource")
	}
	if regexp.MustCompile(`(?i)\son\w+=|\sstyle="`).MatchString(page) {
		t.Error("the page has inline handlers or styles, which its policy forbids")
	}
	csp := regexp.MustCompile(`Content-Security-Policy" content="([^"]*)"`).FindStringSubmatch(page)
	if csp == nil || !strings.HasPrefix(csp[1], "default-src &#39;none&#39;") {
		t.Fatalf("policy %q", csp)
	}
	for _, tag := range []string{"style", "script"} {
		body := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(page, -1)
		if len(body) != 1 || !strings.Contains(strings.ReplaceAll(csp[1], "&#43;", "+"), hash([]byte(body[0][1]))) {
			t.Errorf("%s: its hash is not in the policy %q", tag, csp[1])
		}
	}
}

// Every id that a label or link refers to exists exactly once.
func TestHTMLAnchors(t *testing.T) {
	page := render(t, "html", sample(), Options{})
	ids := map[string]int{}
	for _, m := range regexp.MustCompile(`\sid="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		ids[m[1]]++
	}
	for id, n := range ids {
		if n != 1 {
			t.Errorf("id %q occurs %d times", id, n)
		}
	}
	for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby="|for=")([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if ids[m[1]] == 0 {
			t.Errorf("no element has the id %q", m[1])
		}
	}
	if n := strings.Count(page, "<h1"); n != 1 {
		t.Errorf("%d first headings", n)
	}
}

// Hostile texts do not change the page's elements and attribute names.
func TestHTMLHostile(t *testing.T) {
	dirty := hostile()
	want, got := elements(t, render(t, "html", filled("harmless"), Options{Signer: "x"})), elements(t, render(t, "html", dirty, Options{Signer: evil}))
	if want != got {
		t.Error("hostile texts change the page's structure")
	}
	page := render(t, "html", dirty, Options{Signer: evil})
	for _, r := range page {
		if r != '\n' && hostileRune(r) {
			t.Fatalf("the page contains %U", r)
		}
	}
	if strings.Contains(page, "<img") || strings.Count(page, "<script") != 1 {
		t.Error("markup of an image came through")
	}
}

// Two findings of one rule on one resource have different headings, so that a reader
// can distinguish them before opening them.
func TestHTMLSameRuleAndResource(t *testing.T) {
	t.Parallel()
	d := sample()
	again := d.Findings[1]
	again.Key, again.Message = "again", "once more"
	d.Findings = append(d.Findings, again)
	page := render(t, "html", d, Options{})
	for _, want := range []string{`Service with all capabilities <code class="soft">all</code>`, `Service with all capabilities <code class="soft">again</code>`,
		"Service root filesystem not readonly</span>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not contain %q", want)
		}
	}
}

// elements returns the tags and attribute names of a page in order.
func elements(t *testing.T, page string) string {
	t.Helper()
	page = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>`).ReplaceAllString(page, "")
	dec := xml.NewDecoder(strings.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	var b strings.Builder
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if start, ok := tok.(xml.StartElement); ok {
			b.WriteString("<" + start.Name.Local)
			for _, a := range start.Attr {
				b.WriteString(" " + a.Name.Local)
			}
		}
	}
}
