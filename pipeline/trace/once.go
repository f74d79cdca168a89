package trace

import (
	"context"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

// A container of onboot or onshutdown runs once in a boot, and what it does depends on what
// earlier containers did: a second run in the same boot would take another way. So each run
// is a boot, from the same disk. It works if the boot comes to the end of the section onboot,
// and, for a container of onshutdown, if all containers of that section end with success.

// measureOnce boots the system as it is, and then with fewer capabilities for the target.
func (t *tracer) measureOnce(ctx context.Context, built *pipeline.Built, r *Report) error {
	once := func(without []string, patience time.Duration) attempt {
		a, all := t.throughBoot(ctx, built, without, patience)
		if a.err == nil && a.failed == "" {
			a.err = r.addEnded(all, t.Target)
		}
		if a.err == nil {
			r.Runs = append(r.Runs, Trial{Without: append([]string{}, without...), Failed: a.failed})
		}
		return a
	}
	t.Say("running " + t.Target.ID() + " as it is")
	first := once(nil, t.Patience)
	if first.err != nil {
		return first.err
	}
	if first.failed != "" {
		return notBooted(first.failed)
	}
	return t.weaken(r, first.took, once)
}

func notBooted(why string) error {
	return system.Unusable("the traced system does not work: %s", why).
		Suggest("make it boot first, with all containers of onboot and onshutdown ending with success; allow more time with --patience")
}

// addEnded adds what the target has done.
func (r *Report) addEnded(all []ended, target Target) error {
	for _, e := range all {
		if e.Container != target.ID() || !e.Observed {
			continue
		}
		for _, f := range e.folders {
			r.folders[f.Path] = f
		}
		return r.add(tableOf(r.Arch), e.seen, &tracing.Reply{Calls: e.Calls, Lost: e.Lost})
	}
	return system.Unusable("%s ran, but was not observed", target.ID()).Suggest("read the console output above for the cause")
}

// throughBoot boots the system until the targets have ended, without some of their
// capabilities. all are the containers that have ended.
func (t *tracer) throughBoot(ctx context.Context, built *pipeline.Built, without []string, patience time.Duration) (a attempt, all []ended) {
	began := time.Now()
	a.err = t.booted(ctx, built, func(o boot.Options) error {
		began = time.Now()
		o.KeepData = true
		if len(without) > 0 {
			o.Cmdline += " " + tracing.WithoutParameter + "=" + strings.Join(without, ",")
		}
		m, err := boot.Start(ctx, o)
		if err != nil {
			return err
		}
		defer m.Port().Close()
		defer m.Kill()
		s := newSession(m.Port())
		a.failed, a.slow, err = t.followBoot(ctx, m, s, patience)
		all = s.endedOnes()
		return err
	})
	a.took = time.Since(began)
	return a, all
}

// machine is a boot.Machine.
type machine interface {
	Wait() error
	NotBooted() string
	NoPowerButton() bool
	PowerOff(grace time.Duration) (clean bool)
}

// followBoot waits until the targets have ended. failed says why they did not work.
func (t *tracer) followBoot(ctx context.Context, m machine, s *session, patience time.Duration) (failed string, slow bool, err error) {
	select {
	case <-time.After(patience):
		return "the boot was not at its end after " + patience.Round(time.Second).String(), true, nil
	case <-ctx.Done():
		return "", false, context.Cause(ctx)
	case <-s.closed: // the port ends with the machine
		err := m.Wait()
		if why := m.NotBooted(); why != "" {
			return why, false, nil
		}
		if err == nil {
			err = s.gone()
		}
		return "", false, err
	case <-s.booted:
	}
	shutdown := false
	for _, target := range t.targets() {
		shutdown = shutdown || target.Section == system.SectionOnshutdown
	}
	if !shutdown {
		return "", false, nil
	}
	if !m.PowerOff(patience) {
		if m.NoPowerButton() {
			return "", false, system.Unusable("the system has no power button, so its section onshutdown cannot be traced").
				Suggest("use a kernel with evdev and ACPI")
		}
		return "the shutdown was not at its end after " + patience.Round(time.Second).String(), true, nil
	}
	<-s.closed
	for _, e := range s.endedOnes() {
		if e.Failed != "" {
			return e.Container + ": " + e.Failed, false, nil
		}
	}
	return "", false, nil
}
