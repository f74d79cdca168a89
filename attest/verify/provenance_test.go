package verify

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// Among the dependencies about Secure Boot there is only the certificate, with its
// digest and nothing else.
func TestCertificateDependency(t *testing.T) {
	t.Parallel()
	digest := map[string]string{"sha256": strings.Repeat("a", 64)}
	for _, c := range []struct {
		d  statement.Descriptor
		ok bool
	}{
		{statement.Descriptor{Name: "secure-boot:certificate", Digest: digest}, true},
		{statement.Descriptor{Name: "secure-boot:certificate"}, false},
		{statement.Descriptor{Name: "secure-boot:certificate", Digest: digest, URI: "pkg:generic/x"}, false},
		{statement.Descriptor{Name: "secure-boot:certificates", Digest: digest}, false},
		{statement.Descriptor{Name: "secure-boot:enrolled:db", Digest: digest}, true},
		{statement.Descriptor{Name: "secure-boot:enrolled:", Digest: digest}, false},
		{statement.Descriptor{Name: "secure-boot:", Digest: digest}, false},
	} {
		if err := checkDependency(c.d); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.d, err)
		}
	}
}

// Only measurements.json has registers, and only those that builds predict.
func TestRegisters(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("0a", 32)
	for _, c := range []struct {
		file, name, value string
		ok                bool
	}{
		{"measurements.json", "pcr4", value, true},
		{"measurements.json", "pcr11", value, true},
		{"measurements.json", "pcr5", value, false},
		{"measurements.json", "pcr7", value[1:], false},
		{"measurements.json", "pcr7", "sha256:" + value, false},
		{"facts.json", "pcr4", value, false},
	} {
		content := &content{byproducts: map[string]string{}, documents: map[string]string{}}
		d := statement.Descriptor{Name: c.file, Digest: map[string]string{"sha256": value}, Annotations: map[string]string{c.name: c.value}}
		err := content.addByproduct(d)
		if (err == nil) != c.ok || c.ok && content.registers[c.name] != c.value {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// The example in docs/buildtype/v1.md has each member that a build writes, and passes
// the checks of the provenance.
func TestBuildTypeExample(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/buildtype/v1.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(page)
	if example == nil {
		t.Fatal("the page has no example")
	}
	c := newContent(map[string]string{"demo-kernel": "", "demo-initrd.img": "", "demo-cmdline": ""}, "demo", "")
	if err := statement.DecodeExact(example[1], &c.provenance); err != nil {
		t.Fatal(err)
	}
	if err := c.checkProvenance("page"); err != nil {
		t.Error(err)
	}
}
