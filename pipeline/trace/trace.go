// Package trace measures what a container of a system needs, and proposes the smallest
// permissions. It boots the system with the component trace, which observes the
// container's system calls, and starts the container again and again with fewer
// capabilities: a service in one boot, a container of onboot or onshutdown in a boot each.
// It then boots the system with the proposal, and requires that the container still works.
package trace

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/boot"
	"github.com/seaworthy-os/seaworthy/builder/image"
	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// observerImage is the component that observes.
const observerImage = "seaworthy/trace:0.1"

// Options are the inputs of Run.
type Options struct {
	// Build says how the system is built. Run sets its formats and its output, and
	// turns off signing and denying.
	Build pipeline.BuildOptions
	// Sources are the os.yml files of the system, in their order.
	Sources []edit.File
	// Target is what is traced.
	Target Target
	// Checks replace the health checks of the service's image, if there are any.
	Checks []health.Check
	// Exercise uses the service from this machine. It gets the forwarded ports. It may
	// be nil.
	Exercise func(ctx context.Context, service string, ports []boot.Forward) error
	// Machine has the options of the machine, without its files.
	Machine boot.Options
	// Patience is how long the service may take, with all its permissions, until its
	// checks succeed; for a container of onboot or onshutdown, how long the boot may take,
	// and the shutdown.
	Patience time.Duration
	// Say gets a line for each step.
	Say func(string)
}

// Target is a container of the system.
type Target struct {
	// Section is services, onboot or onshutdown.
	Section system.Section
	Name    string
}

// ID is "onboot/dhcp".
func (t Target) ID() string { return string(t.Section) + "/" + t.Name }

// runsOnce: PID 1 runs the container once in a boot.
func (t Target) runsOnce() bool { return t.Section != system.SectionServices }

// Run traces a container, and returns the proposal.
func Run(ctx context.Context, o Options) (*Report, error) {
	dir, err := os.MkdirTemp(o.Build.TempDir, "seaworthy-trace-")
	if err != nil {
		return nil, system.Unusable("cannot make a temporary folder").Because(err)
	}
	defer os.RemoveAll(dir)
	t := &tracer{Options: o, dir: dir}
	return t.run(ctx)
}

type tracer struct {
	Options
	dir string
	// images are the targets of Images.
	images []Target
	// component is the target in the system as it is.
	component *system.Component
	spec      *specs.Spec
}

func (t *tracer) run(ctx context.Context) (*Report, error) {
	t.Say("building the traced system")
	built, err := t.build(ctx, t.Sources, false)
	if err != nil {
		return nil, err
	}
	if err := t.find(built.OS); err != nil {
		return nil, err
	}
	r := newReport(t.component.ID(), built.OS.Arch)
	if t.Target.runsOnce() {
		err = t.measureOnce(ctx, built, r)
	} else {
		err = t.boot(ctx, built, func(ctx context.Context, g *guest) error { return t.measure(ctx, g, r) })
	}
	if err != nil {
		return nil, err
	}
	p, err := t.propose(r)
	if err != nil {
		return nil, err
	}
	after, err := edit.Apply(t.Sources, p.edits(t.Target.Name+ProfileEnding))
	if err != nil {
		return nil, err
	}
	file, err := t.profileDiff(p.profile)
	if err != nil {
		return nil, err
	}
	r.Profile, r.Changes, r.Diff = p.profile, p.changes, edit.Diff(t.Sources, after)+file
	return r, t.verify(ctx, p)
}

// ProfileEnding is the ending of the name of a seccomp profile, behind the name of the
// container.
const ProfileEnding = ".seccomp.json"

// profilePath is the path of the profile in the diff: beside the os.yml that has the
// service.
func (t *tracer) profilePath() string {
	o := t.component.Pos.File
	for _, s := range t.Sources {
		if s.Name == o && s.Path != "" {
			o = s.Path
		}
	}
	return filepath.Join(filepath.Dir(o), t.Target.Name+ProfileEnding)
}

// profileDiff is the diff of the profile, which may exist from an earlier trace.
func (t *tracer) profileDiff(profile []byte) (string, error) {
	name := t.profilePath()
	old, err := bounded.ReadFile(name, builder.MaxProfileBytes)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", system.NotRead(name, err)
	}
	return edit.Diff([]edit.File{{Name: name, Data: old}}, []edit.File{{Name: name, Data: profile}}), nil
}

// verify boots the system with the proposal.
func (t *tracer) verify(ctx context.Context, p *proposal) error {
	t.Say("building the system with the proposal")
	profile := filepath.Join(t.dir, "profile.json")
	if err := os.WriteFile(profile, p.profile, 0o600); err != nil {
		return err
	}
	after, err := edit.Apply(t.Sources, p.edits(profile))
	if err != nil {
		return err
	}
	built, err := t.build(ctx, after, true)
	if err != nil {
		return err
	}
	if t.Target.runsOnce() {
		a, _ := t.throughBoot(ctx, built, nil, t.Patience)
		return t.works(a)
	}
	return t.boot(ctx, built, func(ctx context.Context, g *guest) error {
		t.Say("testing the proposal")
		return t.works(g.attempt(ctx, tracing.Command{Do: tracing.DoStart, Phase: phaseStart}, t.Patience))
	})
}

// works is the error of a last boot in which the target did not work.
func (t *tracer) works(a attempt) error {
	if a.err != nil || a.failed == "" {
		return a.err
	}
	next := "an exercise that uses more of the service shows what else it needs"
	if t.Target.runsOnce() {
		next = "a boot that does more shows what else it needs"
	}
	return system.Unusable("%s does not work with the proposal: %s", t.Target.ID(), a.failed).
		Suggest("read the console output above for the cause; %s", next)
}

// build builds the system with the program that observes. With asBuilt, the program
// only starts the target and its checks.
func (t *tracer) build(ctx context.Context, sources []edit.File, asBuilt bool) (*pipeline.Built, error) {
	text, err := json.Marshal(t.settings(asBuilt))
	if err != nil {
		return nil, err
	}
	overlay := map[string]any{"init": []string{observerImage},
		"files": []any{map[string]any{"path": strings.TrimPrefix(tracing.SettingsFile, "/"), "contents": string(text), "mode": "0444"}}}
	if t.targets()[0].runsOnce() {
		// It is the last one, and its program is never started.
		overlay["onboot"] = []any{map[string]any{"name": tracing.BootedName, "image": observerImage, "command": []string{"/none"}, "readonly": true}}
	}
	more, err := json.Marshal(overlay) // JSON is YAML
	if err != nil {
		return nil, err
	}
	o := t.Build
	o.Formats, o.Signer, o.NoSBOM = []string{image.Default()}, nil, true
	o.Policy.FailOn = "none"
	o.OutputDir = filepath.Join(t.dir, fmt.Sprintf("built-%t", asBuilt))
	const file = "seaworthy-trace.yml"
	o.Resolve.Contents = map[string][]byte{file: more}
	for i, s := range sources {
		o.Resolve.Contents[o.Resolve.Files[i]] = s.Data
	}
	if o.Resolve.Name == "" {
		o.Resolve.Name = "traced"
	}
	o.Resolve.Files = append(slices.Clone(o.Resolve.Files), file)
	return pipeline.Build(ctx, o)
}

// find finds the target, and checks that it can be traced.
func (t *tracer) find(sys *system.OS) error {
	var names []string
	for _, c := range sys.Components {
		switch {
		case c.Section == t.Target.Section && c.Name == t.Target.Name:
			t.component = c
		case c.Section == t.Target.Section && c.Name != tracing.BootedName:
			names = append(names, c.Name)
		case c.Section == system.SectionInit && strings.Contains(c.Image.Name, "containerd") && !t.Target.runsOnce():
			return system.BadInput("the system runs its services under containerd, where they cannot be traced").At(c.Pos).
				Suggest("trace the service in a system with crun: a container has the same config.json there")
		}
	}
	if t.component == nil {
		err := system.BadInput("the section %s has no container %q", t.Target.Section, t.Target.Name)
		if len(names) == 0 {
			return err
		}
		return err.Suggest("choose one of %s", strings.Join(names, ", "))
	}
	if tableOf(sys.Arch) == nil {
		return system.BadInput("the system calls of %s are not known", sys.Arch).Suggest("trace the system for amd64 or arm64")
	}
	t.spec = &specs.Spec{}
	if err := json.Unmarshal(t.component.Spec, t.spec); err != nil {
		return err
	}
	if t.Target.runsOnce() {
		return nil // its exercise is the boot
	}
	if len(t.Checks) == 0 {
		var err error
		if t.Checks, err = checksOf(t.component); err != nil {
			return err
		}
	}
	if len(t.Checks) == 0 && t.Exercise == nil {
		return system.BadInput("the image of %s has no health check, and there is no exercise", t.Target.ID()).
			Suggest("add --exercise with a command that uses the service")
	}
	return nil
}

// targets are all that are traced. They are all services, or none is.
func (t *tracer) targets() []Target {
	if len(t.images) > 0 {
		return t.images
	}
	return []Target{t.Target}
}

func (t *tracer) settings(asBuilt bool) tracing.Settings {
	s := tracing.Settings{AsBuilt: asBuilt}
	if len(t.images) > 0 {
		s.CallsOnly, s.Quiet = true, margin(nil)
	}
	for _, target := range t.targets() {
		if target.runsOnce() {
			s.Once = append(s.Once, target.ID())
		} else {
			s.Services = append(s.Services, target.Name)
		}
	}
	return s
}

func checksOf(c *system.Component) (checks []health.Check, err error) {
	text := c.Image.Config.Labels[health.Label]
	if text == "" {
		return nil, nil
	}
	err = json.Unmarshal([]byte(text), &checks)
	for i := range checks {
		err = errors.Join(err, checks[i].Validate())
	}
	if err != nil {
		return nil, system.Unusable("label %s of image %s", health.Label, c.Image.Reference).Because(err)
	}
	return checks, nil
}

// boot boots a built system, and works with it when its services can be started.
func (t *tracer) boot(ctx context.Context, built *pipeline.Built, work func(context.Context, *guest) error) error {
	return t.booted(ctx, built, func(o boot.Options) error { return t.bootOnce(ctx, o, work) })
}

// booted calls run with the options of a machine for a built system. It calls it again if
// this computer is too busy.
func (t *tracer) booted(ctx context.Context, built *pipeline.Built, run func(boot.Options) error) error {
	o := t.Machine
	o.Arch, o.Port = built.OS.Arch, tracing.Port
	for _, f := range []struct {
		ending string
		into   **os.File
	}{{image.KernelEnding, &o.Kernel}, {image.InitrdEnding, &o.Initrd}} {
		file, err := os.Open(filepath.Join(built.Dir, built.OS.Name+f.ending))
		if err != nil {
			return err
		}
		defer file.Close()
		*f.into = file
	}
	cmdline, err := os.ReadFile(filepath.Join(built.Dir, built.OS.Name+image.CmdlineEnding))
	if err != nil {
		return err
	}
	o.Cmdline = string(bytes.TrimSpace(cmdline))
	t.Say("booting")
	return boot.Retry(ctx, func() error { return run(o) }, func() {
		t.Say(boot.ErrBusy.Error() + "; starting the machine again")
	})
}

func (t *tracer) bootOnce(ctx context.Context, o boot.Options, work func(context.Context, *guest) error) error {
	m, err := boot.Start(ctx, o)
	if err != nil {
		return err
	}
	defer m.Port().Close()
	s := newSession(m.Port())
	g := &guest{session: s, service: t.Target.Name, checks: t.Checks}
	if t.Exercise != nil {
		g.exercise = func(ctx context.Context) error { return t.Exercise(ctx, g.service, m.Forwarded()) }
		for _, f := range m.Forwarded() {
			if !f.UDP {
				g.ports = append(g.ports, f.Guest)
			}
		}
	}
	err = s.greeted(ctx, t.Patience)
	if err == nil {
		err = work(ctx, g)
	}
	ended := err != nil
	select {
	case <-m.Done():
		ended = true
	default:
		m.Kill()
	}
	if ended { // why the machine ended explains more: its port closes before it is done
		err = cmp.Or(m.Wait(), err)
	}
	return err
}

// edit is an edit of the target.
func (t *tracer) edit(op, path string, value any) decision.Edit {
	return decision.Edit{Op: op, Component: t.component.ID(), Path: path, Value: value}
}
