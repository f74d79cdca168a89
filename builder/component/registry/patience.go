package registry

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// stall is how long a registry may keep us waiting before we give up.
	stall = 2 * time.Minute
	// pingStall is how long a server may take to say that it is a registry.
	pingStall = 30 * time.Second
	// pace is how much more waiting each byte earns: whoever sends slower than
	// that, now and then a byte, is as good as silent in the end.
	pace = time.Second / 1024
)

// patient is a body that fails when a registry has kept us waiting for too
// long: one that is silent, or sends so little that it would never end.
type patient struct {
	io.ReadCloser
	cancel context.CancelFunc
	timer  *time.Timer
	most   time.Duration
	left   time.Duration
	late   atomic.Bool
	onLate func(error) error // nil, or notes it
}

func newPatient(body io.ReadCloser, cancel context.CancelFunc, most time.Duration) *patient {
	p := &patient{ReadCloser: body, cancel: cancel, most: most, left: most}
	// Armed only within Read: a slow sink is not the registry's fault.
	p.timer = time.AfterFunc(most, func() {
		p.late.Store(true)
		cancel()
	})
	p.timer.Stop()
	return p
}

func (p *patient) Read(b []byte) (int, error) {
	start := time.Now()
	p.timer.Reset(p.left)
	n, err := p.ReadCloser.Read(b)
	p.timer.Stop()
	p.left = min(p.left-time.Since(start)+time.Duration(n)*pace, p.most)
	if p.late.Load() {
		err = fmt.Errorf("the registry sent nothing, or next to nothing, for %v", p.most)
		if p.onLate != nil {
			err = p.onLate(err)
		}
	}
	return n, err
}

func (p *patient) Close() error {
	p.timer.Stop()
	p.cancel()
	return p.ReadCloser.Close()
}
