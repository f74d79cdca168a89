package recipe

import (
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

const variantRecipe = `
name: web
version: "1"
debian: {packages: [web, more], depends: true, suite: bookworm}
include: [usr]
architectures:
  riscv64:
    version: "2"
    debian: {packages: [web2], suite: trixie}
`

func TestArchitectures(t *testing.T) {
	t.Parallel()
	base, err := parse("c.yml", []byte(variantRecipe))
	if err != nil {
		t.Fatal(err)
	}
	if on := base.On("arm64"); on != base || on.Debian.Suite != "bookworm" || on.Reference() != "seaworthy/web:1" {
		t.Errorf("arm64: %+v", on)
	}
	on := base.On("riscv64")
	if on.Reference() != "seaworthy/web:2" || len(on.Debian.Packages) != 1 || on.Debian.Packages[0].Text != "web2" || on.Debian.Suite != "trixie" || !on.Debian.Depends || len(on.Include) != 1 {
		t.Errorf("riscv64: %+v", on)
	}
}

// Mistakes of the recipe and of its variants are reported in one run, each once.
func TestArchitecturesErrors(t *testing.T) {
	t.Parallel()
	_, err := parse("c.yml", []byte(`
name: web
version: "1"
size: 7
debian: {packages: [web]}
architectures:
  riscv64: {name: other, suite: x, debian: {packages: ["!"]}}
  "MIPS!": {}
  arm64: 5
`))
	if !errors.Is(err, system.ErrInput) {
		t.Fatal(err)
	}
	lines := strings.Split(err.Error(), "\n")
	for _, want := range []string{
		`c.yml:4:1: the recipe: unknown key "size"`,
		`c.yml:7:13: the key name cannot differ`,
		`c.yml:7:26: the recipe: unknown key "suite"`,
		`"!" is not a package name`,
		`architecture "MIPS!" is invalid`,
		`arm64 must be a mapping`,
	} {
		n := 0
		for _, line := range lines {
			if strings.Contains(line, want) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%d times: %s", n, want)
		}
	}
	if len(lines) != 6 {
		t.Errorf("%d errors:\n%v", len(lines), err)
	}
}
