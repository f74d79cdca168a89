package pipeline_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/guest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// TestVerifiedRoot: the rules judge the command line that boots, with the root hash,
// also if the files are those of the last build.
func TestVerifiedRoot(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("mksquashfs"); err != nil {
		t.Skip("mksquashfs is not installed")
	}
	dir := t.TempDir()
	writeSystem(t, dir)
	ocitest.WriteLayout(t, filepath.Join(dir, "small"),
		ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", strings.Repeat("kernel", 1000)),
			ocitest.File("config", kernelConfig(append(many, "RD_ZSTD", "SQUASHFS", "SQUASHFS_ZSTD", "BLK_DEV_DM", "DM_VERITY")...)),
			ocitest.Tarball("kernel.tar", ocitest.Dir("lib"), ocitest.Dir("lib/modules")))),
		ocitest.Named("test/init:1", image(nil, ocitest.Exec("init", guest.VerifiedRoot))))
	store := kept.Store{Dir: filepath.Join(t.TempDir(), "builds"), Program: "1", Secret: []byte("secret")}
	build := func(cmdline string) (built *pipeline.Built, said string, err error) {
		t.Helper()
		text := "kernel: {image: \"test/kernel:1\", cmdline: '" + cmdline + "'}\ninit: [\"test/init:1\"]\n"
		if err := os.WriteFile(filepath.Join(dir, "os.yml"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		built, err = pipeline.Build(t.Context(), pipeline.BuildOptions{
			CheckOptions: pipeline.CheckOptions{
				Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "small")}, Offline: true, Jobs: 2},
				Policy: policy.Options{Policy: filepath.Join(dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
					Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
				Time: time.Unix(0, 0).UTC(), Progress: func(_ pipeline.Step, detail string) { said += detail + "\n" },
			},
			Formats: []string{"kernel+squashfs"}, OutputDir: filepath.Join(dir, "out"), Version: "test", Kept: store,
		})
		return built, said, err
	}
	for _, want := range []bool{false, true} {
		built, said, err := build("console=ttyS0")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(said, "no input has changed") != want {
			t.Errorf("kept image: want %t\n%s", want, said)
		}
		boots, err := os.ReadFile(filepath.Join(built.Dir, "os-cmdline"))
		if raw := built.Facts.Cmdline.Raw; err != nil || raw != string(boots) || !strings.HasPrefix(raw, "console=ttyS0 roothash=") {
			t.Errorf("the rules saw %q, and %q boots (%v)", raw, boots, err)
		}
	}
	for cmdline, want := range map[string]string{
		"roothash=00 quiet": "which the format adds itself", `"roothash=00"`: "which the format adds itself", "quiet -- debug": "the root hash cannot be added",
		`a="b`: "the root hash cannot be added", strings.Repeat("a", 2000): "bytes, and kernels have room",
	} {
		if _, _, err := build(cmdline); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20s: %v, want %q", cmdline, err, want)
		}
	}
}
