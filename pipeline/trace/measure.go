package trace

import (
	"context"
	"slices"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// The phases of a run.
const (
	phaseStart    = "start and health check"
	phaseExercise = "exercise"
	phaseStop     = "stop"
	phaseAgain    = "start after a crash"
)

// guest is the traced system with the service.
type guest struct {
	*session
	service string
	// callsOnly and quiet: see tracing.Command.
	callsOnly bool
	quiet     []string
	// crash: the service is killed in the end. again: it starts with the files of a run
	// that was killed, and is not exercised.
	crash, again bool
	checks       []health.Check
	exercise     func(context.Context) error
	// ports are those that the exercise uses.
	ports []int
}

// attempt is one run of the service.
type attempt struct {
	// failed says why the service did not work, "" if it worked.
	failed string
	// slow: it failed because its checks did not succeed in time.
	slow bool
	// running: the service must be stopped.
	running bool
	took    time.Duration
	// err is an error of the system, after which nothing else can be tried.
	err error
}

// pause is the time between two health checks that fail, and between the last use of
// the service and the question whether it still runs.
const pause = 500 * time.Millisecond

// attempt starts the service, and uses it.
func (g *guest) attempt(ctx context.Context, start tracing.Command, patience time.Duration) (a attempt) {
	began := time.Now()
	over := g.watch()
	start.Service, start.Seconds, start.CallsOnly = g.service, int(patience.Seconds()), g.callsOnly
	start.Quiet = g.quiet
	r, err := g.do(ctx, start)
	if err != nil {
		return attempt{err: err}
	}
	if r.Error != "" {
		return attempt{failed: r.Error}
	}
	a.running = true
	ended := func() bool {
		if e := g.end(); e != "" {
			a.failed = "the service ended: " + e
			return true
		}
		return false
	}
	for len(g.checks) > 0 {
		left := patience - time.Since(began)
		r, err := g.do(ctx, tracing.Command{Do: tracing.DoHealth, Checks: g.checks, Seconds: max(int(left.Seconds()), 1)})
		if err != nil {
			a.err = err
			return a
		}
		if r.Error == "" {
			break
		}
		if ended() {
			return a
		}
		if time.Since(began) > patience {
			a.failed, a.slow = "the health check fails: "+r.Error, true
			return a
		}
		select {
		case <-over:
		case <-time.After(pause):
		case <-ctx.Done():
			a.err = context.Cause(ctx)
			return a
		}
	}
	if g.exercise != nil && !g.again {
		if len(g.ports) > 0 {
			r, err := g.do(ctx, tracing.Command{Do: tracing.DoRelay, Ports: g.ports})
			if err == nil && r.Error != "" {
				err = system.Unusable("%s", r.Error)
			}
			if err != nil {
				return attempt{err: err}
			}
		}
		if err := g.phase(ctx, phaseExercise); err != nil {
			return attempt{err: err}
		}
		if err := g.exercise(ctx); err != nil {
			if ctx.Err() != nil {
				a.err = context.Cause(ctx)
			}
			a.failed = "the exercise fails: " + err.Error()
			ended()
			return a
		}
	}
	select {
	case <-over:
	case <-time.After(pause):
	}
	a.took = time.Since(began)
	ended()
	return a
}

func (g *guest) startPhase() string {
	if g.again {
		return phaseAgain
	}
	return phaseStart
}

func (g *guest) phase(ctx context.Context, name string) error {
	_, err := g.do(ctx, tracing.Command{Do: tracing.DoPhase, Phase: name})
	return err
}

// stop ends the service: after grace with SIGKILL.
func (g *guest) stop(ctx context.Context, grace time.Duration) (*tracing.Reply, error) {
	r, err := g.do(ctx, tracing.Command{Do: tracing.DoStop, Phase: phaseStop, Seconds: int(grace.Seconds())})
	if err == nil && r.Error != "" {
		err = system.Unusable("cannot stop the service: %s", r.Error)
	}
	return r, err
}

// Limits of runs with fewer permissions. They follow the time of runs that work. A
// service that needs longer counts as one that does not work: it then keeps more than it
// needs, never less.
const (
	leastPatience = 30 * time.Second
	timesPatience = 4
	stopGrace     = 30 * time.Second
)

// measure runs the service as it is, and then with fewer capabilities.
func (t *tracer) measure(ctx context.Context, g *guest, r *Report) error {
	t.Say("running the service as it is")
	first := t.once(ctx, g, r, nil, t.Patience)
	if first.err != nil {
		return first.err
	}
	if first.failed != "" {
		return system.Unusable("the service does not work in the traced system: %s", first.failed).
			Suggest("make it work first: its health check and the exercise must succeed; allow more time with --patience")
	}
	err := t.weaken(r, first.took, func(without []string, patience time.Duration) attempt { return t.once(ctx, g, r, without, patience) })
	if err != nil {
		return err
	}
	return t.look(ctx, g, r)
}

// weaken runs the target with fewer capabilities. took is the time of the run as it is.
func (t *tracer) weaken(r *Report, took time.Duration, once func(without []string, patience time.Duration) attempt) error {
	has := capabilitiesOf(t.spec)
	w := &weakened{patience: max(leastPatience, timesPatience*took), once: func(without []string, patience time.Duration) attempt {
		t.Say("running " + t.Target.ID() + " " + which(has, without))
		return once(without, patience)
	}, longest: t.Patience}
	r.Capabilities = append(r.Capabilities, reduce(has, r.hints(), w.works)...)
	return w.broken
}

// weakened runs the service with fewer permissions.
type weakened struct {
	once     func(without []string, patience time.Duration) attempt
	patience time.Duration
	// longest is the limit for a run that is known to work, and good what was taken away
	// in the last one.
	longest time.Duration
	good    []string
	broken  error
}

// works runs the service without some capabilities, and says why it fails. If it was
// only slow, a run that is known to work shows whether the machine has become slower
// since: the service then gets another, longer try.
func (w *weakened) works(without []string) string {
	for w.broken == nil {
		a := w.once(without, w.patience)
		if w.broken = a.err; w.broken != nil {
			break
		}
		if a.failed == "" {
			w.good = without
		}
		if !a.slow {
			return a.failed
		}
		control := w.once(w.good, w.longest)
		w.broken = control.err
		if control.failed != "" || timesPatience*control.took <= w.patience {
			return a.failed
		}
		w.patience = timesPatience * control.took
	}
	return "not tried"
}

// once runs the service without some capabilities. If it works, what it did becomes
// part of the report.
func (t *tracer) once(ctx context.Context, g *guest, r *Report, without []string, patience time.Duration) attempt {
	g.forget()
	a := g.attempt(ctx, tracing.Command{Do: tracing.DoStart, Without: without, Phase: g.startPhase()}, patience)
	run := Trial{Without: append([]string{}, without...), Failed: a.failed}
	if a.err != nil {
		return a
	}
	if a.running {
		grace := stopGrace
		if a.failed != "" || g.crash {
			grace = 0
		}
		reply, err := g.stop(ctx, grace)
		if err != nil {
			a.err = err
			return a
		}
		if a.failed == "" {
			a.err = r.add(tableOf(r.Arch), g.observations(), reply)
			if !g.callsOnly {
				g.quiet = r.plain() // later runs show nothing new about them
			}
		}
	}
	r.Runs = append(r.Runs, run)
	return a
}

// capabilitiesOf lists the capabilities of a container.
func capabilitiesOf(s *specs.Spec) []string {
	if s.Process == nil || s.Process.Capabilities == nil {
		return nil
	}
	c := s.Process.Capabilities
	all := slices.Concat(c.Bounding, c.Effective, c.Permitted, c.Inheritable, c.Ambient)
	slices.Sort(all)
	return slices.Compact(all)
}

// reduce finds the capabilities that a service needs. works runs it without some, and
// says why it then fails. likely says, for a capability, which calls it may be for.
func reduce(has []string, likely map[string][]string, works func(without []string) string) (out []Capability) {
	if len(has) == 0 {
		return nil
	}
	needed := map[string]string{} // and why
	var gone []string
	var try func(part []string)
	try = func(part []string) {
		if len(part) == 0 {
			return
		}
		without := slices.Concat(gone, part)
		slices.Sort(without)
		why := works(without)
		switch {
		case why == "":
			gone = without
		case len(part) == 1:
			needed[part[0]] = why
		default:
			try(part[:len(part)/2])
			try(part[len(part)/2:])
		}
	}
	// Most services need none, and the others mostly those that their calls name.
	if why := works(has); why == "" {
		gone = has
	} else {
		var unlikely, named []string
		for _, c := range has {
			if len(likely[c]) > 0 {
				named = append(named, c)
			} else {
				unlikely = append(unlikely, c)
			}
		}
		if len(has) == 1 {
			needed[has[0]] = why
		} else {
			try(unlikely)
			for _, c := range named {
				try([]string{c})
			}
		}
	}
	for _, c := range has {
		out = append(out, Capability{Name: c, Needed: needed[c] != "", Without: needed[c], Calls: append([]string{}, likely[c]...)})
	}
	return out
}

// which says with which capabilities a service runs, in few words.
func which(has, without []string) string {
	with := slices.DeleteFunc(slices.Clone(has), func(c string) bool { return slices.Contains(without, c) })
	switch {
	case len(with) == 0:
		return "without capabilities"
	case len(with) <= len(without):
		return "with only " + strings.Join(with, ", ")
	}
	return "without " + strings.Join(without, ", ")
}
