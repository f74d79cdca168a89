package rules_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// opaEnv is set for the tests that run the real opa and conftest. Its value is
// the folder that contains both. `make test-opa` compiles the versions in
// ../testdata/opa/go.mod.
const opaEnv = "SEAWORTHY_OPA"

// programs returns the folder of opa and conftest.
func programs(t *testing.T) string {
	t.Helper()
	dir := os.Getenv(opaEnv)
	if dir == "" {
		t.Skipf("the real opa and conftest are not asked for: run `make test-opa`, or set %s to the folder that holds them", opaEnv)
	}
	return dir
}

// run returns a program's output and exit code. It runs the program in the root
// of the repository, as users do.
func run(t *testing.T, program string, args ...string) (string, int) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = ".."
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestOPA checks that the rules are plain Rego. The real opa runs their tests
// with full line coverage, and the real conftest makes decisions with them.
func TestOPA(t *testing.T) {
	dir := programs(t)
	opa, conftest, dir := filepath.Join(dir, "opa"), filepath.Join(dir, "conftest"), t.TempDir()
	for _, args := range [][]string{
		{"check", "--strict", "rules/"},
		{"fmt", "--list", "--fail", "rules/"},
		{"test", "--coverage", "--threshold", "100", "--timeout", "1h", "--ignore", "examples", "rules/"},
	} {
		out, code := run(t, opa, args...)
		if code != 0 {
			t.Errorf("opa %s: exit %d\n%s", strings.Join(args, " "), code, tail(out))
		}
	}
	good, bad, only := filepath.Join(dir, "good.json"), filepath.Join(dir, "bad.json"), filepath.Join(dir, "baseline.json")
	writeJSON(t, only, map[string]any{"seaworthy": map[string]any{"active": []string{"baseline"}, "date": "2026-01-01"}})
	facts := goodByOPA(t, opa)
	writeJSON(t, good, facts)
	process := facts["components"].([]any)[4].(map[string]any)["spec"].(map[string]any)["process"].(map[string]any)
	process["capabilities"] = map[string]any{"bounding": []string{"CAP_SYS_ADMIN"}}
	writeJSON(t, bad, facts)
	question := "[f.key | some f in data.seaworthy.outcome.fail(data.seaworthy.rules.CAP_003.found)]"
	if out, code := run(t, opa, "eval", "--data", "rules/", "--ignore", "examples", "--input", bad, "--format", "raw", question); code != 0 || strings.TrimSpace(out) != `["CAP_SYS_ADMIN"]` {
		t.Errorf("opa eval: exit %d\n%s", code, tail(out))
	}
	for _, c := range []struct {
		facts  string
		failed []string
		code   int
	}{{good, nil, 0}, {bad, []string{"CAP-003"}, 1}} {
		out, code := run(t, conftest, "test", "-p", "rules", "-d", "rules/data", "-d", "rules/packs", "-d", only, "--output", "json", c.facts)
		var results []struct {
			Failures []struct {
				Msg      string
				Metadata struct{ ID, Resource, Key string }
			}
		}
		if err := json.Unmarshal([]byte(out), &results); err != nil || len(results) != 1 {
			t.Fatalf("conftest: %v\n%s", err, tail(out))
		}
		var failed []string
		for _, f := range results[0].Failures {
			failed = append(failed, f.Metadata.ID)
			if f.Metadata.Resource != "component:services/nginx" || !strings.HasPrefix(f.Msg, f.Metadata.ID+" "+f.Metadata.Resource+": ") {
				t.Errorf("conftest says %+v", f)
			}
		}
		if code != c.code || !slices.Equal(failed, c.failed) {
			t.Errorf("conftest on %s: exit %d, %v, want %d, %v\n%s", filepath.Base(c.facts), code, failed, c.code, c.failed, tail(out))
		}
	}
}

// goodByOPA returns the good system of the tests, as the real opa evaluates it.
func goodByOPA(t *testing.T, opa string) map[string]any {
	t.Helper()
	out, code := run(t, opa, "eval", "--data", "rules/", "--ignore", "examples", "--format", "raw", "data.seaworthy.testing.good")
	var facts map[string]any
	if err := json.Unmarshal([]byte(out), &facts); err != nil || code != 0 {
		t.Fatalf("opa eval: exit %d, %v\n%s", code, err, tail(out))
	}
	return facts
}

func writeJSON(t *testing.T, name string, v any) {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, raw, 0o644); err != nil {
		t.Fatal(err)
	}
}

// tail returns the end of a long output.
func tail(s string) string { return s[max(0, len(s)-3000):] }
