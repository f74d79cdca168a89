//go:build linux

package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

// fake is a containerd with one container at most. It speaks the real protocol on a
// real socket. The boot tests use the real containerd.
type fake struct {
	containers.UnimplementedContainersServer
	taskServer
	container *containers.Container
	calls     []string
	created   *tasks.CreateTaskRequest
	// fail is the call that fails, exit the status of the process.
	fail string
	exit uint32
}

// taskServer has a type of its own, because both servers have a method Create.
type taskServer struct {
	tasks.UnimplementedTasksServer
	f       *fake
	running bool
}

func (f *fake) say(ctx context.Context, call string) error {
	md, _ := metadata.FromIncomingContext(ctx)
	f.calls = append(f.calls, strings.Join(md.Get("containerd-namespace"), ",")+" "+call)
	if call == f.fail {
		return status.Error(codes.Internal, "no space left on device")
	}
	return nil
}

func (f *fake) Create(ctx context.Context, r *containers.CreateContainerRequest) (*containers.CreateContainerResponse, error) {
	if err := f.say(ctx, "create container"); err != nil {
		return nil, err
	}
	if f.container != nil {
		return nil, status.Error(codes.AlreadyExists, "container exists")
	}
	f.container = r.Container
	return &containers.CreateContainerResponse{Container: r.Container}, nil
}

func (f *fake) Delete(ctx context.Context, _ *containers.DeleteContainerRequest) (*emptypb.Empty, error) {
	if err := f.say(ctx, "delete container"); err != nil {
		return nil, err
	}
	if f.container == nil {
		return nil, status.Error(codes.NotFound, "no container")
	}
	f.container = nil
	return &emptypb.Empty{}, nil
}

func (t *taskServer) Create(ctx context.Context, r *tasks.CreateTaskRequest) (*tasks.CreateTaskResponse, error) {
	if err := t.f.say(ctx, "create task"); err != nil {
		return nil, err
	}
	// What the shim does: it opens the two files while the client waits.
	for name, text := range map[string]string{r.Stdout: "out\n", r.Stderr: "err\n"} {
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			return nil, err
		}
		_, _ = w.WriteString(text)
		_ = w.Close()
	}
	t.running, t.f.created = true, r
	return &tasks.CreateTaskResponse{ContainerID: r.ContainerID, Pid: 4711}, nil
}

func (t *taskServer) Start(ctx context.Context, _ *tasks.StartRequest) (*tasks.StartResponse, error) {
	return &tasks.StartResponse{}, t.f.say(ctx, "start")
}

func (t *taskServer) Kill(ctx context.Context, r *tasks.KillRequest) (*emptypb.Empty, error) {
	if err := t.f.say(ctx, "kill"); err != nil {
		return nil, err
	}
	if !t.running {
		return nil, status.Error(codes.NotFound, "no task")
	}
	if r.Signal != 9 || !r.All {
		return nil, status.Errorf(codes.InvalidArgument, "%v", r)
	}
	return &emptypb.Empty{}, nil
}

func (t *taskServer) Wait(ctx context.Context, _ *tasks.WaitRequest) (*tasks.WaitResponse, error) {
	if err := t.f.say(ctx, "wait"); err != nil {
		return nil, err
	}
	if !t.running {
		return nil, status.Error(codes.NotFound, "no task")
	}
	return &tasks.WaitResponse{ExitStatus: t.f.exit}, nil
}

func (t *taskServer) Delete(ctx context.Context, _ *tasks.DeleteTaskRequest) (*tasks.DeleteResponse, error) {
	if err := t.f.say(ctx, "delete task"); err != nil {
		return nil, err
	}
	if !t.running {
		return nil, status.Error(codes.NotFound, "no task")
	}
	t.running = false
	return &tasks.DeleteResponse{ExitStatus: t.f.exit}, nil
}

// serve starts the fake, and returns it with the path of its socket.
func serve(t *testing.T) (*fake, string) {
	t.Helper()
	f := &fake{}
	f.f = f
	dir, err := os.MkdirTemp("", "ctrd") // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	containers.RegisterContainersServer(s, f)
	tasks.RegisterTasksServer(s, &f.taskServer)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	return f, socket
}

// bundle makes a folder with a config.json.
func bundle(t *testing.T, config string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/config.json", []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func equal(t *testing.T, got, want []string) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("calls %q\nwant  %q", got, want)
	}
}

const simple = `{"ociVersion":"1.0.2","root":{"path":"rootfs","readonly":true}}`

func TestRunAndDelete(t *testing.T) {
	f, socket := serve(t)
	dir := bundle(t, simple)
	call := func(args ...string) error {
		return run(t.Context(), append([]string{"--address", socket, "--runtime", "/usr/bin/crun"}, args...))
	}
	if err := call("run", "--bundle", dir, "--pid-file", dir+"/pid", "web"); err != nil {
		t.Fatal(err)
	}
	const ns = "services.linuxkit "
	equal(t, f.calls, []string{ns + "create container", ns + "create task", ns + "start"})
	if pid, _ := os.ReadFile(dir + "/pid"); string(pid) != "4711" {
		t.Errorf("pid %q", pid)
	}
	c := f.container
	if c.ID != "web" || c.Image != "" || c.Snapshotter != "" || c.Runtime.Name != "io.containerd.runc.v2" || c.Runtime.Options.TypeUrl != "containerd.runc.v1.Options" {
		t.Errorf("container %v", c)
	}
	var o options.Options
	if err := c.Runtime.Options.UnmarshalTo(&o); err != nil || o.BinaryName != "/usr/bin/crun" || o.IoUid != 0 || o.IoGid != 0 {
		t.Errorf("options %v, %v", &o, err)
	}
	if c.Spec.TypeUrl != "types.containerd.io/opencontainers/runtime-spec/1/Spec" || !strings.Contains(string(c.Spec.Value), `"path":"`+dir+`/rootfs"`) {
		t.Errorf("spec %v", c.Spec)
	}
	if len(f.created.Rootfs) > 0 || f.created.Stdin != "" || f.created.Terminal {
		t.Errorf("task %v", f.created)
	}

	f.calls, f.exit = nil, 3
	if err := call("delete", "--status-file", dir+"/status", "web"); err != nil {
		t.Fatal(err)
	}
	equal(t, f.calls, []string{ns + "kill", ns + "wait", ns + "delete task", ns + "delete container"})
	if s, _ := os.ReadFile(dir + "/status"); string(s) != "3" {
		t.Errorf("status %q", s)
	}
	// What does not exist counts as deleted, and as killed.
	if err := call("delete", "--status-file", dir+"/status", "web"); err != nil {
		t.Fatal(err)
	}
	if s, _ := os.ReadFile(dir + "/status"); string(s) != "137" {
		t.Errorf("status %q", s)
	}
}

// In a user namespace, the output belongs to root of the container.
func TestOutputOfOtherUsers(t *testing.T) {
	f, socket := serve(t)
	dir := bundle(t, `{"root":{"path":"rootfs"},"linux":{"uidMappings":[{"containerID":5,"hostID":9,"size":1},{"containerID":0,"hostID":1048576,"size":65536}],"gidMappings":[{"containerID":0,"hostID":2097152,"size":65536}]}}`)
	if err := run(t.Context(), []string{"--address", socket, "run", "--bundle", dir, "--pid-file", dir + "/pid", "web"}); err != nil {
		t.Fatal(err)
	}
	var o options.Options
	if err := f.container.Runtime.Options.UnmarshalTo(&o); err != nil || o.IoUid != 1048576 || o.IoGid != 2097152 {
		t.Errorf("options %v, %v", &o, err)
	}
}

// PID 1 works between create and start.
func TestCreateAndStart(t *testing.T) {
	f, socket := serve(t)
	dir := bundle(t, `{}`)
	other := dir + "/older.json"
	if err := os.WriteFile(other, []byte(simple), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"--address", socket, "--namespace", "mine"}
	if err := run(t.Context(), append(args, "create", "--bundle", dir, "--pid-file", dir+"/pid", "--config", other, "web")); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), append(args, "start", "web")); err != nil {
		t.Fatal(err)
	}
	equal(t, f.calls, []string{"mine create container", "mine create task", "mine start"})
}

// A container that an interrupted deletion left is replaced.
func TestReplace(t *testing.T) {
	f, socket := serve(t)
	f.container, f.running = &containers.Container{ID: "web"}, true
	dir := bundle(t, simple)
	if err := run(t.Context(), []string{"--address", socket, "create", "--bundle", dir, "--pid-file", dir + "/pid", "web"}); err != nil {
		t.Fatal(err)
	}
	const ns = "services.linuxkit "
	equal(t, f.calls, []string{ns + "create container", ns + "kill", ns + "wait", ns + "delete task", ns + "delete container", ns + "create container", ns + "create task"})
}

// After a failure, nothing is left.
func TestFailures(t *testing.T) {
	for call, want := range map[string]string{
		"create container": "cannot create the container: no space left on device",
		"create task":      "cannot create the process: no space left on device",
		"start":            "cannot start the container: no space left on device",
	} {
		t.Run(call, func(t *testing.T) {
			f, socket := serve(t)
			f.fail = call
			dir := bundle(t, simple)
			err := run(t.Context(), []string{"--address", socket, "run", "--bundle", dir, "--pid-file", dir + "/pid", "web"})
			if err == nil || err.Error() != want {
				t.Errorf("%v, want %s", err, want)
			}
			if f.container != nil || f.running {
				t.Errorf("the container exists: %v", f.calls)
			}
		})
	}
	for _, call := range []string{"kill", "wait", "delete task", "delete container"} {
		f, socket := serve(t)
		f.fail, f.container, f.running = call, &containers.Container{ID: "web"}, true
		if err := run(t.Context(), []string{"--address", socket, "delete", "web"}); err == nil || !strings.Contains(err.Error(), "no space") {
			t.Errorf("%s: %v", call, err)
		}
	}
	err := run(t.Context(), []string{"--address", t.TempDir() + "/none", "start", "web"})
	if err == nil || !strings.Contains(err.Error(), "containerd does not answer") {
		t.Errorf("%v", err)
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{
		nil, {"stop", "web"}, {"start"}, {"start", "a", "b"}, {"start", ""}, {"create", "web"}, {"run", "--bundle", "/b", "web"},
		{"delete", "--bundle", "/b", "web"}, {"--socket", "x", "start", "web"},
	} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q is accepted", args)
		}
	}
	c, err := parse([]string{"create", "--bundle", "/b", "--pid-file", "/p", "web"})
	if err != nil || c.config != "/b/config.json" || c.address != defaultAddress || c.namespace != defaultNamespace || c.runtime != defaultRuntime {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestSpec(t *testing.T) {
	for in, want := range map[string]string{
		simple:                                 `{"ociVersion":"1.0.2","root":{"path":"/b/rootfs","readonly":true}}`,
		`{"root":{"path":"/other"},"x":1e400}`: `{"root":{"path":"/other"},"x":1e400}`,
		`{"root":{"path":"r"},"mounts":[{"type":"bind","source":"data","destination":"/d","new":[1]}]}`:                                          `{"mounts":[{"destination":"/d","new":[1],"source":"/b/data","type":"bind"}],"root":{"path":"/b/r"}}`,
		`{"root":{"path":"r"},"mounts":[{"source":"data","destination":"/d","options":["ro","rbind"]}]}`:                                         `{"mounts":[{"destination":"/d","options":["ro","rbind"],"source":"/b/data"}],"root":{"path":"/b/r"}}`,
		`{"root":{"path":"r"},"mounts":[{"type":"tmpfs","source":"tmpfs","destination":"/t"},{"type":"bind","source":"/x","destination":"/y"}]}`: `{"mounts":[{"type":"tmpfs","source":"tmpfs","destination":"/t"},{"type":"bind","source":"/x","destination":"/y"}],"root":{"path":"/b/r"}}`,
	} {
		got, err := absolute([]byte(in), "/b")
		if err != nil || string(got) != want {
			t.Errorf("%s:\n%s, %v\nwant\n%s", in, got, err, want)
		}
	}
	for _, in := range []string{``, `[]`, `{}`, `{"root":null}`, `{"root":{}}`, `{"root":{"path":""}}`, `{"root":{"path":1}}`, `{"root":{"path":"r"},"mounts":{}}`,
		`{"root":{"path":"r"},"mounts":[null]}`, `{"root":{"path":"r"},"root":{"path":"/"}}`, `{"root":{"path":"r"}} {}`,
		`{"root":{"path":"r"},"Root":{"path":"/"}}`, `{"root":{"path":"r","Path":"/"}}`, `{"root":{"path":"r"},"mounts":[{"type":"bind","source":"a","Source":"b"}]}`} {
		if got, err := absolute([]byte(in), "/b"); err == nil {
			t.Errorf("%s is accepted: %s", in, got)
		}
	}
}

// The result has the keys of the input, and an absolute root.
func FuzzSpec(f *testing.F) {
	f.Add([]byte(simple))
	f.Add([]byte(`{"root":{"path":"r"},"mounts":[{"type":"bind","source":"data"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := absolute(data, "/b")
		if err != nil {
			return
		}
		var before, after map[string]json.RawMessage
		if err := json.Unmarshal(data, &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(out, &after); err != nil {
			t.Fatal(err)
		}
		if len(before) != len(after) {
			t.Errorf("%d keys became %d", len(before), len(after))
		}
		var spec struct{ Root struct{ Path string } }
		if err := json.Unmarshal(out, &spec); err != nil || !filepath.IsAbs(spec.Root.Path) {
			t.Errorf("root %q, %v", spec.Root.Path, err)
		}
	})
}
