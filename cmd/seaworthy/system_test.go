package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// realComponents is the folder where `make components` writes our images.
const realComponents = "../../dist/components"

// realSystem is a copy of the examples, built from the real components for an
// architecture.
type realSystem struct {
	t         *testing.T
	dir, arch string
	// keyboard is typed on the console of the machine, in tests with the service probe.
	keyboard io.Reader
}

func newSystem(t *testing.T) *realSystem {
	t.Helper()
	return newSystemFor(t, "amd64")
}

func newSystemFor(t *testing.T, arch string) *realSystem {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped: builds and boots a real system")
	}
	if _, err := os.Stat(realComponents); err != nil {
		t.Skip("skipped: no components; run `make components` or `make test`")
	}
	environment()
	s := &realSystem{t: t, dir: t.TempDir(), arch: arch, keyboard: strings.NewReader("")}
	for _, name := range []string{"minimal.yml", "minimal.waivers.yml", "minimal.arm64.waivers.yml", "insecure.yml", "web.yml", "waivers.yml"} {
		b, err := os.ReadFile(filepath.Join("../../examples", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.path(name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// environment is that of all tests with real systems. t.Setenv would keep them from
// running in parallel. Without CI, explain prints diffs for patch.
var environment = sync.OnceFunc(func() {
	if err := errors.Join(os.Setenv("COSIGN_PASSWORD", "test"), os.Unsetenv("CI")); err != nil {
		panic(err)
	}
})

func (s *realSystem) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a verb with the real components and requires an exit code.
func (s *realSystem) run(want int, verb string, args ...string) (stdout string) {
	s.t.Helper()
	var out, errs bytes.Buffer
	args = append([]string{verb, "--components", realComponents, "--offline", "--arch", s.arch}, args...)
	if got := run(s.t.Context(), args, strings.NewReader(""), &out, &errs); got != want {
		s.t.Fatalf("seaworthy %v: exit code %d, want %d\n%s%s", args, got, want, out.String(), errs.String())
	}
	return out.String()
}

// bare runs a verb that does not read components.
func (s *realSystem) bare(want int, args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	if got := run(s.t.Context(), args, strings.NewReader(""), &out, &errs); got != want {
		s.t.Fatalf("seaworthy %v: exit code %d, want %d\n%s%s", args, got, want, out.String(), errs.String())
	}
	return out.String() + errs.String()
}

// stdout runs a verb and returns only what it prints for programs.
func (s *realSystem) stdout(args ...string) string {
	s.t.Helper()
	var out, errs bytes.Buffer
	if got := run(s.t.Context(), args, strings.NewReader(""), &out, &errs); got != cli.ExitPass {
		s.t.Fatalf("seaworthy %v: exit code %d\n%s%s", args, got, out.String(), errs.String())
	}
	return out.String()
}

func (s *realSystem) decide(want int, args ...string) decision.Decision {
	s.t.Helper()
	var d decision.Decision
	if err := json.Unmarshal([]byte(s.run(want, "check", append(args, "--report", "json")...)), &d); err != nil {
		s.t.Fatal(err)
	}
	return d
}

// TestInsecure: each kind of mistake is found, with its place and the layer that
// caused it.
func TestInsecure(t *testing.T) {
	s := newSystem(t)
	d := s.decide(cli.ExitDenied, s.path("insecure.yml"))
	found := map[string]bool{}
	for _, f := range d.Findings {
		if f.State != decision.StateFail {
			continue
		}
		found[f.ID] = true
		if f.Message == "" || f.Fix == "" {
			t.Errorf("%s on %s has no message or no fix: %+v", f.ID, f.Resource, f)
		}
		if f.Origin == nil || (f.Origin.Layer == "os.yml" && f.Origin.Line == 0) {
			t.Errorf("%s on %s has no place: %+v", f.ID, f.Resource, f.Origin)
		}
	}
	for _, id := range []string{"CAP-001", "CAP-003", "CAP-004", "NSP-001", "MNT-004", "MNT-007", "DEV-001", "IMG-001", "IMG-002", "CMD-001", "CMD-002", "CMD-012", "FIL-001", "FIL-002", "JNT-001"} {
		if !found[id] {
			t.Errorf("%s does not fire", id)
		}
	}
}

// TestMinimal builds, signs, verifies and boots the example. In make test, it boots
// from a registry; in make test-boot, from folders. Over the network, its services
// report their permissions.
func TestMinimal(t *testing.T) {
	if allBoots() { // else it changes TMPDIR
		t.Parallel()
	}
	s := newSystem(t)
	yml := s.path("minimal.yml")
	s.run(cli.ExitDenied, "check", yml) // no digests yet
	s.locked()
	s.hardened(yml, "minimal.waivers.yml")
	formats := []string{"kernel+initrd", "iso-efi"}
	if allBoots() {
		formats = formatsWithoutUKI()
	}
	sized := 0
	for i, group := range together(formats) {
		out := s.build(fmt.Sprint("out", i), append(slices.Clone(group), "tar"))
		s.bare(cli.ExitPass, "verify", "--key", s.path("seaworthy.pub"), "--require-policy", "baseline", out)
		s.bare(cli.ExitVerify, "verify", "--key", s.path("seaworthy.pub"), "--require-policy", "hardened", out)
		for _, c := range []string{"kernel", "init-000", "init-001", "onboot-sysctl", "onboot-dhcp", "services-nginx", "services-report"} {
			if _, err := os.Stat(filepath.Join(out, "sbom", "components", c+".spdx.json")); err != nil {
				t.Errorf("component without an SBOM: %v", err)
			}
		}
		for _, format := range group {
			if sizedFiles[format] != nil {
				s.fits(out, "minimal", format, usualSizes)
				sized++
			}
		}
		s.inside(out)
		if !allBoots() { // all formats are too large for a registry in memory
			out = s.published(out)
		}
		s.boots(out, group)
	}
	if sized != len(sizedFiles) {
		t.Errorf("the sizes of %d formats were checked, want %d", sized, len(sizedFiles))
	}
}

// published pushes a folder to a registry, and gives the reference of the image. At
// the end of the test, no temporary file of a boot may be left.
func (s *realSystem) published(out string) string {
	s.t.Helper()
	server := httptest.NewServer(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
	temporary := s.t.TempDir()
	s.t.Setenv("TMPDIR", temporary)
	s.t.Cleanup(func() {
		server.Close()
		if left, err := os.ReadDir(temporary); err != nil || len(left) != 0 {
			s.t.Errorf("boot left temporary files: %v, %v", left, err)
		}
	})
	ref := strings.TrimPrefix(server.URL, "http://") + "/systems/minimal:1"
	s.bare(cli.ExitPass, "push", out, ref)
	return ref
}

// locked makes the lock and the keys of the system. It passes the baseline without
// waivers.
func (s *realSystem) locked() {
	s.t.Helper()
	s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
	if d := s.decide(cli.ExitPass, "--locked", s.path("minimal.yml")); len(d.Waivers) != 0 {
		s.t.Errorf("baseline needs waivers: %+v", d.Waivers)
	}
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
}

// build builds the system in a folder, and gives its path. more are more flags.
func (s *realSystem) build(name string, formats []string, more ...string) string {
	s.t.Helper()
	args := []string{"--locked", "--key", s.path("seaworthy.key"), "--format", strings.Join(formats, ","), "--output-dir", s.path(name), s.path("minimal.yml")}
	s.run(cli.ExitPass, "build", append(args, more...)...)
	return s.path(name)
}

// allBoots: `make test-boot` boots every format, and `make test` three.
func allBoots() bool { return os.Getenv("SEAWORTHY_BOOT") == "all" }

// formatsWithoutUKI are the formats that boot without Secure Boot. One format with a
// UKI is among them: firmware without keys starts it too. TestSecureBoot boots the
// others.
func formatsWithoutUKI() []string {
	uki := image.Formats(image.HoldsUKI)
	return append([]string{"iso-efi"}, slices.DeleteFunc(bootFormats(), func(f string) bool { return slices.Contains(uki, f) })...)
}

// bootFormats are the formats that boot, without those that have the disk of another
// one: tests of builder/image compare these disks.
func bootFormats() []string {
	same := []string{"iso-efi-initrd", "qcow2-efi-verity", "vhd", "dynamic-vhd", "aws"}
	return slices.DeleteFunc(image.Formats(image.Bootable), func(f string) bool { return slices.Contains(same, f) })
}

// together groups formats that one build can write.
func together(formats []string) (groups [][]string) {
next:
	for _, f := range formats {
		for i, g := range groups {
			if with := append(slices.Clone(g), f); image.CheckFormats(with) == nil {
				groups[i] = with
				continue next
			}
		}
		groups = append(groups, []string{f})
	}
	return groups
}

// sharedWaivers has the waivers of all examples but minimal.yml.
const sharedWaivers = "waivers.yml"

// hardened checks that the example passes the stronger pack with few waivers. All
// waivers are used, except those of sharedWaivers that are about a component of another
// example. At most three are about the system itself; the others are about options of
// Debian's kernel.
func (s *realSystem) hardened(yml, waivers string) {
	s.t.Helper()
	d := s.decide(cli.ExitPass, "--locked", "--policy", "hardened", "--waivers", s.path(waivers), "--now", "2026-12-01", yml)
	own := 0
	for _, w := range d.Waivers {
		about := func(f decision.Finding) bool { return f.Resource == w.Resource }
		if waivers == sharedWaivers && !slices.ContainsFunc(d.Findings, about) {
			continue
		}
		if !w.Used {
			s.t.Errorf("the waiver for %s on %s is unused", w.Rule, w.Resource)
		}
		if !strings.HasPrefix(w.Resource, "kernel:CONFIG_") {
			own++
		}
	}
	if own > 3 {
		s.t.Errorf("%d waivers are about the system itself, want at most 3", own)
	}
}

// boots boots formats of an image, as many at a time as there are processors. more
// are more flags.
func (s *realSystem) boots(out string, formats []string, more ...string) {
	s.t.Run("boot", func(t *testing.T) {
		for _, f := range formats {
			t.Run(f, func(t *testing.T) {
				t.Parallel()
				s.answers(t, out, f, more...)
			})
		}
	})
}

// emulators are the programs that boot the architectures.
var emulators = map[string]string{"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64", "riscv64": "qemu-system-riscv64"}

// answers boots one format to the answers of its services. out is a folder, or the
// reference of an image in a registry.
func (s *realSystem) answers(t *testing.T, out, format string, more ...string) {
	if _, err := exec.LookPath(emulators[s.arch]); err != nil {
		t.Skipf("skipped: %s is not installed", emulators[s.arch])
	}
	web, report := port(t), port(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	done := make(chan int, 1)
	go func() {
		args := []string{"boot", "--key", s.path("seaworthy.pub"), "--format", format, "--publish", fmt.Sprintf("%d:8080", web), "--publish", fmt.Sprintf("%d:8081", report), out}
		done <- run(ctx, append(args, more...), strings.NewReader(""), console, console)
	}()
	page, ok := ask(ctx, console, done, fmt.Sprintf("http://127.0.0.1:%d/", web))
	if !ok {
		t.Fatalf("nginx does not answer\n%s", console)
	}
	if !strings.Contains(page, "<html") {
		t.Errorf("nginx serves %q", page)
	}
	page, ok = ask(ctx, console, done, fmt.Sprintf("http://127.0.0.1:%d/", report))
	if !ok {
		t.Fatalf("report does not answer\n%s", console)
	}
	s.checkReport(t, page)
	stop()
	if code := <-done; code != cli.ExitPass {
		t.Errorf("boot: exit code %d\n%s", code, console)
	}
	for _, want := range []string{"onboot 000-sysctl: ok", "onboot 001-dhcp: ok", "ready: 2 of 2 services"} {
		if !strings.Contains(console.String(), want) {
			t.Errorf("the console does not show %q\n%s", want, console)
		}
	}
}

// checkReport compares the report of the running container with os.yml.
func (s *realSystem) checkReport(t *testing.T, page string) {
	t.Helper()
	var r struct {
		UID             int
		NoNewPrivileges bool
		Seccomp         string
		Capabilities    map[string][]string
		Cgroup          struct{ Limits map[string]string }
		Landlock        struct {
			Version       int
			Before, After []attempt
		}
	}
	if err := json.Unmarshal([]byte(page), &r); err != nil {
		t.Fatalf("%v: %s", err, page)
	}
	if r.UID != 102 || !r.NoNewPrivileges || r.Seccomp != "filter" {
		t.Errorf("the container runs as %+v", r)
	}
	for set, caps := range r.Capabilities {
		if len(caps) != 0 {
			t.Errorf("%s capabilities: %v", set, caps)
		}
	}
	// report has restricted itself with Landlock, which forbids to listen since version 4.
	before, after := allowed(r.Landlock.Before), allowed(r.Landlock.After)
	if r.Landlock.Version == 0 || len(before) != 3 || before["listen on another port"] != after["listen on another port"] != (r.Landlock.Version >= 4) {
		t.Errorf("Landlock: %+v", r.Landlock)
	}
	for _, action := range []string{"read its own program", "list /"} {
		if !before[action] || after[action] {
			t.Errorf("Landlock: %q was possible before: %t, after: %t", action, before[action], after[action])
		}
	}
	for name, want := range limitsOf(t, s.path("minimal.yml"), "report") {
		if got := r.Cgroup.Limits[name]; got != want {
			t.Errorf("the container has %s %q, want %q, as in os.yml", name, got, want)
		}
	}
}

// attempt is an action that report has tried.
type attempt struct {
	Name    string
	Allowed bool
}

func allowed(attempts []attempt) map[string]bool {
	all := map[string]bool{}
	for _, a := range attempts {
		all[a.Name] = a.Allowed
	}
	return all
}

// limitsOf returns the limits that an os.yml gives a service, as the files of cgroup v2
// show them.
func limitsOf(t *testing.T, file, service string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var system struct {
		Services []struct {
			Name      string
			Resources struct {
				Pids   struct{ Limit int64 }
				Memory struct{ Limit, Reservation int64 }
				CPU    struct{ Quota, Period, Shares int64 }
			}
		}
	}
	if err := yaml.Unmarshal(data, &system); err != nil {
		t.Fatal(err)
	}
	limits := map[string]string{}
	for _, one := range system.Services {
		if one.Name != service {
			continue
		}
		r := one.Resources
		if r.Pids.Limit == 0 || r.Memory.Limit == 0 {
			break
		}
		limits["pids.max"], limits["memory.max"] = fmt.Sprint(r.Pids.Limit), fmt.Sprint(r.Memory.Limit)
		if r.Memory.Reservation != 0 {
			limits["memory.low"] = fmt.Sprint(r.Memory.Reservation)
		}
		if r.CPU.Quota != 0 {
			limits["cpu.max"] = fmt.Sprint(r.CPU.Quota, " ", r.CPU.Period)
		}
		if r.CPU.Shares != 0 {
			// 2 to 262144 shares of cgroup v1 are weights from 1 to 10000.
			limits["cpu.weight"] = fmt.Sprint(1 + (r.CPU.Shares-2)*9999/262142)
		}
		return limits
	}
	t.Fatalf("%s has no service %s with limits of processes and memory", file, service)
	return nil
}

// firstPort is below the ports that the kernel chooses for others.
const firstPort, ports = 20000, 12000

// nextPort is where port looks next. Tests of another program begin elsewhere.
var nextPort atomic.Uint32

func init() { nextPort.Store(rand.Uint32N(ports)) }

// port returns a free port. Tests run in parallel, and a machine uses its port some time
// later: no other test of this program gets the same port.
func port(t *testing.T) int {
	t.Helper()
	for range ports {
		p := firstPort + int(nextPort.Add(1)%ports)
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", p)); err == nil {
			l.Close()
			return p
		}
	}
	t.Fatal("no port is free")
	return 0
}

// silence is the longest time without console output. The time of a boot depends on
// the host, so only a machine without progress counts as failed.
const silence = 10 * time.Minute

// ask sends requests until a service answers, the machine ends, or the console has
// been silent for too long.
func ask(ctx context.Context, console *console, done chan int, url string) (string, bool) {
	// A port can accept a request before the service runs. The request is then lost.
	client := &http.Client{Timeout: 10 * time.Second}
	for console.quiet() < silence {
		select {
		case code := <-done:
			done <- code
			return "", false
		case <-time.After(time.Second):
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return "", false
		}
		res, err := client.Do(req)
		if err != nil {
			if os.IsTimeout(err) {
				client.Timeout *= 2
			}
			continue
		}
		b, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err == nil && res.StatusCode == http.StatusOK {
			return string(b), true
		}
	}
	return "", false
}

// console collects what the machine prints.
type console struct {
	mu   sync.Mutex
	b    bytes.Buffer
	last time.Time // time of the last output
}

// quiet returns the time since the last output.
func (c *console) quiet() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.last)
}

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
	return c.b.Write(p)
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.b.String()
}
