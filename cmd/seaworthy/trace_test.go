package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/pipeline/trace"
)

// TestTrace traces services in booted systems. The trace itself boots each system with
// its proposal, and fails if the service does not work.
func TestTrace(t *testing.T) {
	if os.Getenv("SEAWORTHY_TRACE") == "" {
		t.Skip("skipped: boots each system several times; run `make test-trace`")
	}
	if _, err := exec.LookPath("qemu-system-x86_64"); err != nil {
		t.Skip("skipped: QEMU is not installed")
	}
	s := newSystem(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	redis, err := filepath.Abs("../../components/redis/system.yml")
	if err != nil {
		t.Fatal(err)
	}
	var common []string
	for _, dir := range []string{realComponents, carelessImages} {
		abs, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		common = append(common, "--components", abs)
	}
	s.copyFile("../../testdata/components/base.yml", "base.yml")
	s.copyFile(redis, "redis.yml")
	if err := os.WriteFile(s.path("nginx.yml"), fmt.Appendf(nil, carelessService, "nginx"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(s.dir) // patch -p1 changes files below the current folder
	verb := func(name string, args ...string) string {
		return s.stdout(append(append([]string{name, "--offline"}, common...), args...)...)
	}

	// The call mkdir is not exercised, so the system with the proposal refuses it.
	// Otherwise redis, which owns /data, could make the folder.
	t.Run("redis", func(t *testing.T) {
		g := *s
		g.t = t
		patch(t, verb("trace", "--service", "redis", "base.yml", "redis.yml"))
		profile, err := os.ReadFile("redis.seccomp.json")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(profile), `"mkdir`) || !strings.Contains(string(profile), `"epoll_wait"`) {
			t.Errorf("the profile is not about what redis did:\n%s", profile)
		}
		g.bare(cli.ExitPass, "key", "generate", "--output-dir", ".")
		ping := health.Check{TCP: 6379, Send: "PING\r\n", Expect: "PONG"}
		probe := g.probe([]*library{{name: "redis", checks: []health.Check{ping, {TCP: 6379, Send: "CONFIG SET appendonly yes\r\n", Expect: "^-ERR"}, ping}}})
		files := []string{"base.yml", "redis.yml", probe}
		verb("lock", files...)
		verb("build", append([]string{"--locked", "--key", "seaworthy.key", "--output-dir", "out"}, files...)...)
		text := g.untilAnswered("out", "seaworthy", 1, nil)
		if want := "appendonlydir: Operation not permitted"; !strings.Contains(text, want) {
			t.Errorf("the console does not show %q\n%s", want, text)
		}
	})

	// A container of onboot runs once in a boot. Its network interface lets the OCI runtime
	// only create it, and PID 1 start it. It needs both of its capabilities.
	t.Run("dhcp", func(t *testing.T) {
		const check = "onboot:\n  - name: check-route\n    image: seaworthy/check:0.1\n    net: /run/netns/outside\n" +
			"    command: [/usr/bin/check, 'file /proc/net/route eth0\\t00000000']\n"
		if err := os.WriteFile("check.yml", []byte(check), 0o644); err != nil {
			t.Fatal(err)
		}
		var r trace.Report
		if err := json.Unmarshal([]byte(verb("trace", "--onboot", "dhcp", "--report", "json", "base.yml", "check.yml")), &r); err != nil {
			t.Fatal(err)
		}
		var needed []string
		for _, c := range r.Capabilities {
			if c.Needed {
				needed = append(needed, c.Name)
			}
		}
		if want := []string{"CAP_NET_ADMIN", "CAP_NET_RAW"}; !slices.Equal(needed, want) {
			t.Errorf("it needs %v, want %v", needed, want)
		}
		var calls []string
		for _, c := range r.Calls {
			calls = append(calls, c.Name)
		}
		if !slices.Contains(calls, "socket") || !slices.Contains(calls, "sendto") || slices.Contains(calls, "mount") {
			t.Errorf("the calls are not those of dhcp: %v", calls)
		}
		patch(t, r.Diff)
		text, err := os.ReadFile("base.yml")
		if err != nil || !strings.Contains(string(text), "seccomp: dhcp.seccomp.json") {
			t.Errorf("%v\n%s", err, text)
		}
	})

	// A careless service: root, all capabilities, a writable root, no filter.
	t.Run("nginx", func(t *testing.T) {
		var r trace.Report
		t.Setenv("SEAWORTHY_EXERCISE", "http")
		out := s.stdout(append(append([]string{"trace"}, common...), "--offline", "--report", "json", "--service", "nginx", "--publish", "80",
			"--exercise", "'"+self+"' -test.run '^TestTraceExercise$' -test.count 1", "base.yml", "nginx.yml")...)
		if err := json.Unmarshal([]byte(out), &r); err != nil {
			t.Fatal(err)
		}
		var needed []string
		for _, c := range r.Capabilities {
			if c.Needed {
				needed = append(needed, c.Name)
			}
		}
		// On a busy machine, it may keep more.
		for _, c := range []string{"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_SETGID", "CAP_SETUID"} {
			if !slices.Contains(needed, c) {
				t.Errorf("%s is not needed, of %v", c, needed)
			}
		}
		for _, c := range []string{"CAP_SYS_ADMIN", "CAP_SYS_MODULE", "CAP_NET_ADMIN"} {
			if slices.Contains(needed, c) {
				t.Errorf("%s is needed", c)
			}
		}
		patch(t, r.Diff)
		text, err := os.ReadFile("nginx.yml")
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"readonly: true", "/var/lib/nginx:rw", "seccomp: nginx.seccomp.json"} {
			if !strings.Contains(string(text), want) {
				t.Errorf("nginx.yml lacks %q:\n%s", want, text)
			}
		}
		t.Logf("%s\n%+v", text, r.Runs)
	})
}

// TestTraceExercise is the exercise of TestTrace.
func TestTraceExercise(t *testing.T) {
	if os.Getenv("SEAWORTHY_EXERCISE") == "" {
		t.Skip("skipped: only TestTrace runs it")
	}
	if os.Getenv("SEAWORTHY_PORT") != os.Getenv("SEAWORTHY_PORT_80") {
		t.Error("the two variables with the port differ")
	}
	for path, want := range map[string]string{"/": "Welcome to nginx", "/none": "404 Not Found"} {
		res, err := http.Get("http://127.0.0.1:" + os.Getenv("SEAWORTHY_PORT") + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || !strings.Contains(string(body), want) {
			t.Errorf("%s: %q, %v", path, body, err)
		}
	}
}

// patch applies a diff in the current folder.
func patch(t *testing.T, diff string) {
	t.Helper()
	cmd := exec.Command("patch", "-p1")
	cmd.Stdin = strings.NewReader(diff)
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("patch: %v\n%s\n%s", err, text, diff)
	}
}
