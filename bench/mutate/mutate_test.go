package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// This is a reproducible sample of the rules' mutants. `make mutate` tests all.
func TestSample(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	code, err := run(&out, io.Discard, "../../rules", choice{every: 5, only: "os/CAP", inversions: true})
	if err != nil || code != 0 {
		t.Errorf("exit %d, %v\n%s", code, err, out.String())
	}
}

// Surviving mutants are reported, equivalent ones are accepted, and an unneeded entry
// in the list of equivalents is an error.
func TestSurvivors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("data/params.json", `{"params": {"most": 3}}`)
	write("lib/lib.rego", `package lib

many(xs) if count(xs) >= data.params.most

unused(x) if x == 1
`)
	write("os/A-1.rego", `package a

import data.lib

fail if {
	lib.many(input.xs)
	not input.allowed
	startswith(input.name, "x")
}
`)
	test := `package a_test

import data.a

test_fires if a.fail with input as {"xs": [1, 2, 3], "name": "xy"}

test_few if not a.fail with input as {"xs": [1, 2], "name": "xy"}

test_name if not a.fail with input as {"xs": [1, 2, 3], "name": "y"}
`
	write("os/A-1_test.rego", test)
	check := func(want int, lines ...string) {
		t.Helper()
		var out bytes.Buffer
		code, err := run(&out, io.Discard, dir, choice{every: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if !strings.Contains(out.String(), l) {
				t.Errorf("no %q in\n%s", l, out.String())
			}
		}
		if code != want {
			t.Errorf("exit %d, want %d\n%s", code, want, out.String())
		}
	}
	check(1,
		"/os/A-1.rego:7: no test notices: the condition is removed: not input.allowed",
		"/lib/lib.rego:5: no test reaches: equal becomes neq: unused(x) if x == 1",
		"11 mutants: 8 noticed")
}

// A test that takes too many steps fails, on every machine.
func TestSteps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "os"), 0o755); err != nil {
		t.Fatal(err)
	}
	content := "package a_test\n\ntest_long if count([1 | some i in numbers.range(1, 20); some j in numbers.range(1, 20); i == j]) == 20\n"
	if err := os.WriteFile(filepath.Join(dir, "os", "A-1_test.rego"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	s, err := load(os.DirFS(dir))
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.compile(s.tests, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	for most, want := range map[int]bool{100: false, 10_000: true} {
		if s.most = most; s.passes(t.Context(), c, s.tests[0]) != want {
			t.Errorf("with %d steps the test passes: %t", most, !want)
		}
	}
}
