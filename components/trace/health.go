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
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// healthVerb is the argument with which this program runs checks in the network
// namespace of the service.
const healthVerb = "health"

// health runs the checks once.
func (o *observer) health(cmd tracing.Command) error {
	text, err := json.Marshal(cmd)
	if err != nil {
		return err
	}
	check := exec.Command("/proc/self/exe", healthVerb)
	var out bytes.Buffer
	check.Stdin, check.Stdout, check.Stderr = bytes.NewReader(text), &out, os.Stderr
	if err := o.inNetwork(check.Run); err != nil {
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
