//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// port carries the messages to seaworthy trace.
type port struct {
	file *os.File
	in   *bufio.Scanner

	mu sync.Mutex
}

// openPort opens the serial port with the name tracing.Port.
func openPort() (*port, error) {
	names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
	if err != nil {
		return nil, err
	}
	for _, n := range names {
		text, err := os.ReadFile(n)
		if err != nil || strings.TrimSpace(string(text)) != tracing.Port {
			continue
		}
		f, err := os.OpenFile(filepath.Join("/dev", filepath.Base(filepath.Dir(n))), os.O_RDWR, 0)
		if err != nil {
			return nil, err
		}
		p := &port{file: f, in: bufio.NewScanner(f)}
		p.in.Buffer(nil, tracing.MaxLine)
		return p, nil
	}
	return nil, errors.New("the machine has no serial port for seaworthy trace, or the kernel has no driver for it (virtio_console)")
}

// awaitPort opens the port, when the program before has closed it.
func awaitPort() (*port, error) {
	for {
		p, err := openPort()
		if !errors.Is(err, unix.EBUSY) {
			return p, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// send sends one message.
func (p *port) send(m tracing.Message) {
	line, err := json.Marshal(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "trace:", err)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.file.Write(append(line, '\n')); err != nil {
		fmt.Fprintln(os.Stderr, "trace: cannot send:", err)
	}
}

// next reads one command.
func (p *port) next() (c tracing.Command, err error) {
	if !p.in.Scan() {
		if err := p.in.Err(); err != nil {
			return c, err
		}
		return c, errors.New("seaworthy trace has ended")
	}
	return c, json.Unmarshal(p.in.Bytes(), &c)
}
