//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"

	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

// PID 1 passes these arguments (builder/guest).
func TestParseCall(t *testing.T) {
	t.Parallel()
	c := parseCall(strings.Fields("--root /run/crun run --config /run/x.json --bundle /containers/services/web --pid-file /run/web.pid web"))
	if c.verb != "run" || c.bundle != "/containers/services/web" || c.config != "/run/x.json" || c.name != "web" || argument(c.args, "--pid-file") != "/run/web.pid" {
		t.Errorf("%+v", c)
	}
	want := "--root /run/crun run --config /other.json --bundle /containers/services/web --pid-file /run/web.pid web"
	if got := strings.Join(c.with("/other.json"), " "); got != want {
		t.Errorf("with another config: %s", got)
	}
	c = parseCall(strings.Fields("--root /run/crun create --bundle /containers/onboot/000-x --pid-file /p 000-x"))
	if c.verb != "create" || c.config != "/containers/onboot/000-x/config.json" {
		t.Errorf("%+v", c)
	}
	if got := strings.Join(c.with("/o"), " "); got != "--root /run/crun create --config /o --bundle /containers/onboot/000-x --pid-file /p 000-x" {
		t.Errorf("with a config: %s", got)
	}
	for _, other := range []string{"--version", "--root /run/crun delete --force web", ""} {
		if c := parseCall(strings.Fields(other)); c.bundle != "" {
			t.Errorf("%q: %+v", other, c)
		}
	}
}

// The names of containers of onboot and onshutdown are behind a number.
func TestContainer(t *testing.T) {
	t.Parallel()
	for bundle, want := range map[string]string{"/containers/services/web-1": "services web-1", "/containers/onboot/012-static-ip": "onboot static-ip", "/containers/onshutdown/000-a": "onshutdown a", "": " ", "/elsewhere/services/web": " "} {
		c := &call{bundle: bundle}
		if section, name := c.container(); section+" "+name != want {
			t.Errorf("%q is %q %q", bundle, section, name)
		}
	}
}

func TestAbove(t *testing.T) {
	t.Parallel()
	if got := strings.Join(above([]string{"/var/lib/x", "/var/y", "/z"}), " "); got != "/var /var/lib /var/lib/x /var/y /z" {
		t.Error(got)
	}
}

func TestWithoutOf(t *testing.T) {
	t.Parallel()
	for cmdline, want := range map[string]string{"console=ttyS0 seaworthy.trace.without=CAP_A,CAP_B quiet\n": "CAP_A CAP_B", "seaworthy.trace.without=": "", "console=ttyS0": ""} {
		if got := strings.Join(withoutOf(cmdline), " "); got != want {
			t.Errorf("%q: %q", cmdline, got)
		}
	}
}

func changed(t *testing.T, config string, change func(map[string]any) error) string {
	t.Helper()
	var spec map[string]any
	if err := json.Unmarshal([]byte(config), &spec); err != nil {
		t.Fatal(err)
	}
	if err := change(spec); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// The filter notifies of what it allowed, and refuses the same as before. Of quiet calls it
// does not notify. Nothing else of config.json changes.
func TestNotifying(t *testing.T) {
	t.Parallel()
	for config, want := range map[string]string{
		`{"x":1,"linux":{"y":2}}`: `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_ALLOW","names":["quiet"]}]},"y":2},"x":1}`,
		`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[1]},{"names":["a"],"action":"SCMP_ACT_LOG"},{"names":["clone3"],"action":"SCMP_ACT_ERRNO","errnoRet":38}]}}}`: `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_NOTIFY","args":[1],"names":["read"]},{"action":"SCMP_ACT_NOTIFY","names":["a"]},{"action":"SCMP_ACT_ERRNO","errnoRet":38,"names":["clone3"]}]}}}`,
		// The call quiet is allowed as before; with a condition, or with two rules, it notifies.
		`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["quiet"],"action":"SCMP_ACT_ERRNO","args":[1]}]}}}`:                                                   `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_ERRNO","args":[1],"names":["quiet"]}]}}}`,
		`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["a","quiet","b"],"action":"SCMP_ACT_ALLOW"},{"names":["c"],"action":"SCMP_ACT_ALLOW","args":[1]}]}}}`: `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_ALLOW","names":["quiet"]},{"action":"SCMP_ACT_NOTIFY","names":["a","b"]},{"action":"SCMP_ACT_NOTIFY","args":[1],"names":["c"]}]}}}`,
		`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["quiet"],"action":"SCMP_ACT_ALLOW","args":[1]}]}}}`:                                                   `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_NOTIFY","args":[1],"names":["quiet"]}]}}}`,
		`{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","syscalls":[{"names":["quiet"],"action":"SCMP_ACT_ALLOW"},{"names":["quiet"],"action":"SCMP_ACT_ERRNO","args":[1]}]}}}`:     `{"linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","listenerPath":"/s","syscalls":[{"action":"SCMP_ACT_NOTIFY","names":["quiet"]},{"action":"SCMP_ACT_ERRNO","args":[1],"names":["quiet"]}]}}}`,
	} {
		if got := changed(t, config, func(s map[string]any) error { return notifying(s, "/s", []string{"quiet"}) }); got != want {
			t.Errorf("%s\n  became %s\n  want   %s", config, got, want)
		}
	}
	if notifying(map[string]any{}, "/s", nil) == nil {
		t.Error("a config.json without a section linux was accepted")
	}
}

// The calls of tracing.Plain have nothing that is of interest besides the call itself.
func TestPlain(t *testing.T) {
	t.Parallel()
	numbers := map[string]int{}
	for n, name := range map[string]*arch.Info{"amd64": arch.X86_64, "arm64": arch.AARCH64}[runtime.GOARCH].SyscallNumbers {
		numbers[name] = n
	}
	looked := 0
	for name, number := range numbers {
		p := &process{pid: uint32(os.Getpid())}
		n := &notification{number: int32(number), args: [6]uint64{tracing.NewNamespaces, 1, 1, 1, 1, 1}}
		interest := len(p.uses(n).names) > 0 || p.detail(n) != "" || slices.Contains([]string{"openat2", "bind"}, name)
		p.close()
		if interest {
			looked++
		}
		if interest && slices.Contains(tracing.Plain, name) {
			t.Errorf("%s has paths or details", name)
		}
	}
	if looked < 15 {
		t.Errorf("only %d calls have paths or details", looked)
	}
}

func TestWithoutCapabilities(t *testing.T) {
	t.Parallel()
	got := changed(t, `{"process":{"uid":1,"capabilities":{"bounding":["CAP_A","CAP_B"],"ambient":["CAP_B"],"effective":null}}}`,
		func(s map[string]any) error { withoutCapabilities(s, []string{"CAP_B", "CAP_C"}); return nil })
	if want := `{"process":{"capabilities":{"ambient":[],"bounding":["CAP_A"],"effective":null},"uid":1}}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := errors.Join(os.MkdirAll(root+"/full/empty", 0o755), os.Chmod(root+"/full/empty", 0o777|os.ModeSticky), os.Symlink("full", root+"/link")); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range look(root, []string{"/full", "/full/empty", "/link", "/none"}) {
		got = append(got, fmt.Sprintf("%s %t %t %o", f.Path, f.Exists, f.Empty, f.Mode))
	}
	want := []string{"/full true false 755", "/full/empty true true 1777", "/link false false 0", "/none false false 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// The numbers in the details are those of Linux, and can be read again.
func TestDetails(t *testing.T) {
	t.Parallel()
	for family, want := range map[uint64]string{unix.AF_UNIX: "AF_UNIX", unix.AF_INET: "AF_INET", unix.AF_INET6: "AF_INET6", unix.AF_NETLINK: "AF_NETLINK", unix.AF_PACKET: "AF_PACKET", 40: "family 40"} {
		for _, raw := range []bool{false, true} {
			got := tracing.SocketDetail(family, raw)
			if raw {
				want += " raw"
			}
			if n, ok := tracing.SocketFamily(got); got != want || n != family || !ok {
				t.Errorf("%q is %d, want %q of %d", got, n, want, family)
			}
		}
	}
	if _, ok := tracing.SocketFamily("family x"); ok {
		t.Error("a family without a number")
	}
	if port, ok := tracing.PortOf(tracing.PortDetail(80)); port != 80 || !ok {
		t.Errorf("port %d", port)
	}
	if tracing.NewNamespaces != unix.CLONE_NEWNS|unix.CLONE_NEWCGROUP|unix.CLONE_NEWUTS|unix.CLONE_NEWIPC|unix.CLONE_NEWUSER|unix.CLONE_NEWPID|unix.CLONE_NEWNET {
		t.Error("the flags for new namespaces are others")
	}
}

// tracedEnv makes the test program the traced one.
const tracedEnv = "SEAWORTHY_TEST_TRACED"

func TestMain(m *testing.M) {
	if dir := os.Getenv(tracedEnv); dir != "" {
		if err := traced(dir); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// traced installs a filter that notifies of all calls with paths and a few others,
// sends its descriptor as an OCI runtime does, and makes such calls.
func traced(dir string) error {
	runtime.LockOSThread()
	numbers := []uint32{unix.SYS_OPENAT, unix.SYS_MKDIRAT, unix.SYS_RENAMEAT2, unix.SYS_UNLINKAT, unix.SYS_SYMLINKAT, unix.SYS_SOCKET, unix.SYS_BIND, unix.SYS_CHROOT, unix.SYS_TRUNCATE}
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: 0}}
	for i, n := range numbers {
		filter = append(filter, unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(len(numbers) - i), K: n})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW}, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	conn, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: dir + "/sock", Net: "unix"})
	if err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	prog := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	fd, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return fmt.Errorf("no notifications: %w", errno)
	}
	// The first descriptor is another one.
	if _, _, err := conn.WriteMsgUnix([]byte(`{"fds":["otherFd","seccompFd"]}`), unix.UnixRights(1, int(fd)), nil); err != nil {
		return err
	}
	if err := unix.Close(int(fd)); err != nil {
		return err
	}
	path := func(name string) string { return filepath.Join(dir, name) }
	try := func(what string, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	}
	create, err := unix.Open(path("link/new"), unix.O_CREAT|unix.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	folder, err := unix.Open(path("real"), unix.O_PATH|unix.O_DIRECTORY, 0)
	if err != nil {
		return err
	}
	_, missing := unix.Open(path("none/x"), unix.O_CREAT|unix.O_WRONLY, 0o600)
	if !errors.Is(missing, unix.ENOENT) {
		return fmt.Errorf("a file in a missing folder: %w", missing)
	}
	null, err := unix.Open("/dev/null", unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// Without a privilege, this is refused.
	_ = unix.Bind(socket, &unix.SockaddrInet4{Port: 81, Addr: [4]byte{127, 0, 0, 1}})
	local, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	return errors.Join(
		try("mkdirat", unix.Mkdirat(folder, "sub", 0o700)),
		try("renameat2", unix.Renameat2(folder, "sub", unix.AT_FDCWD, path("real/moved"), 0)),
		try("unlinkat", unix.Unlinkat(folder, "moved", unix.AT_REMOVEDIR)),
		try("symlinkat", unix.Symlinkat("new", folder, "to-new")),
		try("truncate", unix.Truncate(path("real/to-new"), 0)),
		try("bind", unix.Bind(local, &unix.SockaddrUnix{Name: path("real/socket")})),
		unix.Close(create), unix.Close(null))
}

// What a process does is observed: the calls, and the files with their real paths.
func TestObserve(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Mkdir(dir+"/real", 0o700), os.Symlink("real", dir+"/link")); err != nil {
		t.Fatal(err)
	}
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: dir + "/sock", Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	j := newJournal(func(m tracing.Message) {
		s := m.Seen
		line := fmt.Sprint(s.Number, " ", s.Detail)
		if s.Phase != "now" || s.Program == "" || s.Foreign {
			line += fmt.Sprintf(" %+v", s)
		}
		if f := s.File; f != nil {
			line += fmt.Sprintf("%s %s write=%t %s", strings.TrimPrefix(f.Path, dir), f.Kind, f.Write, f.Device)
		}
		seen = append(seen, strings.TrimSpace(line))
	})
	j.begin("now", false)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), tracedEnv+"="+dir)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- j.serve(listener) }()
	err = cmd.Wait()
	listener.Close()
	if e := <-served; e != nil {
		t.Error(e)
	}
	switch {
	case strings.Contains(out.String(), "no notifications"):
		t.Skipf("skipped: this kernel or container does not allow seccomp notifications: %s", out.String())
	case err != nil:
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{
		fmt.Sprint(unix.SYS_OPENAT, " /real/new file write=true"),
		fmt.Sprint(unix.SYS_OPENAT, " /real folder write=false"),
		fmt.Sprint(unix.SYS_OPENAT, " /dev/null device write=true c 1:3"),
		fmt.Sprint(unix.SYS_MKDIRAT, " /real/sub file write=true"),
		fmt.Sprint(unix.SYS_RENAMEAT2, " /real/sub file write=true"),
		fmt.Sprint(unix.SYS_RENAMEAT2, " /real/moved file write=true"),
		fmt.Sprint(unix.SYS_UNLINKAT, " /real/moved file write=true"),
		fmt.Sprint(unix.SYS_SYMLINKAT, " /real/to-new file write=true"),
		fmt.Sprint(unix.SYS_TRUNCATE, " /real/new file write=true"),
		fmt.Sprint(unix.SYS_SOCKET, " AF_INET"),
		fmt.Sprint(unix.SYS_SOCKET, " AF_UNIX"),
		fmt.Sprint(unix.SYS_BIND, " port 81"),
		fmt.Sprint(unix.SYS_BIND, " /real/socket file write=true"),
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("not observed: %s", want)
		}
	}
	for _, s := range seen {
		if strings.Contains(s, "none") || strings.HasPrefix(s, fmt.Sprint(unix.SYS_CHROOT, " ")) {
			t.Errorf("observed, but it did not happen: %s", s)
		}
	}
	if got := j.changed(); !slices.Contains(got, dir+"/real/new") || slices.Contains(got, dir+"/real") {
		t.Errorf("changed are %v", got)
	}
	counts, lost := j.totals()
	if i := slices.IndexFunc(counts, func(c tracing.Count) bool { return c.Number == unix.SYS_OPENAT }); i < 0 || counts[i].Times < 4 || lost != 0 {
		t.Errorf("the numbers of calls are %v, %d lost", counts, lost)
	}
	if t.Failed() {
		t.Logf("observed:\n%s", strings.Join(seen, "\n"))
	}
}
