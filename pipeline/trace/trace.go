// Package trace measures what a service of a system needs, and proposes the smallest
// permissions. It boots the system with the component trace, which observes the
// service's system calls, and starts the service again and again with fewer
// capabilities. It then boots the system with the proposal, and requires that the
// service still works.
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
	// Service is the name of the traced service.
	Service string
	// Checks replace the health checks of the service's image, if there are any.
	Checks []health.Check
	// Exercise uses the service from this machine. It gets the forwarded ports. It may
	// be nil.
	Exercise func(ctx context.Context, service string, ports []boot.Forward) error
	// Machine has the options of the machine, without its files.
	Machine boot.Options
	// Patience is how long the service may take, with all its permissions, until its
	// checks succeed.
	Patience time.Duration
	// Say gets a line for each step.
	Say func(string)
}

// Run traces a service, and returns the proposal.
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
	// images are the services of Images.
	images []string
	// component is the service in the system as it is.
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
	if err := t.boot(ctx, built, func(ctx context.Context, g *guest) error { return t.measure(ctx, g, r) }); err != nil {
		return nil, err
	}
	p, err := t.propose(r)
	if err != nil {
		return nil, err
	}
	after, err := edit.Apply(t.Sources, p.edits(t.Service+ProfileEnding))
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
// service.
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
	return filepath.Join(filepath.Dir(o), t.Service+ProfileEnding)
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
	return t.boot(ctx, built, func(ctx context.Context, g *guest) error {
		t.Say("testing the proposal")
		a := g.attempt(ctx, tracing.Command{Do: tracing.DoStart, Phase: phaseStart}, t.Patience)
		if a.err != nil {
			return a.err
		}
		if a.failed != "" {
			return system.Unusable("the service does not work with the proposal: %s", a.failed).
				Suggest("read the console output above for the cause; an exercise that uses more of the service shows what else it needs")
		}
		return nil
	})
}

// build builds the system with the program that observes. With asBuilt, the program
// only starts the service and its checks.
func (t *tracer) build(ctx context.Context, sources []edit.File, asBuilt bool) (*pipeline.Built, error) {
	settings, err := json.Marshal(tracing.Settings{Services: t.services(), AsBuilt: asBuilt})
	if err != nil {
		return nil, err
	}
	// JSON is YAML.
	more, err := json.Marshal(map[string]any{"init": []string{observerImage},
		"files": []any{map[string]any{"path": strings.TrimPrefix(tracing.SettingsFile, "/"), "contents": string(settings), "mode": "0444"}}})
	if err != nil {
		return nil, err
	}
	o := t.Build
	o.Formats, o.Signer, o.NoSBOM = []string{image.Default()}, nil, true
	o.Policy.FailOn = "none"
	o.OutputDir = filepath.Join(t.dir, fmt.Sprintf("built-%t", asBuilt))
	const overlay = "seaworthy-trace.yml"
	o.Resolve.Contents = map[string][]byte{overlay: more}
	for i, s := range sources {
		o.Resolve.Contents[o.Resolve.Files[i]] = s.Data
	}
	if o.Resolve.Name == "" {
		o.Resolve.Name = "traced"
	}
	o.Resolve.Files = append(slices.Clone(o.Resolve.Files), overlay)
	return pipeline.Build(ctx, o)
}

// find finds the service, and checks that it can be traced.
func (t *tracer) find(sys *system.OS) error {
	var names []string
	for _, c := range sys.Components {
		switch {
		case c.Section == system.SectionServices && c.Name == t.Service:
			t.component = c
		case c.Section == system.SectionServices:
			names = append(names, c.Name)
		case c.Section == system.SectionInit && strings.Contains(c.Image.Name, "containerd"):
			return system.BadInput("the system runs its services under containerd, where they cannot be traced").At(c.Pos).
				Suggest("trace the service in a system with crun: a container has the same config.json there")
		}
	}
	if t.component == nil {
		return system.BadInput("the system has no service %q", t.Service).Suggest("choose one of %s", strings.Join(names, ", "))
	}
	if tableOf(sys.Arch) == nil {
		return system.BadInput("the system calls of %s are not known", sys.Arch).Suggest("trace the service on amd64 or arm64")
	}
	t.spec = &specs.Spec{}
	if err := json.Unmarshal(t.component.Spec, t.spec); err != nil {
		return err
	}
	if len(t.Checks) == 0 {
		var err error
		if t.Checks, err = checksOf(t.component); err != nil {
			return err
		}
	}
	if len(t.Checks) == 0 && t.Exercise == nil {
		return system.BadInput("the image of services/%s has no health check, and there is no exercise", t.Service).
			Suggest("add --exercise with a command that uses the service")
	}
	return nil
}

// services are the services that are traced.
func (t *tracer) services() []string {
	if len(t.images) > 0 {
		return t.images
	}
	return []string{t.Service}
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

// boot boots a built system, and works with it.
func (t *tracer) boot(ctx context.Context, built *pipeline.Built, work func(context.Context, *guest) error) error {
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
	return boot.Retry(ctx, func() error { return t.bootOnce(ctx, o, work) }, func() {
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
	g := &guest{session: s, service: t.Service, checks: t.Checks}
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
	select {
	case <-m.Done(): // why the machine ended explains more
		return cmp.Or(m.Wait(), err)
	default:
		m.Kill()
		return err
	}
}

// edit is an edit of the service.
func (t *tracer) edit(op, path string, value any) decision.Edit {
	return decision.Edit{Op: op, Component: t.component.ID(), Path: path, Value: value}
}
