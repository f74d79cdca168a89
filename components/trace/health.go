//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// healthVerb is the argument with which this program runs checks in the network
// namespace of the service.
const healthVerb = "health"

// health runs the checks once.
func (o *observer) health(cmd tracing.Command) error {
	c := o.now
	if c == nil {
		return errors.New("the service does not run")
	}
	text, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	ns, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", c.pid))
	if err != nil {
		return err
	}
	defer ns.Close()
	check := exec.Command("/proc/self/exe", healthVerb)
	var out bytes.Buffer
	check.Stdin, check.Stdout, check.Stderr = bytes.NewReader(text), &out, os.Stderr
	started := make(chan error, 1)
	go func() {
		// The thread keeps the namespace, so it ends with this function. A new
		// process has the namespace of the thread that starts it.
		runtime.LockOSThread()
		err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
		if err == nil {
			err = check.Run()
		}
		started <- err
	}()
	if err := <-started; err != nil {
		if text := strings.TrimSpace(out.String()); text != "" {
			return errors.New(text)
		}
		return err
	}
	return nil
}

// runHealth runs the checks of a command, and returns the exit code.
func runHealth(in io.Reader, out io.Writer) int {
	var cmd tracing.Command
	if err := json.NewDecoder(in).Decode(&cmd); err != nil {
		fmt.Fprintln(out, err)
		return 2
	}
	for _, c := range cmd.Checks {
		if _, err := c.Run(context.Background(), time.Duration(max(cmd.Seconds, 1))*time.Second); err != nil {
			fmt.Fprintf(out, "%s: %s\n", c.String(), health.Reason(err))
			return 1
		}
	}
	return 0
}
