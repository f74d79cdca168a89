package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestRISCV64 boots the example for riscv64 to the answers of its services. The components
// for riscv64 come from another release of Debian, so they have other versions.
func TestRISCV64(t *testing.T) {
	if os.Getenv("SEAWORTHY_BOOT") != "riscv64" {
		t.Skip("skipped: needs components from another release of Debian; run `make test-riscv64`")
	}
	s := newSystemFor(t, "riscv64")
	s.needs(emulators[s.arch])
	yml := string(readFile(t, s.path("minimal.yml")))
	for _, name := range []string{"kernel", "crun", "nginx"} {
		usual := s.version(name, "amd64")
		changed := strings.Replace(yml, fmt.Sprintf("seaworthy/%s:%s\n", name, usual), fmt.Sprintf("seaworthy/%s:%s\n", name, s.version(name, s.arch)), 1)
		if changed == yml {
			t.Fatalf("minimal.yml has no seaworthy/%s:%s", name, usual)
		}
		yml = changed
	}
	const waiver = `waivers:
  - rule: KCF-001
    resource: kernel:CONFIG_DEBUG_WX
    reason: Debian's kernel for riscv64 is built without this option
    owner: tests
    expires: 2026-12-31
`
	for name, content := range map[string]string{"minimal.yml": yml, "waiver.yml": waiver} {
		if err := os.WriteFile(s.path(name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	formats := []string{"kernel+initrd"}
	s.boots(s.build("out", formats, "--waivers", s.path("waiver.yml"), "--now", "2026-12-01"), formats, "--now", "2026-12-01")
}

// version is that of a component for an architecture.
func (s *realSystem) version(name, arch string) string {
	s.t.Helper()
	var rec struct {
		Version       string
		Architectures map[string]struct{ Version string }
	}
	if err := yaml.Unmarshal(readFile(s.t, "../../components/"+name+"/component.yml"), &rec); err != nil {
		s.t.Fatal(err)
	}
	return cmp.Or(rec.Architectures[arch].Version, rec.Version)
}
