package image

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"sync"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// running is a tool that runs, and reads what is written to it.
type running struct {
	tool   Tool
	in     io.WriteCloser
	buf    *bufio.Writer
	cancel context.CancelFunc
	// wait waits for the end, and gives the error of the program.
	wait func() error
}

// toolEnv is the environment of a tool: PATH only, so dates and languages of the user
// change nothing.
func toolEnv(more ...string) []string {
	return append([]string{"PATH=" + os.Getenv("PATH"), "TZ=UTC", "LC_ALL=C"}, more...)
}

// start starts a tool, as root of a user namespace if this is possible: see asRoot.
func start(tool Tool, path string, args ...string) (*running, error) {
	ctx, cancel := context.WithCancel(context.Background())
	var cmd *exec.Cmd
	var text limited
	var in io.WriteCloser
	var err error
	for _, attr := range asRoot() {
		cmd = exec.CommandContext(ctx, path, args...)
		cmd.Env, cmd.SysProcAttr = toolEnv(), attr
		cmd.Stdout, cmd.Stderr = &text, &text
		if in, err = cmd.StdinPipe(); err == nil {
			err = cmd.Start()
		}
		if err == nil {
			break
		}
	}
	if err != nil {
		cancel()
		return nil, system.Unusable("cannot start %s", tool.Name).Because(err).Suggest("check the package %s", tool.Package)
	}
	p := &running{tool: tool, in: in, buf: bufio.NewWriterSize(in, 1<<20), cancel: cancel}
	p.wait = sync.OnceValue(func() error {
		if err := cmd.Wait(); err != nil {
			return system.Unusable("%s failed: %s", tool.Name, bytes.TrimSpace(text.Bytes())).Because(err).
				Suggest("check the free space of the output folder, and the package %s", tool.Package)
		}
		return nil
	})
	return p, nil
}

// Write passes bytes to the program. If the program has ended, the error is its own.
func (p *running) Write(b []byte) (int, error) {
	n, err := p.buf.Write(b)
	if err != nil {
		return n, p.ended(err)
	}
	return n, nil
}

// ended is the error of a program that no longer reads.
func (p *running) ended(err error) error {
	if own := errors.Join(p.in.Close(), p.wait()); own != nil {
		return own
	}
	return system.Unusable("%s ended early", p.tool.Name).Because(err)
}

// Close ends the input and waits for the program.
func (p *running) Close() error {
	defer p.cancel()
	if err := p.buf.Flush(); err != nil {
		return p.ended(err)
	}
	return errors.Join(p.in.Close(), p.wait())
}

// kill ends the program at once.
func (p *running) kill() {
	p.cancel()
	_ = p.in.Close() // also for what the program has started
	_ = p.wait()     // it was killed on purpose
}

// limited keeps the first bytes of what a program prints.
type limited struct{ bytes.Buffer }

func (l *limited) Write(b []byte) (int, error) {
	const most = 4096
	_, _ = l.Buffer.Write(b[:min(len(b), max(most-l.Len(), 0))])
	return len(b), nil
}
