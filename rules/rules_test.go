package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/rules"
)

// modules parses every Rego file, including tests. It parses them again on each
// call, because compiling changes them.
func modules(t testing.TB) map[string]*ast.Module {
	t.Helper()
	out := map[string]*ast.Module{}
	walk(t, ".rego", func(name string, content []byte) {
		m, err := ast.ParseModuleWithOpts(name, string(content), ast.ParserOptions{
			ProcessAnnotation: true, RegoVersion: ast.RegoV1,
		})
		if err != nil {
			t.Fatal(err)
		}
		out[name] = m
	})
	return out
}

func walk(t testing.TB, ext string, visit func(name string, content []byte)) {
	t.Helper()
	err := fs.WalkDir(rules.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(name) != ext {
			return err
		}
		content, err := fs.ReadFile(rules.FS(), name)
		if err != nil {
			return err
		}
		visit(name, content)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// data merges the tables at the root of data, as the engine does.
func data(t testing.TB) map[string]any {
	t.Helper()
	out := map[string]any{}
	walk(t, ".json", func(name string, content []byte) {
		d := json.NewDecoder(bytes.NewReader(content))
		d.UseNumber()
		var tables map[string]any
		if err := d.Decode(&tables); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, table := range tables {
			if out[key] != nil {
				t.Fatalf("%s: %s is in another file too", name, key)
			}
			out[key] = table
		}
	})
	return out
}

func isTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }

// oneRule is the flag of make rule.
var oneRule = flag.String("rule", "", "test only the rule with this id")

// TestRego runs every Rego test as `seaworthy rules test` does, with errors of
// builtins raised. It also checks that the tests cover every line of every
// rule.
func TestRego(t *testing.T) {
	report := runRego(t)
	for name, file := range report.Files {
		if isTest(name) || *oneRule != "" && path.Base(name) != *oneRule+".rego" {
			continue
		}
		for _, r := range file.NotCovered {
			text := strings.TrimSpace(line(t, name, r.Start.Row))
			t.Errorf("%s:%d: no test reaches: %s\n\tadd a test that needs this line to %s",
				name, r.Start.Row, text, strings.TrimSuffix(name, ".rego")+"_test.rego")
		}
	}
}

var (
	regoOnce   sync.Once
	regoReport cover.Report
	regoFailed []string
	regoErr    error
)

// runRego runs the Rego tests once for all Go tests that read the result.
func runRego(t *testing.T) cover.Report {
	t.Helper()
	all, tables := modules(t), data(t)
	regoOnce.Do(func() {
		// The tests allocate much memory. Rare garbage collection saves a
		// quarter of the time.
		defer debug.SetGCPercent(debug.SetGCPercent(400))
		store := inmem.NewFromObjectWithOpts(tables, inmem.OptRoundTripOnWrite(false), inmem.OptReturnASTValuesOnRead(true))
		regoErr = storage.Txn(context.Background(), store, storage.TransactionParams{}, func(txn storage.Transaction) error {
			tracer := cover.New()
			runner := tester.NewRunner().SetStore(store).SetModules(all).SetCoverageQueryTracer(tracer).
				SetCoverageRuns([]cover.Kind{}).RaiseBuiltinErrors(true).SetTimeout(time.Hour).Filter(testsOf(*oneRule))
			results, err := runner.RunTests(context.Background(), txn)
			if err != nil {
				return err
			}
			ran := 0
			for r := range results {
				ran++
				if r.Error != nil {
					regoFailed = append(regoFailed, r.String()+": "+r.Error.Error())
				} else if !r.Pass() {
					regoFailed = append(regoFailed, r.String())
				}
			}
			regoReport = tracer.Report(all)
			if ran == 0 {
				return fmt.Errorf("no test in the package seaworthy.test.%s: write %s_test.rego beside the rule", strings.ReplaceAll(*oneRule, "-", "_"), *oneRule)
			}
			return nil
		})
	})
	if regoErr != nil {
		t.Fatal(regoErr)
	}
	for _, f := range regoFailed {
		t.Error(f)
	}
	return regoReport
}

// testsOf matches the names of a rule's tests; for no id, of all tests.
func testsOf(id string) string {
	if id == "" {
		return ""
	}
	return `^data\.seaworthy\.test\.` + strings.ReplaceAll(id, "-", "_") + `\.`
}

func line(t *testing.T, name string, row int) string {
	t.Helper()
	content, err := fs.ReadFile(rules.FS(), name)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	if row < 1 || row > len(lines) {
		return ""
	}
	return lines[row-1]
}

// pack is the content of one file in packs/.
type pack struct {
	Includes string   `yaml:"includes"`
	Rules    []string `yaml:"rules"`
}

func packs(t testing.TB) map[string]pack {
	t.Helper()
	out := map[string]pack{}
	walk(t, ".yaml", func(name string, content []byte) {
		if path.Dir(name) != "packs" {
			return
		}
		d := yaml.NewDecoder(bytes.NewReader(content))
		d.KnownFields(true)
		var file map[string]pack
		if err := d.Decode(&file); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for key, p := range file {
			if key != strings.TrimSuffix(path.Base(name), ".yaml") {
				t.Errorf("%s: pack %q belongs into a file of its name", name, key)
			}
			out[key] = p
		}
	})
	return out
}
