package main

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// TestWeb builds the example of an application with the pack hardened, and boots it
// until nginx answers, nginx passes on the figures of node_exporter, and probe has
// asked redis and chrony, which only the services of the system can reach.
func TestWeb(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	yml, out := s.path("web.yml"), s.path("web")
	s.run(cli.ExitPass, "lock", yml) // a missing component: run `make example-components`
	s.hardened(yml, sharedWaivers)
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	s.run(cli.ExitPass, "build", "--locked", "--policy", "hardened", "--waivers", s.path("waivers.yml"), "--now", "2026-12-01",
		"--key", s.path("seaworthy.key"), "--output-dir", out, yml)
	s.bare(cli.ExitPass, "verify", "--key", s.path("seaworthy.pub"), "--require-policy", "hardened", out)
	s.fits(out, "web", "kernel+initrd", webSizes)

	if _, err := exec.LookPath(emulators[s.arch]); err != nil {
		t.Skipf("not booted: %s is not installed", emulators[s.arch])
	}
	web := port(t)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	done := make(chan int, 1)
	go func() {
		done <- run(ctx, []string{"boot", "--key", s.path("seaworthy.pub"), "--publish", fmt.Sprintf("%d:8080", web), out}, strings.NewReader(""), console, console)
	}()
	for _, c := range []struct{ path, want string }{{"/", "<html"}, {"/metrics", "\nnode_memory_MemTotal_bytes "}} {
		page, ok := ask(ctx, console, done, fmt.Sprintf("http://127.0.0.1:%d%s", web, c.path))
		if !ok {
			t.Fatalf("nginx does not answer for %s\n%s", c.path, console)
		}
		if !strings.Contains(page, c.want) {
			t.Errorf("nginx serves %q for %s, want %q", page, c.path, c.want)
		}
	}
	for !strings.Contains(console.String(), "probe: all 4 components answer") {
		if console.quiet() > silence {
			t.Fatalf("not all services answer\n%s", console)
		}
		time.Sleep(time.Second)
	}
	stop()
	if code := <-done; code != cli.ExitPass {
		t.Errorf("boot: exit code %d\n%s", code, console)
	}
	for _, want := range []string{`probe: redis: tcp port 6379 answers "PONG`, "probe: chrony: healthy", "ready: 5 of 5 services"} {
		if !strings.Contains(console.String(), want) {
			t.Errorf("the console does not show %q\n%s", want, console)
		}
	}
}
