package cli

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/seaworthy-os/seaworthy/pipeline"
)

// Progress prints the steps to stderr, because stdout has only data.
func (c *Streams) Progress() pipeline.Progress {
	var mu sync.Mutex
	begun := time.Now()
	return func(s pipeline.Step, detail string) {
		mu.Lock()
		defer mu.Unlock()
		if detail == "" {
			return
		}
		fmt.Fprintf(c.Err, "%6.1fs  %-9s  %s\n", time.Since(begun).Seconds(), s, Printable(detail))
	}
}

// Terminal reports whether a stream is a terminal, and its width.
func Terminal(stream any) (width int, ok bool) {
	f, isFile := stream.(*os.File)
	if !isFile || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	if w, _, err := term.GetSize(int(f.Fd())); err == nil {
		width = w
	}
	return width, true
}
