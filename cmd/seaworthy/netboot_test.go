package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestBootNetwork boots a system over the network with the commands of docs/images.md:
// iPXE loads its script over TFTP, and kernel and initrd over HTTP.
func TestBootNetwork(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots a machine; run `make test-boot`")
	}
	s := newSystem(t)
	s.needs("qemu-system-x86_64")
	s.locked()
	script, machine := networkCommands(t)
	s.build("dist/os", []string{"kernel+initrd"}, "--name", "os")

	folder := s.path("netboot")
	server := httptest.NewServer(http.FileServer(http.Dir(folder)))
	defer server.Close()
	const page = "http://10.0.2.2:8080"
	here := strings.Replace(server.URL, "127.0.0.1", "10.0.2.2", 1)
	if !strings.Contains(script, page) {
		t.Fatalf("the page does not name %s", page)
	}
	write := exec.CommandContext(t.Context(), "sh", "-c", strings.ReplaceAll(script, page, here))
	write.Dir = s.dir
	if out, err := write.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	console := &console{last: time.Now()}
	cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+machine)
	cmd.Dir = folder
	cmd.Stdout, cmd.Stderr = console, console
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for !strings.Contains(console.String(), "ready: 2 of 2 services") {
		select {
		case err := <-ended:
			t.Fatalf("the machine ended: %v\n%s", err, console)
		case <-time.After(time.Second):
		}
		if console.quiet() > silence {
			t.Fatalf("the machine does not come up\n%s", console)
		}
	}
	stop()
	if err := <-ended; err == nil {
		t.Error("the machine ended by itself")
	}
}

// networkCommands are the commands of the page that write the script, without the server,
// and the command that starts the machine.
func networkCommands(t *testing.T) (script, machine string) {
	t.Helper()
	text := string(readFile(t, "../../docs/images.md"))
	_, section, _ := strings.Cut(text, "\n## Network boot\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var blocks []string
	for _, b := range pageBlock.FindAllStringSubmatch(section, -1) {
		blocks = append(blocks, b[2])
	}
	if len(blocks) < 2 {
		t.Fatalf("the section about network boot has %d blocks of commands", len(blocks))
	}
	script, _, found := strings.Cut(blocks[0], "python3 -m http.server")
	if !found || !strings.HasPrefix(blocks[1], "qemu-system-x86_64 ") {
		t.Fatalf("the section about network boot has other commands:\n%s", strings.Join(blocks, "\n"))
	}
	return script, blocks[1]
}
