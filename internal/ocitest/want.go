package ocitest

import (
	"strings"
	"testing"
)

// WantLines compares lines, such as those of a Recorder.
func WantLines(tb testing.TB, got []string, want ...string) {
	tb.Helper()
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		tb.Errorf("got:\n%s\n\nwant:\n%s", g, w)
	}
}

// WantError requires an error of a kind that contains each text. hasKind decides
// whether the error is of that kind.
func WantError(tb testing.TB, err, kind error, hasKind func(err, kind error) bool, texts ...string) {
	tb.Helper()
	if err == nil {
		tb.Fatalf("no error; want one with %q", texts)
	}
	if !hasKind(err, kind) {
		tb.Errorf("%v: not of the kind %v", err, kind)
	}
	for _, s := range texts {
		if !strings.Contains(err.Error(), s) {
			tb.Errorf("%v\n  does not contain %q", err, s)
		}
	}
}
