package main

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestTrustPage runs the commands of docs/trust.md, in order. Blocks of YAML are
// files, whose name is in their first line. Lines after a command must be in its
// output.
func TestTrustPage(t *testing.T) {
	t.Parallel()
	script, commands := trustScript(string(readFile(t, "../../docs/trust.md")))
	runPage(t, script, commands, 45)
}

var exitCode = regexp.MustCompile(`\s+# exit code (\d)$`)

// trustScript makes a script of a page.
func trustScript(page string) (*txtar.Archive, int) {
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
		if block[1] != "console" {
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
