package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/scanner/kernelvex"
)

// The lists in the image of our own kernel decide as its configuration says.
func TestKernelVEX(t *testing.T) {
	var out, errs bytes.Buffer
	if vexOf(t, &out, &errs, "init/main.c") != cli.ExitPass {
		for _, missing := range []string{"not found in " + realComponents, `components "` + realComponents, "the image has no file kernel.code"} {
			if strings.Contains(errs.String(), missing) {
				t.Skip("skipped: the kernel is missing, or was compiled by an older version; run `make kernel`: " + errs.String())
			}
		}
	}
	decidesLikeConfig(t)
}

// vexOf runs kernel vex for our own kernel, with one record for each list of files.
func vexOf(t *testing.T, out, errs *bytes.Buffer, files ...string) int {
	t.Helper()
	dir := t.TempDir()
	for i, list := range files {
		id := fmt.Sprintf("CVE-2026-%d", 10000+i)
		record := map[string]any{"dataType": "CVE_RECORD", "dataVersion": "5.1.1",
			"cveMetadata": map[string]any{"assignerOrgId": "f4215fc3-5b6b-47ff-a258-f7189bd81038", "cveId": id, "state": "PUBLISHED"},
			"containers": map[string]any{"cna": map[string]any{"affected": []any{
				map[string]any{"vendor": "Linux", "product": "Linux", "programFiles": strings.Fields(list), "versions": []any{}}}}}}
		data, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, id+".json"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return run(t.Context(), []string{"kernel", "vex", "--layout", realComponents, "--arch", "amd64", "--author", "test", "--cves", dir, "seaworthy/kernel-hardened:6.12"},
		strings.NewReader(""), out, errs)
}

// decidesLikeConfig compares the statements with what our kernel is known to have: each part of
// its build has files, and drivers of other machines have not.
func decidesLikeConfig(t *testing.T) {
	t.Helper()
	var files, want []string
	for list, status := range map[string]string{
		"init/main.c":                                                        kernelvex.Unknown,
		"arch/x86/boot/compressed/misc.c":                                    kernelvex.Unknown,
		"arch/x86/realmode/rm/trampoline_64.S":                               kernelvex.Unknown,
		"arch/x86/entry/vdso/vclock_gettime.c":                               kernelvex.Unknown,
		"drivers/firmware/efi/libstub/tpm.c":                                 kernelvex.Unknown,
		"drivers/virtio/virtio_pci_modern.c":                                 kernelvex.Unknown,
		"include/linux/kconfig.h":                                            kernelvex.Unknown,
		"fs/ext4/super.c drivers/gpu/drm/i915/x":                             kernelvex.Unknown,
		"drivers/gpu/drm/i915/renamed.c":                                     kernelvex.Unknown,
		"drivers/gpu/drm/i915/i915_driver.c drivers/gpu/drm/i915/i915_drv.h": kernelvex.NotAffected,
		"arch/s390/kernel/setup.c":                                           kernelvex.NotAffected,
		"io_uring/rw.c":                                                      kernelvex.NotAffected,
	} {
		files, want = append(files, list), append(want, status)
	}
	var out, errs bytes.Buffer
	if code := vexOf(t, &out, &errs, files...); code != cli.ExitPass {
		t.Fatal(errs.String())
	}
	var d kernelvex.Document
	if err := json.Unmarshal(out.Bytes(), &d); err != nil || len(d.Statements) != len(files) {
		t.Fatalf("%d statements: %v", len(d.Statements), err)
	}
	for i, s := range d.Statements {
		if s.Status != want[i] {
			t.Errorf("%s: %s %s", files[i], s.Status, s.Notes)
		}
	}
}
