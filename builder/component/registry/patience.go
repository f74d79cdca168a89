package registry

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"
)

const (
	// stall is the longest time to wait for a registry.
	stall = 2 * time.Minute
	// pingStall is the longest time to wait for a ping.
	pingStall = 30 * time.Second
	// pace is the additional time that each byte earns. A server that sends
	// more slowly is treated as silent in the end.
	pace = time.Second / 1024
)

// patient is a body that fails if the registry is silent for too long, or sends so
// slowly that the body would never end.
type patient struct {
	io.ReadCloser
	cancel context.CancelFunc
	timer  *time.Timer
	most   time.Duration
	left   time.Duration
	late   atomic.Bool
	onLate func(error) error // nil, or records the error
}

func newPatient(body io.ReadCloser, cancel context.CancelFunc, most time.Duration) *patient {
	p := &patient{ReadCloser: body, cancel: cancel, most: most, left: most}
	// It runs only within Read: a slow sink is not the fault of the registry.
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
		err = fmt.Errorf("the registry sent almost nothing for %v", p.most)
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
