package main

import (
	"os"
	"strings"
	"testing"
)

// TestComponentsRealTime boots the example with Debian's real-time kernel to the answers of
// its services. The system starts them only if the kernel says that it is one.
func TestComponentsRealTime(t *testing.T) {
	t.Parallel()
	if os.Getenv("SEAWORTHY_COMPONENTS") != "all" {
		t.Skip("skipped: boots a system; run `make test-components`")
	}
	s := newSystem(t)
	const kernel, next, check = "image: seaworthy/kernel:6.1\n", "\nservices:\n", `
  - name: realtime
    image: seaworthy/check:0.1
    net: new
    command: [/usr/bin/check, 'file /sys/kernel/realtime ^1\n$', 'file /proc/version PREEMPT_RT']

services:
`
	text := string(readFile(t, s.path("minimal.yml")))
	if strings.Count(text, kernel) != 1 || strings.Count(text, next) != 1 {
		t.Fatal("examples/minimal.yml has another section kernel or services")
	}
	s.write("minimal.yml", strings.NewReplacer(kernel, "image: seaworthy/kernel-rt:6.1\n", next, check).Replace(text))
	s.locked()
	formats := []string{"kernel+initrd"}
	s.boots(s.build("out", formats), formats)
}
