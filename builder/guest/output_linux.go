package guest

import (
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// output copies the output of a container to the console and to its log.
type output struct {
	w    *os.File // for the container
	done chan struct{}
	mu   sync.Mutex
	tail []byte // the end of what was written
}

const maxTail = 512

// newOutput starts to copy the output of the container name. log is the path of
// its log. If c is nil, the console does not show the output.
func newOutput(c *Console, name, log string) (*output, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	o := &output{w: w, done: make(chan struct{})}
	go func() {
		defer close(o.done)
		defer r.Close()
		log := newLogFile(log)
		defer log.Close()
		var lines io.Writer = io.Discard
		if c != nil {
			shown := c.container(name)
			defer shown.Close()
			lines = shown
		}
		buf := make([]byte, 16<<10)
		for {
			n, err := r.Read(buf)
			_, _ = log.Write(buf[:n])
			_, _ = lines.Write(buf[:n])
			o.mu.Lock()
			o.tail = append(o.tail, buf[:n]...)
			if extra := len(o.tail) - maxTail; extra > 0 {
				o.tail = append(o.tail[:0], o.tail[extra:]...)
			}
			o.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return o, nil
}

// lateOutput is the maximum time for the last output of a container to arrive.
// On a slow machine the output is late, and it shows why the container failed.
const lateOutput = 10 * time.Second

// close waits until everything is copied. It does not wait for a remaining
// process that still has the output open.
func (o *output) close() {
	_ = o.w.Close()
	select {
	case <-o.done:
	case <-time.After(lateOutput):
	}
}

// lastLine returns the last line with text, or "".
func (o *output) lastLine() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	text := strings.TrimSpace(string(o.tail))
	if i := strings.LastIndexByte(text, '\n'); i >= 0 {
		text = text[i+1:]
	}
	return strings.TrimSpace(text)
}
