package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// ctr is a service that asks containerd what runs. It has containerd's socket, which
// every policy denies without a waiver.
const ctr = `
  - name: ctr
    image: seaworthy/containerd:1.6
    command: [/usr/bin/ctr, --namespace, services.linuxkit, tasks, list]
    binds: ["/run/containerd/containerd.sock:/run/containerd/containerd.sock:rw,nosuid,nodev,noexec,private"]
    capabilities: []
    noNewPrivileges: true
    seccomp: default
    net: /run/netns/outside
    ipc: new
    uts: new
`

const ctrWaiver = `waivers:
  - {rule: MNT-007, resource: component:services/ctr, reason: the test asks containerd, owner: tests, expires: 2099-01-01}
`

// moreLimits are limits of the service report, which the example does not need.
const moreLimits = `      cpu: {quota: 80000, period: 100000, shares: 512}
      memory: {limit: 67108864, reservation: 33554432}
`

// TestBootContainerd boots the example with crun, with runc, and with containerd. The
// service report sees the same restrictions in all of them, and containerd's own client
// sees the services.
func TestBootContainerd(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots three machines; run `make test-boot`")
	}
	if _, err := exec.LookPath(emulators["amd64"]); err != nil {
		t.Skipf("skipped: %s is not installed", emulators["amd64"])
	}
	s := newSystem(t)
	const memory = "      memory: {limit: 67108864}\n"
	text := string(readFile(t, s.path("minimal.yml")))
	at := strings.LastIndex(text, memory) // report is the last service
	if at < 0 {
		t.Fatalf("minimal.yml does not have %q", memory)
	}
	text = text[:at] + moreLimits + text[at+len(memory):]
	s.write("minimal.yml", text)
	s.locked()
	lean := s.restrictions(s.build("lean", []string{"kernel+initrd"}), nil)
	same := func(how string, report map[string]any) {
		for key, want := range lean {
			if !reflect.DeepEqual(report[key], want) {
				t.Errorf("%s with %s: %v\nwith crun: %v", key, how, report[key], want)
			}
		}
		if len(report) != len(lean) {
			t.Errorf("with %s, the report has %d keys; with crun, it has %d", how, len(report), len(lean))
		}
	}

	const crun, runc = "  - seaworthy/crun:1.8\n", "  - seaworthy/runc:1.1\n"
	if !strings.Contains(text, crun) {
		t.Fatalf("minimal.yml does not have %q", crun)
	}
	s.write("minimal.yml", strings.Replace(text, crun, runc, 1))
	s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
	same("runc", s.restrictions(s.build("runc", []string{"kernel+initrd"}), nil))

	text = strings.Replace(text, crun, runc+"  - seaworthy/containerd:1.6\n", 1)
	s.write("minimal.yml", text)
	s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
	s.hardened(s.path("minimal.yml"), "minimal.waivers.yml")

	s.write("minimal.yml", text+ctr)
	s.write("ctr.waivers.yml", ctrWaiver)
	s.run(cli.ExitPass, "lock", s.path("minimal.yml"))
	denied := map[string]bool{}
	for _, f := range s.decide(cli.ExitDenied, "--locked", s.path("minimal.yml")).Findings {
		if f.State == "fail" {
			denied[f.ID] = true
		}
	}
	if !denied["MNT-007"] || len(denied) != 1 {
		t.Errorf("baseline denies %v, want the socket alone", denied)
	}
	out := s.build("containerd", []string{"kernel+initrd"}, "--waivers", s.path("ctr.waivers.yml"))
	same("containerd", s.restrictions(out, []*regexp.Regexp{
		regexp.MustCompile(`containerd: started`),
		// The restart policy is that of other systems.
		regexp.MustCompile(`service ctr: ended; starts again in`),
		regexp.MustCompile(`(?m)ctr \| nginx +[0-9]+ +RUNNING`),
		regexp.MustCompile(`(?m)ctr \| report +[0-9]+ +RUNNING`),
	}, "--memory", "1024"))
}

func (s *realSystem) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// reported boots a system until its services nginx and report answer, and the console
// shows all that is wanted. It returns the report.
func (s *realSystem) reported(out string, wanted []*regexp.Regexp, more ...string) string {
	t := s.t
	t.Helper()
	web, http := port(t), port(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	done := make(chan int, 1)
	go func() {
		args := []string{"boot", "--key", s.path("seaworthy.pub"), "--format", "kernel+initrd", "--publish", fmt.Sprintf("%d:8080", web), "--publish", fmt.Sprintf("%d:8081", http)}
		done <- run(ctx, slices.Concat(args, more, []string{out}), strings.NewReader(""), console, console)
	}()
	if page, ok := ask(ctx, console, done, fmt.Sprintf("http://127.0.0.1:%d/", web)); !ok || !strings.Contains(page, "<html") {
		t.Fatalf("nginx does not answer: %q\n%s", page, console)
	}
	page, ok := ask(ctx, console, done, fmt.Sprintf("http://127.0.0.1:%d/", http))
	if !ok {
		t.Fatalf("report does not answer\n%s", console)
	}
	for _, w := range wanted {
		for !w.MatchString(console.String()) {
			select {
			case code := <-done:
				t.Fatalf("the machine ended with exit code %d before %q\n%s", code, w, console)
			case <-time.After(time.Second):
			}
			if console.quiet() > silence {
				t.Fatalf("the console does not show %q\n%s", w, console)
			}
		}
	}
	stop()
	if code := <-done; code != cli.ExitPass {
		t.Errorf("boot: exit code %d\n%s", code, console)
	}
	return page
}

// restrictions boots a system like reported. It returns the report in a form that two
// boots can be compared in.
func (s *realSystem) restrictions(out string, wanted []*regexp.Regexp, more ...string) map[string]any {
	t := s.t
	t.Helper()
	page := s.reported(out, wanted, more...)
	s.checkReport(t, page)
	var r map[string]any
	if err := json.Unmarshal([]byte(page), &r); err != nil {
		t.Fatal(err)
	}
	r["mounts"] = mounts(t, page)
	group, ok := r["cgroup"].(map[string]any)
	if !ok {
		t.Fatalf("cgroup %v", r["cgroup"])
	}
	delete(group, "path") // each runtime has its own names
	if sysctls, ok := r["sysctls"].(map[string]any); ok {
		delete(sysctls, "user.max_user_namespaces") // it depends on the free memory
	}
	// The kernel numbers the host's namespaces in the same way at each boot, and the
	// others as they are made (include/linux/proc_ns.h).
	host := regexp.MustCompile(`\[40265318(3[4-9]|4[01])\]$`)
	names, ok := r["namespaces"].(map[string]any)
	if !ok || len(names) < 6 {
		t.Fatalf("namespaces %v", r["namespaces"])
	}
	for kind, name := range names {
		names[kind] = "its own"
		if host.MatchString(fmt.Sprint(name)) {
			names[kind] = "the host's"
		}
	}
	return r
}

// mounts are the mounts of a report. The runtimes mount in different orders, and hide
// a file in different ways: what matters is what can be read and written.
func mounts(t *testing.T, page string) map[string]string {
	t.Helper()
	var r struct {
		Mounts []struct {
			Path, Type string
			ReadOnly   bool
			Options    []string
		}
	}
	if err := json.Unmarshal([]byte(page), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Mounts) == 0 {
		t.Fatal("the report has no mounts")
	}
	all := map[string]string{}
	for _, m := range r.Mounts {
		if strings.HasPrefix(m.Path, "/proc/") || m.Path == "/sys/firmware" {
			all[m.Path] = fmt.Sprintf("hidden %t, read-only %t", m.Type != "proc", m.ReadOnly)
			continue
		}
		slices.Sort(m.Options)
		all[m.Path] = fmt.Sprintf("%s, read-only %t, %v", m.Type, m.ReadOnly, m.Options)
	}
	return all
}
