package pipeline_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	formats "github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/image/secureboot"
	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	sums "github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/internal/petest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// TestBootFacts: the rules read the written files, before the decision. A build of the
// same inputs, whose files are copied from the last one, has the same facts.
func TestBootFacts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "linuxx64.efi.stub"), petest.Stub("amd64"))
	ocitest.WriteLayout(t, filepath.Join(dir, "efi"),
		ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", string(petest.Program("amd64", 5000))), ocitest.File("config", kernelConfig(many...)),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules")))),
		ocitest.Named("test/init:1", image(nil, ocitest.Exec("init", "init"))))
	writeFile(t, filepath.Join(dir, "os.yml"), []byte("kernel: {image: \"test/kernel:1\", cmdline: \"console=ttyS0\"}\ninit: [\"test/init:1\"]\n"))
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	keys, err := secureboot.GenerateKeys(secureboot.KeyOptions{Name: "Test", NotBefore: day, NotAfter: day.AddDate(1, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	store := kept.Store{Dir: filepath.Join(t.TempDir(), "builds"), Program: "1", Secret: []byte("secret")}
	build := func(signer uki.Signer, names ...string) (*pipeline.Built, map[string]decision.State) {
		t.Helper()
		built, err := pipeline.Build(t.Context(), pipeline.BuildOptions{
			CheckOptions: pipeline.CheckOptions{
				Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "efi")}, Offline: true, Jobs: 2},
				Policy:  policy.Options{Policy: "strict", FailOn: policy.FailOnNone, Now: day, Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
				Time:    time.Unix(0, 0).UTC(),
			},
			Formats: names, OutputDir: filepath.Join(dir, "out"), Version: "test", Kept: store, SecureBoot: signer, Tools: formats.Tools{Dirs: []string{dir}},
		})
		if err != nil {
			t.Fatal(err)
		}
		states := map[string]decision.State{}
		for _, f := range built.Decision.Findings {
			if strings.HasPrefix(f.ID, "BOO-") && (states[f.ID] == "" || f.State == decision.StateFail) {
				states[f.ID] = f.State
			}
		}
		return built, states
	}
	for range 2 {
		built, states := build(keys.DB, "uki", "raw-efi", "kernel+initrd")
		if states["BOO-001"] != decision.StatePass || states["BOO-005"] != decision.StatePass || states["BOO-006"] != decision.StatePass {
			t.Errorf("signed: %v", states)
		}
		boot := built.Facts.Boot
		if !boot.Present || len(boot.Files) != 4 || len(boot.Certificates) != 1 || boot.Certificates[0] != sums.Of(keys.DB.Certificate().Raw) {
			t.Fatalf("%+v", boot)
		}
		for _, f := range boot.Files {
			for _, l := range f.Lines {
				if l.Raw != built.Facts.Cmdline.Raw || len(l.Params) != len(built.Facts.Cmdline.Params) {
					t.Errorf("%s: %+v", f.Path, l)
				}
			}
		}
	}
	if _, states := build(nil, "raw-efi"); states["BOO-001"] != decision.StateFail {
		t.Errorf("not signed: %v", states)
	}
	if _, states := build(nil, "kernel+initrd", "tar"); states["BOO-001"] != decision.StateNotApplicable || states["BOO-006"] != decision.StateNotApplicable {
		t.Errorf("direct boot: %v", states)
	}
}
