//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	containers "github.com/containerd/containerd/api/services/containers/v1"
	tasks "github.com/containerd/containerd/api/services/tasks/v1"
	"github.com/containerd/containerd/api/types/runc/options"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
)

const (
	// shim is the name of containerd's shim for OCI runtimes,
	// containerd-shim-runc-v2.
	shim = "io.containerd.runc.v2"
	// specType is containerd's name for the JSON of an OCI runtime spec.
	specType = "types.containerd.io/opencontainers/runtime-spec/1/Spec"
	// sigkill is the same number on every architecture of ours.
	sigkill = 9
)

// daemon is a connection to containerd. Its methods name containers of one of
// containerd's namespaces.
type daemon struct {
	conn       *grpc.ClientConn
	namespace  string
	containers containers.ContainersClient
	tasks      tasks.TasksClient
}

// dial prepares the connection. The first call connects.
func dial(address, namespace string) (*daemon, error) {
	address, err := filepath.Abs(address)
	if err != nil {
		return nil, err
	}
	// The socket belongs to root, so the transport needs no secret.
	conn, err := grpc.NewClient("unix://"+address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, fmt.Errorf("cannot connect to containerd at %s: %w", address, err)
	}
	return &daemon{conn, namespace, containers.NewContainersClient(conn), tasks.NewTasksClient(conn)}, nil
}

func (d *daemon) close() { _ = d.conn.Close() }

// in adds the namespace to a call.
func (d *daemon) in(ctx context.Context) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "containerd-namespace", d.namespace)
}

// create creates the container, and its first process, which waits to be started.
// It replaces a container of the same name, which an interrupted deletion may have
// left.
func (d *daemon) create(ctx context.Context, name, runtime string, spec []byte) (pid uint32, err error) {
	user, group, err := rootOf(spec)
	if err != nil {
		return 0, err
	}
	// The shim gives the container's standard output and error to this user.
	opts, err := shimOptions(&options.Options{BinaryName: runtime, IoUid: user, IoGid: group})
	if err != nil {
		return 0, err
	}
	request := &containers.CreateContainerRequest{Container: &containers.Container{
		ID:      name,
		Runtime: &containers.Container_Runtime{Name: shim, Options: opts},
		Spec:    &anypb.Any{TypeUrl: specType, Value: spec},
	}}
	_, err = d.containers.Create(d.in(ctx), request)
	if status.Code(err) == codes.AlreadyExists {
		if _, err := d.delete(ctx, name); err != nil {
			return 0, err
		}
		_, err = d.containers.Create(d.in(ctx), request)
	}
	if err != nil {
		return 0, explain("create the container", err)
	}
	// The shim opens the two pipes before it answers, and keeps them open.
	task, err := d.tasks.Create(d.in(ctx), &tasks.CreateTaskRequest{ContainerID: name, Stdout: ownPipe(1), Stderr: ownPipe(2)})
	if err != nil {
		err = explain("create the process", err)
		_, _ = d.containers.Delete(d.in(ctx), &containers.DeleteContainerRequest{ID: name})
		return 0, err
	}
	return task.GetPid(), nil
}

// ownPipe is a path that leads to an open file of this process. The shim has the
// same view of /proc, because PID 1 starts both in the system's own namespaces.
func ownPipe(fd int) string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), fd) }

// shimOptions wraps the options of the shim under the name that containerd 1.x knows.
func shimOptions(o *options.Options) (*anypb.Any, error) {
	value, err := proto.Marshal(o)
	if err != nil {
		return nil, err
	}
	return &anypb.Any{TypeUrl: string(o.ProtoReflect().Descriptor().FullName()), Value: value}, nil
}

func (d *daemon) start(ctx context.Context, name string) error {
	_, err := d.tasks.Start(d.in(ctx), &tasks.StartRequest{ContainerID: name})
	return explain("start the container", err)
}

// delete kills the container's processes, waits for their end, and deletes the
// container. It returns the exit status of the first process: 128 and the number of
// the signal, if a signal killed it. What does not exist counts as deleted; without
// a process, the status is that of SIGKILL.
func (d *daemon) delete(ctx context.Context, name string) (exit uint32, err error) {
	exit = 128 + sigkill
	_, err = d.tasks.Kill(d.in(ctx), &tasks.KillRequest{ContainerID: name, Signal: sigkill, All: true})
	// The first process may have ended, or may be about to.
	if gone(err) {
		err = nil
	}
	if err != nil {
		return exit, explain("kill the container", err)
	}
	// It answers at once if the process has ended.
	waited, err := d.tasks.Wait(d.in(ctx), &tasks.WaitRequest{ContainerID: name})
	if err == nil {
		exit = waited.GetExitStatus()
	} else if !gone(err) {
		return exit, explain("wait for the container's end", err)
	}
	if _, err = d.tasks.Delete(d.in(ctx), &tasks.DeleteTaskRequest{ContainerID: name}); err != nil && !gone(err) {
		return exit, explain("delete the process", err)
	}
	if _, err = d.containers.Delete(d.in(ctx), &containers.DeleteContainerRequest{ID: name}); err != nil && !gone(err) {
		return exit, explain("delete the container", err)
	}
	return exit, nil
}

// gone reports whether the error says that there is no such process or container.
func gone(err error) bool { return status.Code(err) == codes.NotFound }

// explain says what failed, without gRPC's words about it.
func explain(what string, err error) error {
	if err == nil {
		return nil
	}
	if s, ok := status.FromError(err); ok {
		if s.Code() == codes.Unavailable {
			return fmt.Errorf("cannot %s: containerd does not answer: %s", what, s.Message())
		}
		return fmt.Errorf("cannot %s: %s", what, s.Message())
	}
	return fmt.Errorf("cannot %s: %w", what, err)
}
