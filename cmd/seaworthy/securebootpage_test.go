package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// TestSecureBootPage runs the commands of docs/secure-boot.md, in order, except those that
// boot a machine, change its firmware, or are for arm64. Commands of other projects are
// left out where they are not installed.
func TestSecureBootPage(t *testing.T) {
	t.Parallel()
	script, commands := secureBootScript(string(readFile(t, "../../docs/secure-boot.md")))
	runPage(t, script, commands, 18)
}

var comment = regexp.MustCompile(` {2,}# .*`)

// secureBootScript makes a script of the page.
func secureBootScript(page string) (*txtar.Archive, int) {
	var s strings.Builder
	s.WriteString("images images\nefistub stubs\nexits 0 key generate\n")
	for _, name := range []string{"COMPONENTS=images", "OFFLINE=true", "POLICY=policy", "TOOLS=stubs", "ARCH=amd64"} {
		fmt.Fprintf(&s, "env SEAWORTHY_%s\n", name)
	}
	commands := 0
	for _, block := range pageBlock.FindAllStringSubmatch(page, -1) {
		if block[1] != "" {
			continue // an example of a file
		}
		for line := range strings.Lines(strings.ReplaceAll(block[2], "\\\n", "")) {
			line = strings.TrimSpace(comment.ReplaceAllString(line, ""))
			program, rest, _ := strings.Cut(line, " ")
			switch {
			case line == "" || program == "seaworthy:" || strings.HasPrefix(rest, "boot ") || strings.Contains(rest, "arm64"):
				continue
			case program == "efi-updatevar" || program == "efi-readvar":
				continue // they change the firmware of this machine
			case program == "seaworthy":
				fmt.Fprintf(&s, "exits 0 %s\n", strings.ReplaceAll(rest, `"`, "'"))
			case strings.Contains(rest, "systemd-bootx64.efi"):
				if _, err := os.Stat("/usr/lib/systemd/boot/efi/systemd-bootx64.efi"); err != nil {
					continue
				}
				fallthrough
			default:
				fmt.Fprintf(&s, "[exec:%s] exec sh -c '%s'\n", program, strings.ReplaceAll(line, "'", "''"))
			}
			commands++
		}
	}
	return &txtar.Archive{Comment: []byte(s.String()), Files: []txtar.File{{Name: "os.yml",
		Data: []byte("kernel: {image: \"test/kernel:efi\", cmdline: \"console=ttyS0 quiet\"}\ninit: [test/init:1]\nservices: [{name: web, image: test/web:1}]\n")}}}, commands
}
