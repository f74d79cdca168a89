package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	specs "github.com/opencontainers/runtime-spec/specs-go"
	"go.yaml.in/yaml/v3"

	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/runtime"
	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli"
	"github.com/seaworthy-os/seaworthy/internal/health"
	"github.com/seaworthy-os/seaworthy/pipeline/trace"
)

// profileName is the file of a component with its measured seccomp profile, and
// exerciseName the script that uses the component while it is traced.
const (
	profileName  = "seccomp.json"
	exerciseName = "exercise.sh"
	// tracedName replaces system.yml while the service is traced. For a component of onboot
	// or onshutdown, it is added to system.yml.
	tracedName = "exercise.yml"
)

// insideCommand is a command of exercises: it runs a script in the machine, with the
// service of inside.yml, which answers on insidePort.
const (
	insideCommand = `#!/bin/sh
exec curl -sS --fail-with-body --data-raw "$1" "http://127.0.0.1:$SEAWORTHY_PORT_` + insidePort + `/cgi-bin/run"
`
	insidePort = "8999"
)

// morePorts is a comment in exercise.yml: a port of another service, which the exercise
// uses too.
var morePorts = regexp.MustCompile(`(?m)^# port: (\d+)$`)

// unconfined are components that need a call which the default profile refuses. They are
// traced without a profile, and their own one allows the call.
var unconfined = map[string]string{"swap": "swapon"}

// TestMakeProfiles measures the seccomp profiles of components. They are traced in the
// systems of TestComponents: services with their health checks and their exercises, and
// containers of onboot and onshutdown in boots of their own.
func TestMakeProfiles(t *testing.T) {
	wanted := strings.Fields(os.Getenv("SEAWORTHY_PROFILES"))
	if len(wanted) == 0 {
		t.Skip("skipped: boots systems with all components; run `make component-profiles`")
	}
	s := newSystem(t)
	var running, once []*library
	for _, l := range append(readLibrary(t), &library{name: "sysctl"}, &library{name: "dhcp"}) {
		dir := filepath.Join("../../components", l.name)
		rec, err := recipe.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(wanted, l.name) && (wanted[0] != "all" || rec.Profile == nil) {
			continue
		}
		if len(l.services) > 0 {
			running = append(running, l)
		} else {
			once = append(once, l)
		}
	}
	if wanted[0] != "all" && len(running)+len(once) < len(wanted) {
		t.Errorf("not all of %s have a system.yml", wanted)
	}
	groups := systems(running)
	if len(once) > 0 {
		groups = append(groups, once)
	}
	for i, group := range groups {
		t.Run(namesOf(group), func(t *testing.T) {
			g := *s
			g.t, g.dir = t, s.path(fmt.Sprint("profiles", i))
			if err := os.MkdirAll(filepath.Join(g.dir, "profiles"), 0o755); err != nil {
				t.Fatal(err)
			}
			g.makeProfiles(group)
		})
	}
}

// makeProfiles traces components in one system, and writes their profiles. They all have
// services, or none has.
func (s *realSystem) makeProfiles(group []*library) {
	t := s.t
	t.Helper()
	host := s.newHost()
	args := []string{"trace", "--components", realComponents, "--offline", "--image-profiles", s.path("profiles"),
		"--patience", "5h", "--memory", "2048", "--cpus", cpus(group), "--disk", s.dataDisk(), "--disk-bus", diskBus(group), "--cdrom", host.cdrom(), "--tpm", "--guest-agent", host.agent}
	var files []string
	traced := map[string]string{} // the name of the first traced container of each component
	if len(group[0].services) > 0 {
		args = append(args, s.exercised(group, host)...)
		for _, l := range group {
			traced[l.name] = l.services[0]
		}
		files = append(s.groupFiles(group, host), s.path("inside.yml"))
	} else {
		files = s.groupFiles(group, host)
		for _, l := range group {
			if more := filepath.Join("../../components", l.name, tracedName); exists(more) {
				files = append(files, host.adapt(&library{name: l.name + "-exercise", file: more}))
			}
		}
		for _, file := range files {
			withoutProfile(t, group, file)
		}
		args = append(args, onceTraced(t, group, files, traced)...)
	}
	// It takes long, so the console is shown meanwhile.
	if code := run(t.Context(), append(args, files...), strings.NewReader(""), os.Stderr, os.Stderr); code != cli.ExitPass {
		t.Errorf("seaworthy %v: exit code %d", args, code)
	}
	for _, l := range group { // those that worked
		data, err := os.ReadFile(s.path("profiles/" + traced[l.name] + trace.ProfileEnding))
		if err == nil {
			err = os.WriteFile(filepath.Join("../../components", l.name, profileName), data, 0o644)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// exercised are the flags for services that are used while they are traced.
func (s *realSystem) exercised(group []*library, host *host) (args []string) {
	t := s.t
	t.Helper()
	args = []string{"--exercise", "sh -eu " + s.path("exercise.sh"), "--publish", insidePort}
	script := fmt.Sprintf("PATH='%s':$PATH\nexport SEAWORTHY_AGENT='%s'\ncase $SEAWORTHY_SERVICE in\n", s.path("bin"), host.agent)
	for _, l := range group {
		dir := filepath.Join("../../components", l.name)
		rec, err := recipe.Load(dir)
		if err != nil {
			t.Fatal(err)
		}
		args = append(args, "--service", l.services[0])
		first := ""
		for _, port := range rec.Image.Ports {
			// An exercise may let a service of UDP listen on TCP too.
			if number, _, _ := strings.Cut(port, "/"); !slices.Contains(args, number) {
				args = append(args, "--publish", number)
				first = cmp.Or(first, "SEAWORTHY_PORT=$SEAWORTHY_PORT_"+number)
			}
		}
		if exercise, err := filepath.Abs(filepath.Join(dir, exerciseName)); err == nil && exists(exercise) {
			script += fmt.Sprintf("%s) %s sh -eu '%s' ;;\n", l.services[0], first, exercise)
		}
		if traced := filepath.Join(dir, tracedName); exists(traced) {
			l.file = traced
			data, err := os.ReadFile(traced)
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range morePorts.FindAllStringSubmatch(string(data), -1) {
				args = append(args, "--publish", line[1])
			}
		}
	}
	if err := errors.Join(os.WriteFile(s.path("exercise.sh"), []byte(script+"esac\n"), 0o644), os.Mkdir(s.path("bin"), 0o755),
		os.WriteFile(s.path("bin/inside"), []byte(insideCommand), 0o755)); err != nil {
		t.Fatal(err)
	}
	s.copyFile("../../testdata/components/inside.yml", "inside.yml")
	return args
}

// withoutProfile changes the copy of a file: it lets the containers of components that the
// default profile hinders run unconfined.
func withoutProfile(t *testing.T, group []*library, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range group {
		if unconfined[l.name] != "" {
			image := regexp.MustCompile(`(?m)^( *)image: seaworthy/` + regexp.QuoteMeta(l.name) + `:.*$`)
			data = image.ReplaceAll(data, []byte("$0\n${1}seccomp: unconfined"))
		}
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// onceTraced are the flags for all containers of a system with the images of components,
// whatever component's file they are in: the system of one uses others.
func onceTraced(t *testing.T, group []*library, files []string, first map[string]string) (args []string) {
	t.Helper()
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var sections struct {
			Onboot, Onshutdown []struct{ Name, Image string }
		}
		if err := yaml.Unmarshal(data, &sections); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, c := range sections.Onboot {
			args = append(args, onceFlag("--onboot", c.Name, c.Image, group, first)...)
		}
		for _, c := range sections.Onshutdown {
			args = append(args, onceFlag("--onshutdown", c.Name, c.Image, group, first)...)
		}
	}
	return args
}

func onceFlag(flag, name, image string, group []*library, first map[string]string) []string {
	component, _, _ := strings.Cut(strings.TrimPrefix(image, "seaworthy/"), ":")
	if !slices.ContainsFunc(group, func(l *library) bool { return l.name == component }) {
		return nil
	}
	if first[component] == "" {
		first[component] = name
	}
	return []string{flag, name}
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// Each measured profile is that of a component, and works for all architectures. It allows
// no call that the default profile refuses, except the one for which a component would
// otherwise be unconfined, and far fewer than that.
func TestComponentProfiles(t *testing.T) {
	files, err := filepath.Glob("../../components/*/component.yml")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		rec, err := recipe.Load(filepath.Dir(file))
		if err != nil {
			t.Error(err)
			continue
		}
		if measured := exists(filepath.Join(rec.Dir, profileName)); measured != (rec.Profile != nil) {
			t.Errorf("%s: there is a file %s: %t, and config names a profile: %t", rec.Name, profileName, measured, !measured)
			continue
		}
		if rec.Profile == nil {
			continue
		}
		for _, arch := range []string{"amd64", "arm64", "riscv64"} {
			own, usual := filterOf(t, rec, arch, ""), filterOf(t, rec, arch, "    seccomp: default\n")
			for call := range allowedCalls(own) {
				// arch_prctl is a call of amd64 only. Other architectures ignore the name.
				if !allowedCalls(usual)[call] && call != unconfined[rec.Name] && !strings.HasPrefix(call, "riscv_") && (call != "arch_prctl" || arch == "amd64") {
					t.Errorf("%s: the profile for %s allows %s, but the default profile does not", rec.Name, arch, call)
				}
			}
			if n := len(allowedCalls(own)); n < 60 || n > len(allowedCalls(usual))*2/3 {
				t.Errorf("%s: the profile for %s allows %d calls", rec.Name, arch, n)
			}
		}
	}
}

// filterOf returns the seccomp filter of a container with the image of a recipe.
func filterOf(t *testing.T, rec *recipe.Recipe, arch, keys string) *specs.LinuxSeccomp {
	t.Helper()
	label, err := rec.Label(arch)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "os.yml")
	if err := os.WriteFile(file, []byte("services:\n  - name: a\n    image: a/b:1\n"+keys), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := spec.Load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	in := runtime.Input{Container: &c.Services[0], Dir: "a", FilesDir: "a/rootfs", Arch: arch, IDs: c.IDs(),
		Image: &system.Image{Reference: "a/b:1", Config: system.ImageConfig{Entrypoint: []string{"/a"}}}}
	if in.Label, err = spec.ParseLabel("a/b:1", label, c.Services[0].Pos()); err != nil {
		t.Fatalf("%s: %v", rec.Name, err)
	}
	out, err := runtime.Effective(in)
	if err != nil {
		t.Fatalf("%s: %v", rec.Name, err)
	}
	var s specs.Spec
	if err := json.Unmarshal(out.Config, &s); err != nil {
		t.Fatal(err)
	}
	return s.Linux.Seccomp
}

// allowedCalls are those that a filter allows, if only under conditions.
func allowedCalls(f *specs.LinuxSeccomp) map[string]bool {
	calls := map[string]bool{}
	for _, rule := range f.Syscalls {
		for _, name := range rule.Names {
			if rule.Action == specs.ActAllow {
				calls[name] = true
			}
		}
	}
	return calls
}

// TestComponentsRefuse boots a component with its measured profile, and other programs
// under the same profile. One of them makes a call that the component never makes.
func TestComponentsRefuse(t *testing.T) {
	if wanted := os.Getenv("SEAWORTHY_COMPONENTS"); wanted != "all" && wanted != "refuse" {
		t.Skip("skipped: boots a system; run `make test-components`")
	}
	s := newSystem(t)
	s.copyFile("../../testdata/components/base.yml", "base.yml")
	s.copyFile("../../components/redis/system.yml", "redis.yml")
	// mkfifo calls mknod. With the default profile, it makes the file, and then cannot make
	// it again.
	const programs = `
volumes:
  - {name: tools, image: "seaworthy/dropbear:2022.83", readonly: true}
services:
  - name: measured
    image: seaworthy/redis:7.0
    net: new
    binds: ["tools:/etc:ro,nosuid,nodev"]
    command: [/etc/bin/busybox, mkfifo, /data/pipe, /data/pipe]
  - name: default
    image: seaworthy/redis:7.0
    net: new
    binds: ["tools:/etc:ro,nosuid,nodev"]
    command: [/etc/bin/busybox, mkfifo, /data/pipe, /data/pipe]
    seccomp: default
`
	if err := os.WriteFile(s.path("programs.yml"), []byte(programs), 0o644); err != nil {
		t.Fatal(err)
	}
	s.bare(cli.ExitPass, "key", "generate", "--output-dir", s.dir)
	l := &library{name: "redis", checks: []health.Check{{TCP: 6379, Send: "SET key value\r\n", Expect: "OK"}, {TCP: 6379, Send: "GET key\r\n", Expect: "value"}}}
	files := []string{s.path("base.yml"), s.path("redis.yml"), s.path("programs.yml"), s.probe([]*library{l})}
	s.run(cli.ExitPass, "lock", files...)
	s.run(cli.ExitPass, "build", append([]string{"--locked", "--key", s.path("seaworthy.key"), "--output-dir", s.path("out")}, files...)...)
	s.untilAnswered(s.path("out"), s.path("seaworthy"), 1, func(c *console) {
		for _, want := range []string{"measured | mkfifo: /data/pipe: Operation not permitted", "default | mkfifo: /data/pipe: File exists"} {
			for !strings.Contains(c.String(), want) {
				if c.quiet() > silence {
					t.Fatalf("the console is silent, and does not show %q\n%s", want, c)
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		if strings.Contains(c.String(), "default | mkfifo: /data/pipe: Operation not permitted") {
			t.Errorf("the default profile refuses the call too:\n%s", c)
		}
	})
}
