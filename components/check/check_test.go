//go:build linux

package check

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestStatement(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte("one two\nthree\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string]string{
		"file " + name + " one t.o":  `ok "one two"`,
		"file " + name + " four":     "does not match",
		"file " + name + " (":        "missing closing",
		"file " + dir + "/x y":       "no such file",
		"file " + name:               "not complete",
		"missing " + dir + "/x":      "ok right",
		"missing " + name:            "it exists",
		"mode " + name + " 0600":     "ok right",
		"mode " + name + " 0644":     "it is 0600",
		"mounted /proc proc":         "ok right",
		"mounted /proc ext4":         `it is "proc"`,
		"mounted " + dir + "/x ext4": `it is ""`,
		"hostname " + host:           "ok right",
		"hostname not-" + host:       "it is",
		"run ^hi$|hi echo hi":        `ok "hi"`,
		"run hi false":               "exit status 1",
		"accepts 127.0.0.1:0":        "ok right",
		"refuses 127.0.0.1:0":        "was accepted",
		"accepts 127.0.0.1":          "missing port",
		"refuses nowhere":            "missing port",
		"colour /x blue":             "unknown kind",
		"":                           "not complete",
	} {
		got, err := statement(t.Context(), s)
		if err != nil {
			got = err.Error()
		} else {
			got = "ok " + got
		}
		if !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", s, got, want)
		}
	}
}

func TestMounted(t *testing.T) {
	t.Parallel()
	const text = "tmpfs /a tmpfs rw 0 0\n/dev/vdb /a ext4 rw 0 0\n/dev/vdb /b xfs rw 0 0\n"
	for folder, want := range map[string]string{"/a": "ext4", "/b": "xfs", "/c": ""} {
		if got := mounted(text, folder); got != want {
			t.Errorf("%s: %q", folder, got)
		}
	}
}
