package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// browserTools skips the test where the tools of `make test-browser` are not
// installed.
func browserTools(t *testing.T) {
	t.Helper()
	if os.Getenv("SEAWORTHY_BROWSER") == "" {
		t.Skip("skipped: run it with make test-browser, which installs the browser")
	}
}

// TestBrowser reads pages in a real browser; browser/page.mjs holds the checks.
// Screenshots and PDFs are kept in the folder BROWSER_OUT if it is set.
func TestBrowser(t *testing.T) {
	browserTools(t)
	dir := os.Getenv("BROWSER_OUT")
	if dir == "" {
		dir = t.TempDir()
	}
	clear := sample()
	clear.Verdict, clear.Findings, clear.Summary = decision.Pass, clear.Findings[4:5], decision.Summary{Pass: 1}
	clear.Frameworks, clear.Waivers = nil, nil
	for name, page := range map[string]string{
		"sample":  render(t, "html", sample(), Options{Signer: "seaworthy.pub (sha256:eeee)", Diff: diffOf}),
		"hostile": render(t, "html", hostile(), Options{Signer: evil, Diff: diffOf}),
		"passing": render(t, "html", clear, Options{}),
		"many":    render(t, "html", large(15000), Options{}),
	} {
		if err := os.WriteFile(filepath.Join(dir, name+".html"), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "node", "browser/page.mjs", dir).CombinedOutput()
	t.Logf("%s", out)
	if err != nil || !strings.Contains(string(out), " 0 failed") {
		t.Fatal(err)
	}
}

// TestSARIFSchema validates logs with the schema that OASIS publishes.
func TestSARIFSchema(t *testing.T) {
	browserTools(t)
	for name, out := range map[string]string{
		"sample":  render(t, "sarif", sample(), Options{Signer: "k", Diff: diffOf}),
		"hostile": render(t, "sarif", hostile(), Options{Signer: evil}),
	} {
		doc, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) {
			validate(t, "browser/node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json", doc)
		})
	}
}
