package trace

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"sync"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/safetext"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// session talks to the program in the traced system.
type session struct {
	port io.ReadWriter
	// hello is closed after the first message. replies has the results of commands,
	// and closed is closed when the machine has ended.
	hello   chan struct{}
	replies chan tracing.Reply
	closed  chan struct{}

	// booted is closed when all onboot containers have ended with success.
	booted chan struct{}

	mu   sync.Mutex
	seen []tracing.Seen
	// folders belong to seen, for a container of onboot or onshutdown. once has those
	// containers that have ended.
	folders []tracing.Folder
	once    []ended
	ended   string
	// over is closed when the service has ended, and then made again.
	over chan struct{}
	err  error
}

// ended is a container of onboot or onshutdown that has ended.
type ended struct {
	tracing.Once
	seen    []tracing.Seen
	folders []tracing.Folder
}

// maxSeen limits the observations of a system, whose programs can be hostile.
const maxSeen = 100_000

// maxOnce limits the containers that a system says have ended.
const maxOnce = 1000

func newSession(port io.ReadWriter) *session {
	s := &session{port: port, hello: make(chan struct{}), replies: make(chan tracing.Reply, 1), closed: make(chan struct{}), booted: make(chan struct{}), over: make(chan struct{})}
	go s.read()
	return s
}

func (s *session) read() {
	defer close(s.closed)
	lines := bufio.NewScanner(s.port)
	lines.Buffer(nil, tracing.MaxLine)
	greeted, booted := false, false
	for lines.Scan() {
		var m tracing.Message
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			s.fail(err)
			return
		}
		switch {
		case m.Failed != "":
			s.fail(errors.New(safetext.Clean(m.Failed)))
			return
		case m.Hello && !greeted:
			greeted = true
			close(s.hello)
		case m.Reply != nil:
			m.Reply.Error = safetext.Clean(m.Reply.Error)
			select {
			case s.replies <- *m.Reply:
			default:
				s.fail(errors.New("it answered without a question"))
				return
			}
		case m.Seen != nil:
			clean(m.Seen)
			if f := m.Seen.File; f != nil && !path.IsAbs(f.Path) {
				s.fail(fmt.Errorf("it named the file %q, which is not a path from the root", f.Path))
				return
			}
			s.mu.Lock()
			if len(s.seen) < maxSeen {
				s.seen = append(s.seen, *m.Seen)
			}
			s.mu.Unlock()
		case m.Booted && !booted:
			booted = true
			close(s.booted)
		case m.Folder != nil:
			s.mu.Lock()
			if len(s.folders) < maxSeen {
				s.folders = append(s.folders, *m.Folder)
			}
			s.mu.Unlock()
		case m.Once != nil:
			m.Once.Failed = safetext.Clean(m.Once.Failed)
			s.mu.Lock()
			if len(s.once) < maxOnce {
				s.once = append(s.once, ended{Once: *m.Once, seen: s.seen, folders: s.folders})
			}
			s.seen, s.folders = nil, nil
			s.mu.Unlock()
		case m.Ended != "":
			s.mu.Lock()
			s.ended = safetext.Clean(m.Ended)
			close(s.over)
			s.over = make(chan struct{})
			s.mu.Unlock()
		}
	}
	s.fail(lines.Err())
}

// clean removes from names what could be read as another line of the proposal.
func clean(s *tracing.Seen) {
	s.Program, s.Phase, s.Detail = safetext.Clean(s.Program), safetext.Clean(s.Phase), safetext.Clean(s.Detail)
	if f := s.File; f != nil {
		f.Path, f.Kind, f.Device = safetext.Clean(f.Path), safetext.Clean(f.Kind), safetext.Clean(f.Device)
	}
}

func (s *session) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// gone is the error of a machine that has ended.
func (s *session) gone() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return system.Unusable("the traced system does not answer").Because(s.err).Suggest("read the console output above for the cause")
}

// greeted waits until the service can be started.
func (s *session) greeted(ctx context.Context, patience time.Duration) error {
	select {
	case <-time.After(patience):
		return system.Unusable("the traced system did not start its services within %v", patience).
			Suggest("read the console output above for the cause; allow more time with --patience")
	case <-s.hello:
		return nil
	case <-s.closed:
		return s.gone()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// do sends a command and waits for the answer.
func (s *session) do(ctx context.Context, c tracing.Command) (*tracing.Reply, error) {
	line, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	if _, err := s.port.Write(append(line, '\n')); err != nil {
		return nil, s.gone()
	}
	select {
	case r := <-s.replies:
		return &r, nil
	case <-s.closed:
		return nil, s.gone()
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// endedOnes returns the containers of onboot and onshutdown that have ended.
func (s *session) endedOnes() []ended {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.once)
}

// watch forgets how the last service ended, and returns a channel that is closed when
// the next one ends.
func (s *session) watch() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = ""
	return s.over
}

// end says how the service ended, "" if it runs.
func (s *session) end() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

// forget removes what was seen so far.
func (s *session) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = nil
}

// observations returns what was seen so far.
func (s *session) observations() []tracing.Seen {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}
