//go:build linux

package nfsserver

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	client "github.com/willscott/go-nfs-client/nfs"
	"github.com/willscott/go-nfs-client/nfs/rpc"
)

// mount serves a folder, and mounts it with another implementation of the protocol.
func mount(t *testing.T, folder string, writable bool) *client.Target {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, folder, writable) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	c, err := rpc.DialTCP("tcp", address, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	m := client.Mount{Client: c}
	for _, path := range []string{"/missing", folder + "/missing", folder + "/..", "x"} {
		if _, err := m.Mount(path, rpc.AuthNull); err == nil {
			t.Errorf("%s can be mounted", path)
		}
	}
	if _, err := m.Mount(folder, rpc.AuthNull); err != nil {
		t.Errorf("the folder by its own path: %v", err)
	}
	target, err := m.Mount("/", rpc.AuthNull)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

func TestServe(t *testing.T) {
	t.Parallel()
	folder, outside := t.TempDir(), t.TempDir()
	if err := errors.Join(os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644),
		os.WriteFile(filepath.Join(folder, "greeting"), []byte("hello"), 0o644),
		os.Symlink(filepath.Join(outside, "secret"), filepath.Join(folder, "link")),
		os.Symlink(outside, filepath.Join(folder, "way-out"))); err != nil {
		t.Fatal(err)
	}
	read := func(target *client.Target, name string) (string, error) {
		f, err := target.Open(name)
		if err != nil {
			return "", err
		}
		b, err := io.ReadAll(f)
		return string(b), err
	}
	for _, writable := range []bool{false, true} {
		target := mount(t, folder, writable)
		if got, err := read(target, "greeting"); got != "hello" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
		for _, name := range []string{"link", "way-out/secret", "../" + filepath.Base(outside) + "/secret"} {
			if got, err := read(target, name); err == nil && got == "secret" {
				t.Errorf("%s leads out of the folder", name)
			}
		}
		_, err := target.Mkdir("new", 0o755)
		if (err == nil) != writable {
			t.Errorf("writable %v: %v", writable, err)
		}
		f, err := target.OpenFile("written", 0o644)
		if err == nil {
			if _, err = f.Write([]byte("text")); err == nil {
				err = f.Close()
			}
		}
		if (err == nil) != writable {
			t.Errorf("writable %v: %v", writable, err)
		}
		b, err := os.ReadFile(filepath.Join(folder, "written"))
		if (err == nil && string(b) == "text") != writable {
			t.Errorf("writable %v: %q, %v", writable, b, err)
		}
	}
}
