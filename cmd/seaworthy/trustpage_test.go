package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestTrustPage runs the commands of docs/trust.md, in order. Blocks of YAML are
// files, whose name is in their first line. Lines after a command must be in its
// output.
func TestTrustPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/trust.md")
	if err != nil {
		t.Fatal(err)
	}
	script, commands := trustScript(t, string(page))
	if commands < 45 {
		t.Fatalf("the page has only %d commands", commands)
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "page.txtar"), txtar.Format(script), 0o600); err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, scriptParams(dir))
}

var (
	pageBlock = regexp.MustCompile("(?s)```(console|yaml)\n(.*?)```")
	exitCode  = regexp.MustCompile(`\s+# exit code (\d)$`)
)

// trustScript makes a script of a page.
func trustScript(t *testing.T, page string) (*txtar.Archive, int) {
	t.Helper()
	var s strings.Builder
	s.WriteString("images images\nsigstore\nsigstore in=next\ncompany company\ncompany company-next\nenv SEAWORTHY_COMPONENTS=images\nenv SEAWORTHY_OFFLINE=true\nenv SEAWORTHY_POLICY=policy\n")
	out := &txtar.Archive{Files: []txtar.File{{Name: "os.yml", Data: []byte("kernel: {image: test/kernel:1}\ninit: [test/init:1]\nservices: [{name: web, image: test/web:1}]\n")}}}
	commands := 0
	for _, block := range pageBlock.FindAllStringSubmatch(page, -1) {
		if block[1] == "yaml" {
			name, ok := strings.CutPrefix(strings.SplitN(block[2], "\n", 2)[0], "# ")
			if !ok {
				continue
			}
			file := fmt.Sprintf("file%d", len(out.Files))
			out.Files = append(out.Files, txtar.File{Name: file, Data: []byte(block[2])})
			fmt.Fprintf(&s, "fill %s %s\n", file, name)
			continue
		}
		for line := range strings.Lines(block[2]) {
			line = strings.TrimSpace(line)
			command, ok := strings.CutPrefix(line, "$ seaworthy ")
			if !ok {
				if line != "" {
					fmt.Fprintf(&s, "printed '%s'\n", strings.ReplaceAll(line, "'", "''"))
				}
				continue
			}
			code := "0"
			if m := exitCode.FindStringSubmatch(command); m != nil {
				code, command = m[1], strings.TrimSuffix(command, m[0])
			}
			commands++
			fmt.Fprintf(&s, "exits %s %s\n", code, command)
		}
	}
	out.Comment = []byte(s.String())
	return out, commands
}
