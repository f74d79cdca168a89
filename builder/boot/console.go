package boot

import (
	"io"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/internal/lazyre"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
)

// maxLine is the longest console line in bytes. A longer line is split.
const maxLine = 4096

// The messages of the kernel and of our init about a failed boot. Lines of
// containers have "NAME | " after the time, so they do not match.
var (
	panicLine = lazyre.New(`^\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? Kernel panic - not syncing: (.*)`)
	// bootLine is the first line of the kernel's log that has a time.
	bootLine     = lazyre.New(`^\[ *\d+\.\d+\]`)
	noButtonLine = lazyre.New(`^\[ *\d+\.\d+\] seaworthy: no power button$`)
	failedLine   = lazyre.New(`^\[ *\d+\.\d+\] seaworthy: boot failed: (.*)`)
)

// The messages of UEFI firmware about a program that it does not start. It says no
// more, and shows a menu in which it waits for a person.
var (
	refusedLine = lazyre.New(`BdsDxe: failed to (?:load|start) (.*): (Access Denied|Security Violation|Unsupported|Load Error)$`)
	nothingLine = lazyre.New(`BdsDxe: (No bootable option or device was found)`)
)

// console splits the guest's console output into lines.
type console struct {
	w     io.Writer
	ready func(line string) bool
	// onReady is called once, when ready returns true. onPanic is called once,
	// when the kernel has panicked.
	onReady, onPanic func()
	// onRefused is called once, when the firmware does not start a program. It is
	// nil if there is no firmware.
	onRefused func()

	buf      []byte
	wasReady bool
	panicked string
	failed   []string
	// refused is what the firmware did not start, and reason why.
	refused, reason string
	started         bool
	// noButton: the system has no power button.
	noButton atomic.Bool
}

// Write accepts bytes from the guest. It never returns an error.
func (c *console) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' || len(c.buf) >= maxLine {
			c.line()
		}
		if b != '\n' {
			c.buf = append(c.buf, b)
		}
	}
	return len(p), nil
}

// Close processes the last line if it has no line end.
func (c *console) Close() {
	if len(c.buf) > 0 {
		c.line()
	}
}

func (c *console) line() {
	line := clean(c.buf)
	c.buf = c.buf[:0]
	if c.w != nil {
		_, _ = io.WriteString(c.w, line+"\n")
	}
	c.firmware(line)
	if m := panicLine.FindStringSubmatch(line); m != nil && c.panicked == "" {
		c.panicked = m[1]
		c.onPanic()
	}
	if m := failedLine.FindStringSubmatch(line); m != nil && len(c.failed) < 100 {
		c.failed = append(c.failed, m[1])
	}
	if noButtonLine.MatchString(line) {
		c.noButton.Store(true)
	}
	if c.ready != nil && !c.wasReady && c.ready(line) {
		c.wasReady = true
		c.onReady()
	}
}

// firmware reads a line before the kernel starts. Later lines are not from the
// firmware.
func (c *console) firmware(line string) {
	if c.onRefused == nil || c.started || c.refused != "" {
		return
	}
	if c.started = bootLine.MatchString(line); c.started {
		return
	}
	if m := refusedLine.FindStringSubmatch(line); m != nil {
		c.refused, c.reason = m[1], m[2]
		if c.reason == "Security Violation" {
			c.reason = accessDenied
		}
		c.onRefused()
	} else if m := nothingLine.FindStringSubmatch(line); m != nil {
		c.refused, c.reason = "the image", m[1]
		c.onRefused()
	}
}

// clean makes a line safe for terminals and logs. It removes escape sequences
// and control characters except tabs. Bytes that are not UTF-8 become question
// marks. safetext.Inert stops commands to CI services.
func clean(p []byte) string {
	var b strings.Builder
	for len(p) > 0 {
		if p[0] == 0x1b {
			p = p[escapeLen(p):]
			continue
		}
		r, n := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteByte('?')
		case r == '\t' || r == utf8.RuneError || !safetext.Deceptive(r):
			b.WriteRune(r)
		}
		p = p[n:]
	}
	return safetext.Inert(strings.TrimRight(b.String(), " "))
}

// escapeLen returns the length of the escape sequence at the start of p: ESC [
// up to its final byte, ESC ] up to its terminator, or ESC and one byte.
func escapeLen(p []byte) int {
	if len(p) < 2 {
		return len(p)
	}
	switch p[1] {
	case '[':
		for i := 2; i < len(p); i++ {
			if p[i] >= 0x40 && p[i] <= 0x7e {
				return i + 1
			}
			if p[i] < 0x20 || p[i] > 0x7e {
				return i
			}
		}
		return len(p)
	case ']':
		for i := 2; i < len(p); i++ {
			if p[i] == 0x07 {
				return i + 1
			}
			if p[i] == 0x1b {
				return i
			}
		}
		return len(p)
	}
	return 2
}
