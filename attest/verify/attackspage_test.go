package verify_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// random matches the parts of a line that depend on the keys of this run.
var random = regexp.MustCompile(`[0-9a-f]{32,}|[A-Za-z0-9+/]{40,}=|signature-[0-9a-f]{16}| at input byte \d+|\(possibly because of .*|, serial.*`)

// checkPage compares docs/attacks.md with the attacks.
func checkPage(t *testing.T, groups []group, lines map[string]string) {
	t.Helper()
	var page strings.Builder
	n := 0
	var tables strings.Builder
	for _, g := range groups {
		fmt.Fprintf(&tables, "\n## %s\n\n| attack | refused because |\n|---|---|\n", g.title)
		for _, name := range g.names() {
			n++
			line := lines[name]
			if strings.HasPrefix(name, "keyless") {
				line = moment.ReplaceAllString(line, "…")
			}
			fmt.Fprintf(&tables, "| %s | %s |\n", cell(name), cell(random.ReplaceAllStringFunc(line, short)))
		}
	}
	fmt.Fprintf(&page, attacksHead, n)
	page.WriteString(tables.String())
	if n < 80 {
		t.Errorf("only %d attacks", n)
	}
	const path = "../../docs/attacks.md"
	if *update {
		if err := os.WriteFile(path, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	old := strings.Split(string(have), "\n")
	for i, line := range strings.Split(page.String(), "\n") {
		if i >= len(old) || old[i] != line {
			t.Fatalf("docs/attacks.md is not up to date: run go test ./attest/verify -run TestAttacks -update\nnew: %s", line)
		}
	}
	if string(have) != page.String() {
		t.Errorf("docs/attacks.md has more lines than there are attacks: run go test ./attest/verify -run TestAttacks -update")
	}
}

// moment matches times: identities sign at the time of this run.
var moment = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z`)

func short(s string) string {
	switch {
	case strings.HasPrefix(s, "signature-"):
		return "signature-…"
	case strings.HasPrefix(s, " at"), strings.HasPrefix(s, "(poss"), strings.HasPrefix(s, ", serial"):
		return ""
	}
	return "…"
}

// cell is text in a table of Markdown.
func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "\n", " ").Replace(s)
}

const attacksHead = `# Attacks that verify refuses

This page is written by a test (` + "`go test ./attest/verify -run TestAttacks`" + `), which makes each of these %d attacks: on sealed images, on the signatures
of component images, and by mistakes in trust policies. Each ends with the line on the right and exit code 4 (2 for a trust policy). "Signed" means that the attacker has the trusted key; most attacks
need less.

Further tests change, remove, duplicate and add each member of each signed document, one at a time (` + "`attest/verify/walk_test.go`" + `), and flip single bits of each file
of a sealed image: several hundred in ` + "`make test`" + `, and ten thousand in ` + "`make test-bitflips`" + `. No changed image is accepted.

Registries that lie, archives, and documents for a site have their own tests (` + "`TestLies`, `TestForms`, `TestHostileArchives`, `TestHostileSites`" + ` in
` + "`pipeline/publish`" + `).

An attack can also exchange a file between the check and its use. ` + "`boot`" + ` gives QEMU a copy in sealed memory that it hashed, so such an exchange has no effect
(` + "`TestExchanged`" + `, and ` + "`boot`" + ` in [SECURITY.md](../SECURITY.md)).
`
