package guest

import (
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/internal/words"
)

// Limits for the lines of containers on the console, which may be a slow serial
// line. The log files of the containers get all lines.
const (
	maxLine    = 512 // bytes of a container's line; the rest goes to the next line
	burstLines = 200
	linesEach  = 20 * time.Millisecond // after that, one line in this time
)

// Console prints lines that people can read. It is safe for concurrent use.
type Console struct {
	mu sync.Mutex
	w  io.Writer
	// uptime returns the time since boot.
	uptime func() time.Duration
}

// NewConsole returns a Console that prints to w.
func NewConsole(w io.Writer, uptime func() time.Duration) *Console {
	return &Console{w: w, uptime: uptime}
}

// Printf prints one line of init. Control characters in the result are escaped,
// so the arguments may be hostile.
func (c *Console) Printf(format string, args ...any) {
	c.line("seaworthy: ", []byte(fmt.Sprintf(format, args...)))
}

func (c *Console) line(prefix string, text []byte) {
	buf := fmt.Appendf(nil, "[%6.2f] %s", c.uptime().Seconds(), prefix)
	buf = append(appendPrintable(buf, text), '\n')
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = c.w.Write(buf) // init must not stop if the console is gone
}

// appendPrintable appends text. It writes everything that could move the cursor
// or change the terminal's state as \xHH: ASCII and Latin-1 control characters,
// bytes that are not UTF-8, and marks that change the direction of text. It
// keeps tabs.
func appendPrintable(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == utf8.RuneError && n == 1, r < ' ' && r != '\t', r >= 0x7f && r < 0xa0,
			r == 0x2028, r == 0x2029, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			for _, b := range text[:n] {
				dst = fmt.Appendf(dst, `\x%02x`, b)
			}
		default:
			dst = append(dst, text[:n]...)
		}
		text = text[n:]
	}
	return dst
}

// containerLines prints the output of a container: complete lines with the
// container's name, and not more lines than the console can print.
type containerLines struct {
	console *Console
	prefix  string
	buf     []byte
	// cut: buf holds the rest of a line that was too long.
	cut bool
	// tokens is the number of lines that may be printed now. It was computed at
	// the time last.
	tokens  int
	last    time.Duration
	dropped int
}

func (c *Console) container(name string) *containerLines {
	return &containerLines{console: c, prefix: name + " | ", tokens: burstLines}
}

// Write accepts all bytes. It never returns an error.
func (l *containerLines) Write(p []byte) (int, error) {
	for _, b := range p {
		if b == '\n' {
			if len(l.buf) > 0 || !l.cut {
				l.flush()
			}
			l.cut = false
			continue
		}
		l.buf = append(l.buf, b)
		if len(l.buf) >= maxLine {
			l.flush()
			l.cut = true
		}
	}
	return len(p), nil
}

// Close prints the last line if it has no line end.
func (l *containerLines) Close() {
	if len(l.buf) > 0 {
		l.flush()
	}
	l.reportDropped()
}

func (l *containerLines) flush() {
	defer func() { l.buf = l.buf[:0] }()
	now := l.console.uptime()
	if earned := int((now - l.last) / linesEach); earned > 0 {
		l.tokens = min(l.tokens+earned, burstLines)
		l.last = now
	}
	if l.tokens == 0 {
		l.dropped++
		return
	}
	l.tokens--
	l.reportDropped()
	text := l.buf
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text = text[:n-1]
	}
	l.console.line(l.prefix, text)
}

func (l *containerLines) reportDropped() {
	if l.dropped > 0 {
		l.console.Printf("%s %s not shown here; the log has more", l.prefix[:len(l.prefix)-3]+":", words.Count(l.dropped, "line", "lines"))
		l.dropped = 0
	}
}
