package main

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// tree writes files below a new folder, and returns the folder.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	root := tree(t, map[string]string{
		"cpu.stat":                  "usage_usec 2500000\nuser_usec 2000000\nsystem_usec 500000\n",
		"web/memory.current":        "4096\n",
		"web/memory.max":            "max\n",
		"web/memory.stat":           "anon 1024\nanon_thp 7\n",
		"web/memory.events":         "low 0\noom 3\noom_kill 2\n",
		"web/pids.max":              "32\n",
		"web/io.stat":               "8:0 rbytes=10 wbytes=1 rios=5\n8:16 rbytes=5 wbytes=2\n",
		"web/we\"b\\x/pids.current": "1\n",
	})
	w := httptest.NewRecorder()
	handler(root).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	got := w.Body.String()
	for _, want := range []string{
		"# TYPE cgroup_cpu_seconds_total counter\n",
		"cgroup_cpu_seconds_total{cgroup=\"/\"} 2.5\n",
		"cgroup_memory_bytes{cgroup=\"/web\"} 4096\n",
		"cgroup_memory_anonymous_bytes{cgroup=\"/web\"} 1024\n",
		"cgroup_memory_oom_kills_total{cgroup=\"/web\"} 2\n",
		"cgroup_processes_limit{cgroup=\"/web\"} 32\n",
		"cgroup_io_read_bytes_total{cgroup=\"/web\"} 15\n",
		"cgroup_io_written_bytes_total{cgroup=\"/web\"} 3\n",
		"cgroup_processes{cgroup=\"/web/we\\\"b\\\\x\"} 1\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "cgroup_memory_limit_bytes{") {
		t.Errorf("a cgroup without a limit has one:\n%s", got)
	}
}

// TestMissing: an error names what is missing.
func TestMissing(t *testing.T) {
	t.Parallel()
	if err := serve(t.Context(), "127.0.0.1:0", t.TempDir()); err == nil || !strings.Contains(err.Error(), "not mounted") {
		t.Error(err)
	}
	w := httptest.NewRecorder()
	handler("/nonexistent").ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 500 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
