package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
)

// insideSystem is a system with a volume that is kept on the disk, in which a program
// appends to a file. Its onboot container asks seaworthy-whence.
const insideSystem = `kernel:
  image: seaworthy/kernel:6.1
  cmdline: console=ttyS0 quiet no_timer_check seaworthy.data=store
init: [seaworthy/init:0.1, seaworthy/crun:1.8]
volumes:
  - {name: store}
onboot:
  - name: whence
    image: seaworthy/report:0.1
    pid: host
    uid: 0
    gid: 0
    readonly: false
    capabilities: [all]
    binds: ["/:/host"]
    command: [/host/usr/bin/seaworthy-whence, --root, /host, --verify, "1", /host/containers/services/nginx/lower/usr/sbin/nginx, /proc/1/root/usr/bin/crun, /usr/bin/report, /host/boot/data.ext4, /host/etc/motd]
services:
  - name: nginx
    image: seaworthy/nginx:1.22
    readonly: false
    uid: 0
    gid: 0
    capabilities: [all]
    tmpfs: [/tmp]
    binds: ["store:/var/log"]
    seccomp: default # that of the image is for nginx without root
    command: [/usr/sbin/nginx, -g, "daemon off; user nginx; error_log /var/log/kept.log notice; error_log stderr notice;"]
  - name: whence
    image: seaworthy/report:0.1
    pid: host
    uid: 0
    gid: 0
    readonly: false
    capabilities: [all]
    binds: ["/:/host"]
    command: [/host/usr/bin/seaworthy-whence, --root, /host, --verify, %s]
files:
  - {path: etc/motd, contents: hello}
`

// TestBootData boots a disk twice. The first boot makes the data partition; the second
// one finds what the first one has written. On both, seaworthy-whence names the origin of
// files and processes. Other tools accept the disk afterwards.
func TestBootData(t *testing.T) {
	t.Parallel()
	if !allBoots() {
		t.Skip("skipped: boots two machines; run `make test-boot`")
	}
	s := newSystem(t)
	s.needs("qemu-system-x86_64", "mksquashfs", "sgdisk", "e2fsck", "debugfs")
	const firmware = "/usr/share/OVMF/OVMF_CODE_4M.fd"
	if _, err := os.Stat(firmware); err != nil {
		t.Skipf("skipped: no %s; install Debian's ovmf", firmware)
	}
	var pids []string
	for pid := 2; pid < 400; pid++ {
		pids = append(pids, strconv.Quote(strconv.Itoa(pid)))
	}
	yml, disk := s.path("data.yml"), s.path("disk")
	if err := os.WriteFile(yml, fmt.Appendf(nil, insideSystem, strings.Join(pids, ", ")), 0o600); err != nil {
		t.Fatal(err)
	}
	s.run(cli.ExitPass, "build", "--unsigned", "--fail-on", "none", "--format", "raw-efi-verity", "--output-dir", s.path("out"), yml)
	image := readFile(t, s.path("out/data-efi-verity.img"))
	if err := os.WriteFile(disk, image, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(disk, int64(len(image))+300<<20); err != nil {
		t.Fatal(err)
	}
	for _, first := range []bool{true, false} {
		console := s.powerUp(firmware, disk, "program    /usr/sbin/nginx")
		if made := strings.Contains(console, "data: made partition 6 with 300 MiB for volume store"); made != first {
			t.Errorf("first boot %v: made the data partition: %v\n%s", first, made, console)
		}
		for _, want := range []string{
			"whence | program    /init", "whence | component  init/000", "whence | package    crun 1.8.1", "whence | component  onboot/whence, there /usr/bin/report",
			"whence | path       /host/boot/data.ext4", "whence | origin     the files section of os.yml",
			"whence | component  services/nginx, there /usr/sbin/nginx", "whence | package    nginx 1.22", "whence | verified   yes, the content is that of the image",
			"onboot 000-whence: ok", "start worker processes",
		} {
			if !strings.Contains(console, want) {
				t.Errorf("first boot %v: the console has no %q\n%s", first, want, console)
			}
		}
		if strings.Contains(console, "verified   NO") {
			t.Errorf("a file is not that of the image\n%s", console)
		}
	}
	check := func(want string, program string, args ...string) {
		t.Helper()
		if out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput(); err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, want %q\n%s", program, err, want, out)
		}
	}
	check("No problems found", "sgdisk", "-v", disk)
	f, err := os.ReadFile(disk)
	if err != nil {
		t.Fatal(err)
	}
	start := len(image) - 1<<20 // where the image had its second table
	data := s.path("partition")
	if err := os.WriteFile(data, f[start:len(f)-1<<20], 0o600); err != nil {
		t.Fatal(err)
	}
	check("76800 blocks", "e2fsck", "-fn", data)
	out, err := exec.CommandContext(t.Context(), "debugfs", "-R", "cat /upper/kept.log", data).Output()
	if n := strings.Count(string(out), "start worker processes"); err != nil || n != 2 {
		t.Errorf("the file has the lines of %d boots, want 2: %v\n%s", n, err, out)
	}
}

// powerUp boots a disk, which the machine can write to, until the console has a text.
// Then it presses the power button, and waits until the machine is off.
func (s *realSystem) powerUp(firmware, disk, until string) string {
	t := s.t
	t.Helper()
	vars, socket := s.path("vars.fd"), filepath.Join(t.TempDir(), "qmp")
	if err := os.WriteFile(vars, readFile(t, "/usr/share/OVMF/OVMF_VARS_4M.fd"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	console := &console{last: time.Now()}
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", "-machine", "q35,smm=off", "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1024",
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio", "-qmp", "unix:"+socket+",server=on,wait=off",
		"-drive", "if=pflash,format=raw,readonly=on,file="+firmware, "-drive", "if=pflash,format=raw,file="+vars, "-drive", "if=virtio,format=raw,file="+disk)
	cmd.Stdout, cmd.Stderr = console, console
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for pressed := false; ; {
		select {
		case err := <-ended:
			if err != nil || !pressed {
				t.Fatalf("the machine ended: %v\n%s", err, console)
			}
			return console.String()
		case <-time.After(time.Second):
		}
		if !pressed && strings.Contains(console.String(), until) {
			pressed = true
			pressPower(t, socket)
		}
		// A service that ends starts again, so a machine may never be silent.
		if text := console.String(); console.quiet() > silence || strings.Count(text, "service nginx: exit status") > 3 {
			t.Fatalf("the machine does not come up\n%s", text)
		}
	}
}

// pressPower presses the power button of a machine.
func pressPower(t *testing.T, socket string) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	answers := json.NewDecoder(conn)
	var answer map[string]any
	for _, command := range []string{"qmp_capabilities", "system_powerdown"} {
		if err := answers.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		if err := json.NewEncoder(conn).Encode(map[string]string{"execute": command}); err != nil {
			t.Fatal(err)
		}
	}
	_ = answers.Decode(&answer) // the machine may already end
}

// inside requires that the SBOM and the index of files inside an image are small: each
// has less than 1 % of the smallest image of the example.
func (s *realSystem) inside(out string) {
	t := s.t
	t.Helper()
	f, err := os.Open(filepath.Join(out, "minimal.tar"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := 0
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(h.Name, "usr/share/sbom/") {
			continue
		}
		found++
		const smallest = 10 << 20
		if h.Size == 0 || h.Size > smallest/100 {
			t.Errorf("%s has %d bytes", h.Name, h.Size)
		}
	}
	if found != 2 {
		t.Errorf("%d files about the system inside the image, want 2", found)
	}
}
