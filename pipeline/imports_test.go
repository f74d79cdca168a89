package pipeline_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/seaworthy-os/seaworthy/"

// leaves contain only types and import only the standard library. Every package may
// import them.
var leaves = []string{"builder/system", "scanner/facts", "policy/decision"}

// steps must not import each other, except the leaves.
var steps = []string{"builder", "scanner", "policy", "attest"}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// list runs go list and decodes its output.
func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Standard,Imports,Deps"}, args...)...)
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	var all []pkg
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// step returns the top-level folder of a package of this module.
func step(path string) string {
	s, _, _ := strings.Cut(path, "/")
	return s
}

// allowed reports whether package from may import package to, and if not, why. Both
// are relative to the module.
func allowed(from, to string) (bool, string) {
	switch {
	case from == "builder/system" && to == "internal/failure":
		return true, "" // which imports only the standard library
	case slices.Contains(leaves, from):
		return false, "a leaf contains only types and imports only the standard library"
	case step(from) == "internal" && step(to) != "internal":
		return false, "a helper of all steps imports no step"
	case slices.Contains(leaves, to):
		return true, ""
	case to == "internal/ocitest", to == "scanner/scantest", to == "builder/system/sinktest", to == "attest/sealtest", to == "attest/signertest", to == "attest/sigstoretest", to == "policy/policytest":
		return false, "only tests import test helpers"
	case step(to) == "internal":
		return true, ""
	case from == "cmd/seaworthy-init":
		ok := to == "builder/guest" || strings.HasPrefix(to, "builder/guest/") || to == "attest/verify"
		return ok, "PID 1 is small: it imports only builder/guest, packages in it, and attest/verify"
	case step(from) == "cmd", step(from) == "bench":
		return true, ""
	case step(from) == "pipeline":
		return slices.Contains(append(steps, "pipeline"), step(to)), "pipeline only connects the steps"
	case from == "policy/folder":
		return false, "folders and bundles are read without the engine"
	case from == "policy/engine":
		ok := slices.Contains([]string{"policy/folder", "policy/sandbox", "policy/compiled", "policy/framework", "policy/schema", "policy/input", "policy/origin", "rules"}, to)
		return ok, "the engine evaluates rules, and decides nothing"
	case from == "policy/input", from == "policy/origin":
		return false, "the engine's helpers read only facts"
	case from == "policy/sandbox":
		return false, "the sandbox knows no rules: its caller passes the work"
	case step(to) == "rules":
		return step(from) == "policy" || step(from) == "rules", "only policy imports rules"
	case step(from) == "components":
		return step(to) == "components", "programs of components import no other package"
	case from == "builder/component/layer", from == "builder/component/registry":
		return to == "builder/component/oci", "layer and registry do not import the store"
	case from == "builder/component/oci":
		return false, "only the packages next to oci import it"
	case step(from) == step(to):
		return true, ""
	}
	return false, "a step imports only the leaf of another step"
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				if slices.Contains(leaves, from) && strings.Contains(imp, ".") {
					t.Errorf("%s imports %s: a leaf imports only the standard library", from, imp)
				}
				continue
			}
			if ok, why := allowed(from, to); !ok {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
}

// TestAllowed checks the rules above with imports that must be refused.
func TestAllowed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"policy", "scanner/facts", true},
		{"policy", "scanner", false},
		{"scanner", "builder/system", true},
		{"scanner/vuln", "internal/strictjson", true},
		{"internal/strictyaml", "builder/system", false},
		{"internal/strictyaml", "internal/failure", true},
		{"builder/system", "internal/failure", true},
		{"internal/strictjson", "scanner", false},
		{"internal/kept", "internal/atomicfile", true},
		{"scanner", "builder/component", false},
		{"builder/system", "policy/decision", false},
		{"pipeline", "attest", true},
		{"pipeline", "rules", false},
		{"attest", "rules", false},
		{"policy", "rules", true},
		{"policy", "policy/sandbox", true},
		{"policy/sandbox", "policy", false},
		{"policy/sandbox", "policy/folder", false},
		{"policy/folder", "policy/sandbox", false},
		{"policy/sandbox", "policy/engine", false},
		{"policy/sandbox", "rules", false},
		{"policy/sandbox", "policy/compiled", false},
		{"policy/engine", "policy/sandbox", true},
		{"policy/engine", "policy/waiver", false},
		{"policy/engine", "policy", false},
		{"policy/sandbox", "internal/words", true},
		{"cmd/seaworthy-init", "attest", false},
		{"cmd/seaworthy-init", "builder/guest", true},
		{"cmd/seaworthy-init", "builder/guest/origin", true},
		{"cmd/seaworthy-init", "builder/image", false},
		{"builder/rootfs", "builder/component", true},
		{"builder/component", "builder/component/layer", true},
		{"builder/component/layer", "builder/component/oci", true},
		{"builder/component/layer", "builder/component/registry", false},
		{"builder/component/registry", "builder/spec", false},
		{"builder/component/oci", "builder/component/layer", false},
		{"builder/component/oci", "builder/system", true},
		{"builder/rootfs", "internal/ocitest", false},
		{"scanner/files", "scanner/scantest", false},
		{"attest/verify", "attest/sealtest", false},
	} {
		if got, _ := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s -> %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// TestArchitectureNamesEveryPackage checks that docs/architecture.md names the
// packages that exist.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| .+ \\|$").FindAllStringSubmatch(string(page), -1) {
		listed[m[1]] = true
	}
	for _, p := range list(t, "./...") {
		name := strings.TrimPrefix(p.ImportPath, module)
		if step(name) == "components" || step(name) == "bench" {
			continue // separate programs
		}
		if !listed[name] {
			t.Errorf("docs/architecture.md does not say what %s is for", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("docs/architecture.md names %s, which does not exist", name)
	}
}

// TestNoCloudSDK checks that no cloud SDK is linked. Each adds megabytes and network
// access, which a security tool does not need.
func TestNoCloudSDK(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./cmd/seaworthy") {
		if len(p.Deps) < 500 {
			t.Fatalf("only %d dependencies: is this the whole program?", len(p.Deps))
		}
		for _, d := range p.Deps {
			for _, cloud := range []string{"cloud.google.com/", "github.com/aws/", "github.com/Azure/azure-sdk", "k8s.io/client-go", "google.golang.org/api", "github.com/sigstore/cosign/v2/cmd"} {
				if strings.HasPrefix(d, cloud) {
					t.Errorf("the program links %s", d)
				}
			}
		}
	}
}

// TestVerifierIsSmall checks that attest/verify is small enough for an initramfs.
func TestVerifierIsSmall(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./attest/verify") {
		for _, d := range p.Deps {
			for _, heavy := range []string{"github.com/open-policy-agent/", "github.com/google/go-containerregistry", "go.yaml.in/", "github.com/anchore/", "github.com/sigstore/"} {
				if strings.HasPrefix(d, heavy) {
					t.Errorf("attest/verify links %s", d)
				}
			}
		}
	}
}

// TestSigningIsSmall: of relic, which signs UKIs, only PKCS #7 is linked. Its
// package for PE files would bring a keyring, D-Bus and PKCS #12.
func TestSigningIsSmall(t *testing.T) {
	t.Parallel()
	want := []string{"lib/pkcs7", "lib/x509tools", "signers/sigerrors"}
	var got []string
	for _, d := range list(t, "./builder/image/secureboot")[0].Deps {
		if name, ok := strings.CutPrefix(d, "github.com/sassoftware/relic/v8/"); ok {
			got = append(got, name)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("signing links %v of relic, want %v", got, want)
	}
}

// standIns are the libraries that go.mod replaces by small copies, and the packages
// that may import them. The copies have only the functions that these packages call.
var standIns = map[string][]string{
	"github.com/anchore/clio":                    {"github.com/anchore/syft/internal/bus", "github.com/anchore/syft/internal/file"},
	"github.com/asaskevich/govalidator":          {"github.com/sigstore/rekor/pkg/pki/pgp", "github.com/sigstore/rekor/pkg/pki/ssh", "github.com/sigstore/rekor/pkg/pki/x509"},
	"github.com/go-chi/chi/v5/middleware":        {"github.com/sigstore/rekor/pkg/log"},
	"github.com/go-git/go-git/v5":                {"github.com/anchore/syft/syft/pkg/cataloger/golang"},
	"github.com/go-git/go-git/v5/storage/memory": {"github.com/anchore/syft/syft/pkg/cataloger/golang"},
	"github.com/google/go-cmp/cmp":               {"github.com/anchore/syft/syft/linux"},
	"github.com/hashicorp/go-getter":             {"github.com/anchore/syft/internal/file"},
	"github.com/hashicorp/go-getter/helper/url":  {"github.com/anchore/syft/internal/file"},
	"github.com/piprate/json-gold/ld":            {"github.com/spdx/tools-golang/spdx/v3/internal/ld"},
}

// TestStandIns fails if another package imports a stand-in, for example after an
// upgrade. It may need functions that the stand-in does not have.
func TestStandIns(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, p := range list(t, "-deps", "./cmd/seaworthy") {
		if strings.HasPrefix(p.ImportPath, "github.com/sigstore/rekor/pkg/api") {
			t.Errorf("%s is linked: it uses govalidator for mail addresses", p.ImportPath)
		}
		for _, imp := range p.Imports {
			if standIns[imp] != nil {
				found[imp] = append(found[imp], p.ImportPath)
			}
		}
	}
	for name, want := range standIns {
		got := found[name]
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%s is imported by %v; its stand-in is for %v", name, got, want)
		}
	}
}
