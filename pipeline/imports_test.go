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

// leaves hold types only: standard library alone, and anyone may import them.
var leaves = []string{"builder/system", "scanner/facts", "policy/decision"}

// steps know nothing of each other but their leaves.
var steps = []string{"builder", "scanner", "policy", "attest"}

type pkg struct {
	ImportPath string
	Standard   bool
	Imports    []string
	Deps       []string
}

// list runs go list and decodes what it prints.
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

// step is the top-level folder of a package of ours.
func step(path string) string {
	s, _, _ := strings.Cut(path, "/")
	return s
}

// allowed says whether package from may import package to, and why not. Both
// are relative to the module.
func allowed(from, to string) (bool, string) {
	switch {
	case slices.Contains(leaves, from):
		return false, "a leaf holds types only and imports the standard library alone"
	case slices.Contains(leaves, to):
		return true, ""
	case to == "internal/ocitest", to == "internal/scantest", to == "attest/sealtest", to == "policy/policytest":
		return false, "test helpers are imported by tests only"
	case step(to) == "internal":
		return true, ""
	case step(from) == "internal":
		return false, "a helper of all steps imports none"
	case from == "cmd/seaworthy-init":
		ok := to == "builder/guest" || to == "attest/verify"
		return ok, "PID 1 is small: builder/guest and attest/verify alone"
	case step(from) == "cmd", step(from) == "bench":
		return true, ""
	case step(from) == "pipeline":
		return slices.Contains(append(steps, "pipeline"), step(to)), "pipeline connects the steps, and nothing else"
	case step(to) == "rules":
		return step(from) == "policy" || step(from) == "rules", "rules are seen through policy alone"
	case step(from) == "components":
		return step(to) == "components", "programs of components stand alone"
	case from == "builder/component/layer", from == "builder/component/registry":
		return to == "builder/component/oci", "layers are read, and registries asked, without the store"
	case from == "builder/component/oci":
		return false, "oci is shared by the packages beside it"
	case from == "policy/folder":
		return false, "folders and bundles are read without the engine"
	case from == "policy/sandbox":
		return false, "the sandbox knows no rules: its caller passes the work"
	case step(from) == step(to):
		return true, ""
	}
	return false, "no step imports another, save its leaf"
}

func TestImportsPointOneWay(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		from := strings.TrimPrefix(p.ImportPath, module)
		for _, imp := range p.Imports {
			to, ours := strings.CutPrefix(imp, module)
			if !ours {
				if slices.Contains(leaves, from) && strings.Contains(imp, ".") {
					t.Errorf("%s imports %s: a leaf imports the standard library alone", from, imp)
				}
				continue
			}
			if ok, why := allowed(from, to); !ok {
				t.Errorf("%s imports %s: %s", from, to, why)
			}
		}
	}
}

// TestAllowed holds the table above against arrows that must be refused.
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
		{"internal/strictjson", "builder/system", true},
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
		{"policy/sandbox", "policy/compiled", false},
		{"policy/sandbox", "internal/words", true},
		{"cmd/seaworthy-init", "attest", false},
		{"cmd/seaworthy-init", "builder/guest", true},
		{"builder/rootfs", "builder/component", true},
		{"builder/component", "builder/component/layer", true},
		{"builder/component/layer", "builder/component/oci", true},
		{"builder/component/layer", "builder/component/registry", false},
		{"builder/component/registry", "builder/spec", false},
		{"builder/component/oci", "builder/component/layer", false},
		{"builder/component/oci", "builder/system", true},
		{"builder/rootfs", "internal/ocitest", false},
		{"scanner/files", "internal/scantest", false},
		{"attest/verify", "attest/sealtest", false},
	} {
		if got, _ := allowed(c.from, c.to); got != c.want {
			t.Errorf("%s -> %s: %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// TestArchitectureNamesEveryPackage: the page and the code agree.
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
			continue // programs of their own
		}
		if !listed[name] {
			t.Errorf("docs/architecture.md does not say what %s is for", name)
		}
		delete(listed, name)
	}
	for name := range listed {
		t.Errorf("docs/architecture.md names %s, which is not there", name)
	}
}

// TestNoCloudSDK: each of these would add megabytes and a way out to a
// security tool that needs neither.
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

// TestVerifierIsSmall: attest/verify must fit an initramfs.
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

// standIns are the libraries that go.mod replaces by a few lines of ours, and the
// packages whose calls those lines were written for.
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

// TestStandIns: a package that comes to import one after an upgrade may need
// more of the library than is there.
func TestStandIns(t *testing.T) {
	t.Parallel()
	found := map[string][]string{}
	for _, p := range list(t, "-deps", "./cmd/seaworthy") {
		if strings.HasPrefix(p.ImportPath, "github.com/sigstore/rekor/pkg/api") {
			t.Errorf("%s is linked: it asks govalidator for mail addresses", p.ImportPath)
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
