package trace

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// fakeSystem answers like the program in a traced system. Its service needs some
// capabilities, and makes the call write only if it works.
type fakeSystem struct {
	conn   net.Conn
	needs  []string
	works  bool
	starts int
	// quiet are the calls that the last start did not observe.
	quiet []string
	// phase is that of the last start, and grace how long the service could take to end.
	phase string
	grace int
}

func (f *fakeSystem) send(m tracing.Message) {
	line, _ := json.Marshal(m)
	_, _ = f.conn.Write(append(line, '\n'))
}

func (f *fakeSystem) seen(number int) {
	f.send(tracing.Message{Seen: &tracing.Seen{Number: number, Program: "web", Phase: phaseStart}})
}

func (f *fakeSystem) serve() {
	f.send(tracing.Message{Hello: true})
	lines := bufio.NewScanner(f.conn)
	for lines.Scan() {
		var c tracing.Command
		_ = json.Unmarshal(lines.Bytes(), &c)
		var r tracing.Reply
		switch c.Do {
		case tracing.DoStart:
			f.starts++
			f.quiet, f.phase = c.Quiet, c.Phase
			f.works = !slices.ContainsFunc(f.needs, func(n string) bool { return slices.Contains(c.Without, n) })
			if !slices.Contains(c.Quiet, "read") {
				f.seen(0)
			}
			if !f.works {
				f.seen(2) // open: only on the way to an error
			}
		case tracing.DoHealth:
			if !f.works {
				r.Error = "refused"
				f.send(tracing.Message{Ended: "exit status 1"})
			} else {
				f.seen(1)
			}
		case tracing.DoStop:
			f.grace = c.Seconds
			r.Calls = []tracing.Count{{Number: 0, Times: 3}}
		}
		f.send(tracing.Message{Reply: &r})
	}
}

// A service is run with fewer and fewer capabilities. What a run did that failed does
// not become part of the report.
func TestMeasure(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	f := &fakeSystem{conn: theirs, needs: []string{"CAP_CHOWN"}}
	go f.serve()
	g := &guest{session: newSession(ours), checks: []health.Check{{TCP: 80}}}
	if err := g.greeted(t.Context(), time.Hour); err != nil {
		t.Fatal(err)
	}
	exercised := 0
	g.exercise = func(context.Context) error { exercised++; return nil }
	tr := &tracer{Options: Options{Patience: time.Hour, Say: func(string) {}}, component: &system.Component{Section: system.SectionServices, Name: "web"},
		spec: &specs.Spec{Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: []string{"CAP_CHOWN", "CAP_KILL", "CAP_SYS_ADMIN"}, Permitted: []string{"CAP_KILL"}}}}}
	r := newReport("services/web", "amd64")
	if err := tr.measure(t.Context(), g, r); err != nil {
		t.Fatal(err)
	}
	var needed, calls []string
	for _, c := range r.Capabilities {
		if c.Needed {
			needed = append(needed, c.Name+" "+c.Without)
		}
	}
	for _, c := range r.Calls {
		calls = append(calls, c.Name)
	}
	if !slices.Equal(needed, []string{"CAP_CHOWN the service ended: exit status 1"}) {
		t.Errorf("needed are %q", needed)
	}
	if !slices.Equal(calls, []string{"read", "write"}) || r.Calls[0].Times != 3 {
		t.Errorf("the calls are %+v", r.Calls)
	}
	// Calls that the first run showed are not observed again.
	if !slices.Equal(f.quiet, []string{"read", "write"}) {
		t.Errorf("not observed in the last run: %q", f.quiet)
	}
	r.Profile, r.Changes, r.Files = json.RawMessage("{}"), []Change{{Edit: tr.edit("set", "/readonly", true), Reason: "x"}}, webReport().Files
	checkSchema(t, r)
	good := 0
	for _, run := range r.Runs {
		if run.Failed == "" {
			good++
		}
	}
	if len(r.Runs) != f.starts || good != exercised || good == 0 {
		t.Errorf("%d runs, of which %d worked; the service was started %d times and used %d times", len(r.Runs), good, f.starts, exercised)
	}
}

// For the profile of an image, a service that keeps files is killed, and starts again.
func TestAfterCrash(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	f := &fakeSystem{conn: theirs}
	go f.serve()
	g := &guest{session: newSession(ours), checks: []health.Check{{TCP: 80}}, callsOnly: true}
	exercised := 0
	g.exercise = func(context.Context) error { exercised++; return nil }
	tr := &tracer{Options: Options{Patience: time.Hour, Say: func(string) {}}, spec: &specs.Spec{}}
	r := newReport("services/web", "amd64")
	if a := tr.image(t.Context(), g, r); a.failed != "" || a.err != nil || f.starts != 1 || exercised != 1 || f.phase != phaseStart || f.grace == 0 {
		t.Errorf("a service without files: %+v, %+v", a, f)
	}
	tr.spec.Mounts = []specs.Mount{{Type: "bind", Destination: "/data", Options: []string{"rw"}}}
	var stops []int
	tr.Say = func(string) { stops = append(stops, f.grace) }
	if a := tr.image(t.Context(), g, r); a.failed != "" || a.err != nil || f.starts != 3 || exercised != 2 || f.phase != phaseAgain || f.grace == 0 || !slices.Equal(stops, []int{0}) {
		t.Errorf("a service with files: %+v, %+v, %v", a, f, stops)
	}
	for _, m := range []specs.Mount{{Type: "bind", Destination: "/data", Options: []string{"ro"}}, {Type: "bind", Destination: "/dev"}, {Type: "tmpfs", Destination: "/data"}} {
		if keepsFiles(&specs.Spec{Mounts: []specs.Mount{m}}) {
			t.Errorf("%+v keeps files", m)
		}
	}
}

// checkSchema requires that a report is what docs/trace.schema.json says.
func checkSchema(t *testing.T, r *Report) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/trace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(doc); err != nil {
		t.Errorf("%v\n%s", err, raw)
	}
}

// An exercise that fails while the service has all its permissions is an error.
func TestMeasureFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		exercise error
		want     string
	}{
		"exercise":  {errors.New("exit status 22"), "exit status 22"},
		"exit code": {errors.New("exit status 1"), "the exercise fails"},
	} {
		ours, theirs := net.Pipe()
		defer ours.Close()
		go (&fakeSystem{conn: theirs}).serve()
		g := &guest{session: newSession(ours), checks: []health.Check{{TCP: 80}}, exercise: func(context.Context) error { return c.exercise }}
		tr := &tracer{Options: Options{Patience: time.Hour, Say: func(string) {}}, spec: &specs.Spec{}}
		if err := tr.measure(t.Context(), g, &Report{Arch: "amd64"}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Calls of another architecture, unknown calls and lost observations are errors: the
// profile would refuse what the service does.
func TestIncomplete(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		seen  tracing.Seen
		reply tracing.Reply
	}{
		"another architecture": {tracing.Seen{Number: 5, Foreign: true}, tracing.Reply{}},
		"no known name":        {tracing.Seen{Number: 99999}, tracing.Reply{}},
		"more files":           {tracing.Seen{}, tracing.Reply{Lost: 1}},
	} {
		r := &Report{}
		if err := r.add(tableOf("amd64"), []tracing.Seen{c.seen}, &c.reply); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// The system can be hostile: what it sends ends the trace, and nothing hangs.
func TestHostileSystem(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"no JSON":            "x\n",
		"the end":            "",
		"too many answers":   "{\"reply\":{}}\n{\"reply\":{}}\n{\"reply\":{}}\n",
		"a line without end": strings.Repeat("x", tracing.MaxLine+1),
		"it failed":          "{\"failed\":\"no crun\\nhere\"}\n",
		"no first message":   "{\"seen\":{}}\n",
	} {
		ours, theirs := net.Pipe()
		go func() {
			_, _ = theirs.Write([]byte(text))
			theirs.Close()
		}()
		s := newSession(ours)
		if err := s.greeted(t.Context(), time.Hour); err == nil {
			t.Errorf("%s: no error", name)
		}
		ours.Close()
	}
}

// A file without a path from the root ends the trace. Else the search for the folders
// above it would not end.
func TestHostilePath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"x", "", "../x"} {
		ours, theirs := net.Pipe()
		go func() {
			(&fakeSystem{conn: theirs}).send(tracing.Message{Seen: &tracing.Seen{File: &tracing.File{Path: name, Kind: tracing.KindFile, Write: true}}})
			theirs.Close()
		}()
		s := newSession(ours)
		<-s.closed
		if err := s.gone(); !strings.Contains(err.Error(), "not a path from the root") || len(s.observations()) > 0 {
			t.Errorf("%q: %v, %v", name, err, s.observations())
		}
		ours.Close()
	}
}

// A name cannot begin another line of the proposal, which patch would read.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	const name = "x\n--- a/etc/passwd\n+++ b/etc/passwd"
	go func() {
		f := &fakeSystem{conn: theirs}
		f.send(tracing.Message{Seen: &tracing.Seen{Program: name, Detail: name, File: &tracing.File{Path: "/" + name, Kind: tracing.KindFile, Write: true}}})
		f.send(tracing.Message{Ended: name})
		f.send(tracing.Message{Reply: &tracing.Reply{Error: name}})
		theirs.Close()
	}()
	s := newSession(ours)
	reply := <-s.replies
	<-s.closed
	r := newReport("services/web", "amd64")
	if err := r.add(tableOf("amd64"), s.observations(), &tracing.Reply{}); err != nil || len(r.Files) != 1 {
		t.Fatalf("%v: %+v", err, r)
	}
	r.Capabilities = []Capability{{Name: "CAP_CHOWN", Needed: true, Without: reply.Error + s.end()}}
	var text strings.Builder
	r.WriteText(&text)
	if strings.Contains(text.String(), "\n--- ") {
		t.Errorf("%q", text.String())
	}
}
