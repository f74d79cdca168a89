package recipe

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestBuildShipped builds the components of the repository with the machine's apt
// and network. It runs if SEAWORTHY_APT is 1 or names components ("kernel,crun").
// SEAWORTHY_APT_OUTPUT keeps the layout.
func TestBuildShipped(t *testing.T) {
	want := os.Getenv("SEAWORTHY_APT")
	if want == "" {
		t.Skip("needs apt and the network: set SEAWORTHY_APT=1")
	}
	out := os.Getenv("SEAWORTHY_APT_OUTPUT")
	if out == "" {
		out = t.TempDir()
	}
	recipes, err := filepath.Glob("../../../components/*/" + FileName)
	if err != nil || len(recipes) == 0 {
		t.Fatalf("no components: %v", err)
	}
	for _, r := range recipes {
		name := filepath.Base(filepath.Dir(r))
		if want != "1" && !strings.Contains(","+want+",", ","+name+",") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			o := Options{Output: out, Arch: runtime.GOARCH, StateDir: os.Getenv("SEAWORTHY_APT_STATE"), Progress: func(s string) { t.Log(s) }}
			err := BuildAll(t.Context(), o, []string{filepath.Dir(r)}, 1, func(res *Result) {
				t.Logf("%s %s: %s, %s, %s", res.Reference, res.Digest, megabytes(res.Size), plural(len(res.Packages), "package"), time.Since(start).Round(time.Millisecond))
				for _, p := range res.Packages {
					t.Logf("  %s %s", p.Name, p.Version)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
