//go:build linux

package guestagent

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

func TestOthers(t *testing.T) {
	t.Parallel()
	all := []string{"guest-ping", "guest-exec", "guest-info", "guest-new"}
	got, err := others(all, []string{"guest-info", "guest-ping"})
	if err != nil || !slices.Equal(got, []string{"guest-exec", "guest-new"}) {
		t.Errorf("%v, %v", got, err)
	}
	if len(all) != 4 || all[1] != "guest-exec" {
		t.Errorf("changed: %v", all)
	}
	if _, err := others(all, []string{"guest-pin"}); err == nil || !strings.Contains(err.Error(), "guest-pin: the agent has no such command") {
		t.Error(err)
	}
	if _, err := others(all, nil); !errors.Is(err, applet.ErrUsage) {
		t.Error(err)
	}
}

// The port can appear while the program waits. Ports with other names are not used.
func TestWait(t *testing.T) {
	t.Parallel()
	s := starter{sys: t.TempDir(), port: "org.example.agent", poll: time.Millisecond}
	add := func(device, name string) {
		dir := filepath.Join(s.sys, "class/virtio-ports", device)
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "name"), []byte(name+"\n"), 0o444)); err != nil {
			t.Error(err)
		}
	}
	add("vport1p1", "org.example.agent.other")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out bytes.Buffer
	if _, err := s.wait(ctx, &out); !errors.Is(err, context.Canceled) || !strings.Contains(out.String(), "waiting for the serial port org.example.agent:") {
		t.Errorf("%v, %s", err, out.String())
	}
	go func() {
		time.Sleep(5 * time.Millisecond)
		add("vport2p1", "org.example.agent")
	}()
	if got, err := s.wait(t.Context(), &out); err != nil || got != "/dev/vport2p1" {
		t.Errorf("%q, %v", got, err)
	}
}
