package trace

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// fakeMachine is a machine whose system sends messages over its port: first those of the
// boot, and when the power button is pressed, those of the shutdown.
type fakeMachine struct {
	*fakeSystem
	shutdown  []tracing.Message
	hangs     bool
	notBooted string
}

func (m *fakeMachine) Wait() error         { return nil }
func (m *fakeMachine) NotBooted() string   { return m.notBooted }
func (m *fakeMachine) NoPowerButton() bool { return false }
func (m *fakeMachine) PowerOff(time.Duration) bool {
	for _, message := range m.shutdown {
		m.send(message)
	}
	m.conn.Close()
	return !m.hangs
}

func number(n int) tracing.Message {
	return tracing.Message{Seen: &tracing.Seen{Number: n, Program: "x", Phase: "onboot"}}
}

func once(container, failed string) tracing.Message {
	return tracing.Message{Once: &tracing.Once{Container: container, Failed: failed, Observed: failed == "", Calls: []tracing.Count{{Number: 0, Times: 2}}}}
}

// What is seen belongs to the container that ends next. A boot works if it comes to the end
// of onboot, and for a container of onshutdown if that section ends well.
func TestFollowBoot(t *testing.T) {
	t.Parallel()
	onboot, onshutdown := Target{system.SectionOnboot, "dhcp"}, Target{system.SectionOnshutdown, "hook"}
	boot := []tracing.Message{number(0), once("onboot/sysctl", ""), number(1), {Folder: &tracing.Folder{Path: "/var", Exists: true}}, once("onboot/dhcp", "")}
	booted := append(slices.Clone(boot), tracing.Message{Booted: true})
	for name, c := range map[string]struct {
		target                 Target
		boot, shutdown         []tracing.Message
		ends, hangs            bool
		notBooted, failed, err string
		slow                   bool
	}{
		"the boot works":                {target: onboot, boot: booted},
		"a container fails":             {target: onboot, boot: boot, ends: true, notBooted: "onboot 001-dhcp: exit status 1", failed: "onboot 001-dhcp: exit status 1"},
		"the machine ends":              {target: onboot, boot: boot, ends: true, err: "does not answer"},
		"the boot hangs":                {target: onboot, boot: boot, failed: "not at its end after 0s", slow: true},
		"the shutdown works":            {target: onshutdown, boot: booted, shutdown: []tracing.Message{number(1), once("onshutdown/hook", "")}},
		"the check after it is not met": {target: onshutdown, boot: booted, shutdown: []tracing.Message{once("onshutdown/hook", ""), once("onshutdown/check", "exit status 1")}, failed: "onshutdown/check: exit status 1"},
		"the shutdown hangs":            {target: onshutdown, boot: booted, hangs: true, failed: "the shutdown was not at its end", slow: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe()
			defer ours.Close()
			m := &fakeMachine{fakeSystem: &fakeSystem{conn: theirs}, shutdown: c.shutdown, hangs: c.hangs, notBooted: c.notBooted}
			s := newSession(ours)
			sent := make(chan struct{})
			go func() {
				for _, message := range c.boot {
					m.send(message)
				}
				if c.ends {
					theirs.Close()
				}
				close(sent)
			}()
			tr := &tracer{Options: Options{Target: c.target}}
			patience := time.Hour
			if c.slow && !c.hangs {
				<-sent // the messages before the wait
				patience = 0
			}
			failed, slow, err := tr.followBoot(t.Context(), m, s, patience)
			if !strings.Contains(failed, c.failed) || (failed == "") != (c.failed == "") || slow != c.slow || (err != nil) != (c.err != "") {
				t.Fatalf("failed %q, slow %t, %v", failed, slow, err)
			}
			if err != nil {
				if !strings.Contains(err.Error(), c.err) {
					t.Error(err)
				}
				return
			}
			if failed != "" {
				return
			}
			r := newReport(c.target.ID(), "amd64")
			if err := r.addEnded(s.endedOnes(), c.target); err != nil {
				t.Fatal(err)
			}
			if len(r.Calls) != 1 || r.Calls[0].Name != "write" || r.folders["/var"].Exists != (c.target == onboot) {
				t.Errorf("%+v, %v", r.Calls, r.folders)
			}
			// The others are not traced, and nothing else ran.
			if err := r.addEnded(s.endedOnes(), Target{system.SectionOnboot, "none"}); err == nil || !strings.Contains(err.Error(), "was not observed") {
				t.Error(err)
			}
			raw, err := json.Marshal(r.Calls)
			if err != nil || !strings.Contains(string(raw), `"phase":"onboot"`) {
				t.Errorf("%s, %v", raw, err)
			}
		})
	}
}

// A command that is stopped ends at once.
func TestFollowBootStopped(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer ours.Close()
	defer theirs.Close()
	ctx, stop := context.WithCancelCause(t.Context())
	stop(errors.New("stopped by hand"))
	tr := &tracer{Options: Options{Target: Target{system.SectionOnboot, "dhcp"}}}
	if _, _, err := tr.followBoot(ctx, &fakeMachine{}, newSession(ours), time.Hour); err == nil || err.Error() != "stopped by hand" {
		t.Error(err)
	}
}

// After a boot that failed, the containers before the last one have worked, and after a
// shutdown those that did not say that they failed.
func TestWorked(t *testing.T) {
	t.Parallel()
	one := func(name, failed string) ended {
		return ended{Once: tracing.Once{Container: name, Failed: failed, Observed: true}}
	}
	for want, all := range map[string][]ended{
		"":                                {},
		"onboot/a":                        {one("onboot/a", ""), one("onboot/b", "")},
		"onboot/a onshutdown/d":           {one("onboot/a", ""), one("onshutdown/c", "exit status 1"), one("onshutdown/d", "")},
		"onboot/a onboot/b onshutdown/cc": {one("onboot/a", ""), one("onboot/b", ""), one("onshutdown/cc", "")},
	} {
		var got []string
		for _, e := range worked(all) {
			got = append(got, e.Container)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%v, want %s", got, want)
		}
	}
}

// Containers with one image get one profile: it allows what one of them did, if the filter of
// one of them allowed it.
func TestImagesOfSeveralContainers(t *testing.T) {
	t.Parallel()
	container := func(name, manifest string, more ...string) *tracer {
		f := defaultFilter()
		if len(more) > 0 {
			f.Syscalls = append(f.Syscalls, specs.LinuxSyscall{Names: more, Action: specs.ActAllow})
		}
		return &tracer{Options: Options{Target: Target{system.SectionOnboot, name}}, component: &system.Component{Image: &system.Image{Manifest: manifest}},
			spec: &specs.Spec{Linux: &specs.Linux{Seccomp: f}}}
	}
	images := &imageReports{arch: "amd64"}
	for _, c := range []struct {
		t     *tracer
		calls []Call
	}{
		{container("plain", "sha256:1"), []Call{{Name: "socket", Phase: "onboot", Details: []string{"AF_INET"}}}},
		{container("other", "sha256:2"), []Call{{Name: "rename", Phase: "onboot"}}},
		{container("mighty", "sha256:1", "mount"), []Call{{Name: "mount", Phase: "onboot"}, {Name: "socket", Phase: "onboot", Details: []string{"AF_NETLINK"}}}},
	} {
		r := newReport(c.t.Target.ID(), "amd64")
		r.Calls, r.Runs = c.calls, []Trial{{}}
		images.of(c.t).merge(r)
	}
	reports, err := images.finish()
	if err != nil || len(reports) != 2 {
		t.Fatalf("%d reports, %v", len(reports), err)
	}
	first := reports[0]
	names, conditional := passes(t, first.Profile)
	if first.Component != "onboot/plain" || len(first.Runs) != 2 || !slices.Contains(names, "mount") || slices.Contains(names, "rename") || !slices.Contains(conditional, "socket") {
		t.Errorf("%s: %d runs, %v, %v", first.Component, len(first.Runs), names, conditional)
	}
	for _, want := range []string{`"value":2,"op"`, `"value":16,"op"`, `"seen: onboot"`} {
		if !strings.Contains(string(first.Profile), want) {
			t.Errorf("the profile lacks %s:\n%s", want, first.Profile)
		}
	}
	if n := strings.Count(string(first.Profile), `"SCMP_ACT_ERRNO","errnoRet":38`); n != 1 {
		t.Errorf("clone3 is refused %d times", n)
	}
	if names, _ := passes(t, reports[1].Profile); slices.Contains(names, "mount") || !slices.Contains(names, "rename") {
		t.Errorf("the other image may call %v", names)
	}
}

// Without a filter before, the profile has what was seen, and the margin.
func TestImageUnconfined(t *testing.T) {
	t.Parallel()
	images := &imageReports{arch: "amd64"}
	tr := &tracer{Options: Options{Target: Target{system.SectionOnboot, "swap"}}, component: &system.Component{Image: &system.Image{}}, spec: &specs.Spec{Linux: &specs.Linux{}}}
	images.of(tr).Calls = []Call{{Name: "swapon", Phase: "onboot"}}
	reports, err := images.finish()
	if err != nil {
		t.Fatal(err)
	}
	names, conditional := passes(t, reports[0].Profile)
	if !slices.Contains(names, "swapon") || !slices.Contains(names, "futex") || slices.Contains(names, "swapoff") || !slices.Contains(conditional, "prlimit64") {
		t.Errorf("%v, %v", names, conditional)
	}
}
