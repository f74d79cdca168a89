//go:build linux

// Package kmsg is the program kmsg, which keeps the messages of the kernel in a file.
package kmsg

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var k keeper
	(&applet.Program{Name: "kmsg", Usage: "[flags] FILE", Flags: k.flags, Run: k.run}).Main()
}

type keeper struct {
	device string
	max    int64
}

func (k *keeper) flags(fs *flag.FlagSet) {
	fs.StringVar(&k.device, "device", "/dev/kmsg", "where the kernel's messages are read")
	fs.Int64Var(&k.max, "max", 1<<20, "size of the file in bytes at which it becomes FILE.1, in place of the one before")
}

func (k *keeper) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 1 || k.max < maxRecord {
		return applet.Usagef("give the file for the messages; -max is at least %d", maxRecord)
	}
	d, err := os.OpenFile(k.device, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("%w (it needs CAP_SYSLOG if dmesg_restrict is set)", err)
	}
	defer d.Close()
	stop := context.AfterFunc(ctx, func() { _ = d.SetReadDeadline(time.Now()) })
	defer stop()
	fmt.Fprintf(w, "messages go to %s\n", args[0])
	l := &file{name: args[0], max: k.max}
	err = l.copy(d)
	if ctx.Err() != nil { // the system ends
		err = nil
	}
	return errors.Join(err, l.close())
}

// maxRecord is the longest message that the kernel gives in one read(2).
const maxRecord = 8192

// file is the file of the messages.
type file struct {
	name string
	max  int64

	f    *os.File
	size int64
}

// copy copies messages until the end. Each read gives one message.
func (l *file) copy(r io.Reader) error {
	b := make([]byte, maxRecord)
	for {
		n, err := r.Read(b)
		switch {
		case errors.Is(err, unix.EPIPE):
			if err := l.write("kmsg: messages were overwritten before they were read\n"); err != nil {
				return err
			}
			continue
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		if err := l.write(format(b[:n])); err != nil {
			return err
		}
	}
}

// format makes a line of a message: its priority, the time since the start, and the text.
// A message is PRIORITY,NUMBER,MICROSECONDS,FLAGS;TEXT, and lines with properties, which
// are left out (Documentation/ABI/testing/dev-kmsg).
func format(record []byte) string {
	head, text, ok := bytes.Cut(record, []byte(";"))
	f := strings.Split(string(head), ",")
	if !ok || len(f) < 3 {
		return "kmsg: unknown form of a message\n"
	}
	us, err := strconv.ParseUint(f[2], 10, 63)
	priority, err2 := strconv.ParseUint(f[0], 10, 32)
	if err != nil || err2 != nil {
		return "kmsg: unknown form of a message\n"
	}
	text, _, _ = bytes.Cut(text, []byte("\n"))
	return fmt.Sprintf("<%d>[%5d.%06d] %s\n", priority, us/1e6, us%1e6, text)
}

func (l *file) write(line string) error {
	if l.f != nil && l.size+int64(len(line)) > l.max {
		if err := errors.Join(l.close(), os.Rename(l.name, l.name+".1")); err != nil {
			return err
		}
	}
	if l.f == nil {
		f, err := os.OpenFile(l.name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return err
		}
		l.f, l.size = f, 0
	}
	n, err := l.f.WriteString(line)
	l.size += int64(n)
	return err
}

func (l *file) close() error {
	if l.f == nil {
		return nil
	}
	f := l.f
	l.f = nil
	return f.Close()
}
