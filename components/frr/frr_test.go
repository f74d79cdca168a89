//go:build linux

package frr

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// With helperEnv, the test binary filters capset and starts itself again.
const helperEnv = "SEAWORTHY_TEST_FRR"

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "filter":
		if err := keepCapabilities(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{helperEnv + "=capset"}
		cmd.Stdout = os.Stdout
		if cmd.Run() != nil {
			os.Exit(1)
		}
	case "capset":
		// This would take all capabilities away.
		before, header := capabilities(), unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
		var none [2]unix.CapUserData
		err := unix.Capset(&header, &none[0])
		fmt.Println(err, unix.Setgroups([]int{12345}), strings.Contains(groups(), "12345"), before == capabilities(), strings.Contains(before, "CapEff"))
	default:
		os.Exit(m.Run())
	}
}

func capabilities() string { return status("Cap") }

func groups() string { return status("Groups") }

// status returns lines of the status of this thread.
func status(begin string) (lines string) {
	b, _ := os.ReadFile("/proc/thread-self/status")
	for line := range strings.Lines(string(b)) {
		if strings.HasPrefix(line, begin) {
			lines += line
		}
	}
	return lines
}

func TestKeepCapabilities(t *testing.T) {
	t.Parallel()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{helperEnv + "=filter"}
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "<nil> <nil> false true true\n" {
		t.Errorf("%q, %v", out, err)
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	// All end with the first one.
	err := together(t.Context(), [][]string{{"/bin/sleep", "1000000"}, {"/bin/false"}})
	if err == nil || err.Error() != "false ended: exit status 1" {
		t.Error(err)
	}
	if err := together(t.Context(), [][]string{{"/bin/sleep", "1000000"}, {"/missing"}}); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer stop()
	if err := together(ctx, [][]string{{"/bin/sleep", "1000000"}}); err != nil {
		t.Error(err)
	}
}

func TestArguments(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {"../sh"}} {
		if err := run(t.Context(), os.Stdout, names); !errors.Is(err, applet.ErrUsage) {
			t.Errorf("%v: %v", names, err)
		}
	}
	if err := run(t.Context(), os.Stdout, []string{"missingd"}); err == nil || !strings.Contains(err.Error(), "daemon missingd:") {
		t.Error(err)
	}
	got := strings.Join(commands([]string{"zebra", "bgpd"})[1], " ")
	if !strings.HasPrefix(got, "/usr/lib/frr/bgpd --config_file=/etc/frr/bgpd.conf ") {
		t.Error(got)
	}
}
