package scanner_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner"
)

// A second scanner finds the same facts in the cache, without a pass.
func TestCache(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	cache := scanner.Cache{Dir: filepath.Join(t.TempDir(), "inventory"), Program: "1.0"}
	first := cached(t, cache)
	for _, c := range fix.sys.Components {
		if first.Recall(c.Image, fix.reading(c)) {
			t.Fatalf("%s: recalled from an empty cache", c.ID())
		}
	}
	passed, documents, err := fix.scan(t, first)
	if err != nil {
		t.Fatal(err)
	}
	second := cached(t, cache)
	for _, c := range fix.sys.Components {
		if !second.Recall(c.Image, fix.reading(c)) {
			t.Fatalf("%s: not recalled", c.ID())
		}
	}
	recalled, err := second.Facts(t.Context(), fix.sys)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := asJSON(t, passed), asJSON(t, recalled); a != b {
		t.Errorf("facts differ:\n%s\n%s", a, b)
	}
	if k := second.Kernel(); k.Version != release {
		t.Errorf("kernel: %+v", k)
	}
	again, err := second.Documents(t.Context(), fix.sys)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := asJSON(t, documents), asJSON(t, again); a != b {
		t.Errorf("documents differ:\n%s\n%s", a, b)
	}
}

// Documents that were kept with another creation time are the same as new ones.
func TestCacheOtherTime(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	cache := scanner.Cache{Dir: filepath.Join(t.TempDir(), "inventory"), Program: "1.0"}
	at := func(created time.Time, c scanner.Cache) *scanner.Scanner {
		s := scanner.New(scanner.Options{TempDir: t.TempDir(), Version: "1.0", Documents: true, Cache: c, Created: created})
		t.Cleanup(func() { s.Close() })
		return s
	}
	old, now := time.Unix(0, 0), time.Date(2026, 11, 30, 1, 2, 3, 0, time.UTC)
	if _, _, err := fix.scan(t, at(old, cache)); err != nil {
		t.Fatal(err)
	}
	_, want, err := fix.scan(t, at(now, scanner.Cache{}))
	if err != nil {
		t.Fatal(err)
	}
	second := at(now, cache)
	for _, c := range fix.sys.Components {
		if !second.Recall(c.Image, fix.reading(c)) {
			t.Fatalf("%s: not recalled", c.ID())
		}
	}
	got, err := second.Documents(t.Context(), fix.sys)
	if err != nil {
		t.Fatal(err)
	}
	if a, b := asJSON(t, want), asJSON(t, got); a != b {
		t.Errorf("documents differ:\n%s\n%s", a, b)
	}
}

// An entry is used only for exactly the same image, read in the same way by the
// same program, from a complete file that belongs to us.
func TestCacheMisses(t *testing.T) {
	t.Parallel()
	fix := newFixture()
	cache := scanner.Cache{Dir: filepath.Join(t.TempDir(), "inventory"), Program: "1.0"}
	if _, _, err := fix.scan(t, cached(t, cache)); err != nil {
		t.Fatal(err)
	}
	kernel, web := fix.sys.Components[0], fix.sys.Components[1]
	recall := func(c scanner.Cache, img *system.Image, how scanner.Reading) bool {
		return cached(t, c).Recall(img, how)
	}
	if !recall(cache, web.Image, scanner.Reading{}) {
		t.Fatal("the recalled observation differs")
	}
	other := *web.Image
	other.Manifest = "sha256:" + strings.Repeat("9", 64)
	for name, hit := range map[string]bool{
		"another image":     recall(cache, &other, scanner.Reading{}),
		"another program":   recall(scanner.Cache{Dir: cache.Dir, Program: "1.1"}, web.Image, scanner.Reading{}),
		"devices allowed":   recall(cache, web.Image, scanner.Reading{Devices: true}),
		"as a kernel":       recall(cache, web.Image, scanner.Reading{Kernel: "kernel"}),
		"kernel as another": recall(cache, kernel.Image, scanner.Reading{}),
		"nested archive":    recall(cache, kernel.Image, scanner.Reading{Kernel: fix.sys.Kernel.Binary, Nested: []string{"kernel.tar"}}),
		"no cache":          recall(scanner.Cache{}, web.Image, scanner.Reading{}),
	} {
		if hit {
			t.Errorf("%s: recalled", name)
		}
	}
	if err := os.Chmod(cache.Dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if recall(cache, web.Image, scanner.Reading{}) {
		t.Error("an observation is recalled from a folder that all users may write to")
	}
	if err := os.Chmod(cache.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(cache.Dir, "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(strings.Replace(string(raw), `"files":`, `"fileS":`, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if recall(cache, web.Image, scanner.Reading{}) {
		t.Error("an observation is recalled from a damaged file")
	}
}

func cached(t *testing.T, c scanner.Cache) *scanner.Scanner {
	t.Helper()
	s := scanner.New(scanner.Options{TempDir: t.TempDir(), Version: "1.0", Documents: true, Cache: c})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
