package guest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// If helperEnv is set, the test binary is a small helper program.
const helperEnv = "SEAWORTHY_TEST_HELPER"

func TestMain(m *testing.M) {
	switch os.Getenv(helperEnv) {
	case "":
		os.Exit(m.Run())
	case "wait": // it runs until its input ends
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "reaper":
		os.Exit(reaperHelper())
	}
}

// inMountNamespace runs f in a new mount namespace, so that no other process
// sees its mounts. It needs root. Without root it skips the test and says so.
func inMountNamespace(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("needs root: real mounts in a mount namespace of their own")
	}
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread and its namespace end together
		if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
			done <- err
			return
		}
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			done <- err
			return
		}
		f()
		close(done)
	}()
	if err := <-done; err != nil {
		t.Skipf("no mount namespace of our own: %v", err)
	}
}

func loader() *moduleLoader {
	m, _ := ParseModules(nil, nil, nil)
	return &moduleLoader{modules: m, loaded: map[string]bool{}, params: func(string) string { return "" }}
}

func TestMountSteps(t *testing.T) {
	dir := t.TempDir()
	inMountNamespace(t, func() {
		must := func(err error) {
			if err != nil {
				t.Error(err)
			}
		}
		must(os.MkdirAll(dir+"/src", 0o755))
		must(os.WriteFile(dir+"/src/f", []byte("content"), 0o644))
		r := &Runtime{
			Mounts: []Mount{
				{Destination: dir + "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"nosuid", "mode=0700"}},
				{Destination: dir + "/ro", Source: dir + "/src", Options: []string{"bind", "ro", "noexec"}},
				{Destination: dir + "/file", Type: "bind", Source: dir + "/src/f"},
			},
			Mkdir: []string{dir + "/tmp/a/b"},
		}
		before, _ := r.Plan(dir)
		act := &actor{modules: loader()}
		must(act.all(before, 0))
		if err := os.WriteFile(dir+"/ro/new", nil, 0o644); !errors.Is(err, unix.EROFS) {
			t.Errorf("write to the read-only bind: %v", err)
		}
		if b, err := os.ReadFile(dir + "/file"); string(b) != "content" {
			t.Errorf("bound file: %q, %v", b, err)
		}
		var st unix.Statfs_t
		must(unix.Statfs(dir+"/ro", &st))
		if st.Flags&unix.ST_NOEXEC == 0 || st.Flags&unix.ST_RDONLY == 0 {
			t.Errorf("flags of the bind: %#x", st.Flags)
		}
		if fi, err := os.Stat(dir + "/tmp"); err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("tmpfs: %v, %v", fi, err)
		}
		if _, err := os.Stat(dir + "/tmp/a/b"); err != nil {
			t.Error(err)
		}
		bad := &Runtime{Mounts: []Mount{{Destination: dir + "/x", Source: dir + "/absent", Options: []string{"bind"}}}}
		before, _ = bad.Plan(dir)
		if err := act.all(before, 0); err == nil || !strings.HasPrefix(err.Error(), "mount bind "+dir+"/absent on "+dir+"/x: ") {
			t.Errorf("absent source: %v", err)
		}
	})
}

// Links in a container's own files must not lead a mount outside of them.
func TestMakeInside(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	root, outside := filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	for _, d := range []string{root + "/real", outside} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{"abs": outside, "up": "../outside", "good": "real"} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	for _, rel := range []string{"abs", "up", "abs/new", "up/new"} {
		fd, err := makeInside(root, rel)
		if err == nil {
			p, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", fd))
			unix.Close(fd)
			if !strings.HasPrefix(p, root+"/") {
				t.Errorf("%s led to %s", rel, p)
			}
		}
	}
	if e, _ := os.ReadDir(outside); len(e) != 0 {
		t.Errorf("something was made outside: %v", e)
	}
	for _, rel := range []string{"a/b/c", "good/x", "real"} {
		fd, err := makeInside(root, rel)
		if errors.Is(err, unix.ENOSYS) {
			t.Skip("this kernel has no openat2")
		}
		if err != nil {
			t.Errorf("%s: %v", rel, err)
			continue
		}
		unix.Close(fd)
	}
	if _, err := os.Stat(root + "/real/x"); err != nil {
		t.Error(err)
	}
}

// Interfaces and namespaces are given to a process in its own network
// namespace, as to a container.
func TestInterfaces(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: real network namespaces")
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=wait")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	in, _ := cmd.StdinPipe()
	out, _ := cmd.StdoutPipe()
	if err := cmd.Start(); err != nil {
		t.Skipf("no network namespace: %v", err)
	}
	defer func() { in.Close(); _ = cmd.Wait() }()
	if _, err := out.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	name, peer := "swt"+strconv.Itoa(os.Getpid()%10000), "swp"+strconv.Itoa(os.Getpid()%10000)
	err := addInterface(stepInterface{Interface{Name: name, Peer: peer}, "veth"}, cmd.Process.Pid)
	if errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.EPERM) {
		t.Skipf("this kernel makes no veth: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	devices := func(pid string) string {
		b, _ := os.ReadFile("/proc/" + pid + "/net/dev")
		return string(b)
	}
	there := strconv.Itoa(cmd.Process.Pid)
	if !strings.Contains(devices(there), name+":") || strings.Contains(devices("self"), name+":") {
		t.Errorf("%s is not in the namespace: %s", name, devices(there))
	}
	if !strings.Contains(devices("self"), peer+":") {
		t.Errorf("%s is not in this namespace", peer)
	}
	if err := addInterface(stepInterface{Interface: Interface{Name: peer}}, cmd.Process.Pid); err != nil {
		t.Errorf("move: %v", err)
	}
	if !strings.Contains(devices(there), peer+":") {
		t.Errorf("%s has not moved", peer)
	}
	if err := addInterface(stepInterface{Interface: Interface{Name: "nosuchif"}}, cmd.Process.Pid); !errors.Is(err, unix.ENODEV) {
		t.Errorf("an interface that does not exist: %v", err)
	}
}

// The test compares the bytes of the messages, so that it also works on
// machines where interfaces cannot be created.
func TestLinkMessages(t *testing.T) {
	t.Parallel()
	m := createMessage(stepInterface{Interface{Name: "a", Peer: "b"}, "veth"}, 0x01020304)
	if n := binary.NativeEndian.Uint32(m); int(n) != len(m) {
		t.Errorf("length %d of %d", n, len(m))
	}
	if typ := binary.NativeEndian.Uint16(m[4:]); typ != unix.RTM_NEWLINK {
		t.Errorf("type %d", typ)
	}
	attrs := readAttrs(t, m[32:])
	if string(attrs[unix.IFLA_IFNAME]) != "a\x00" || binary.NativeEndian.Uint32(attrs[unix.IFLA_NET_NS_PID]) != 0x01020304 {
		t.Errorf("attributes %v", attrs)
	}
	info := readAttrs(t, attrs[unix.IFLA_LINKINFO])
	if string(info[unix.IFLA_INFO_KIND]) != "veth\x00" {
		t.Errorf("kind %q", info[unix.IFLA_INFO_KIND])
	}
	peer := readAttrs(t, info[unix.IFLA_INFO_DATA])[vethInfoPeer]
	if got := readAttrs(t, peer[unix.SizeofIfInfomsg:]); string(got[unix.IFLA_IFNAME]) != "b\x00" {
		t.Errorf("peer %q", peer)
	}
	// With CreateInRoot the interface is created in the root's namespace, so
	// the message names no other namespace.
	m = createMessage(stepInterface{Interface{Name: "wg0", CreateInRoot: true}, "wireguard"}, 5)
	if _, ok := readAttrs(t, m[32:])[unix.IFLA_NET_NS_PID]; ok {
		t.Error("createInRoot had no effect")
	}
}

func readAttrs(t *testing.T, b []byte) map[int][]byte {
	t.Helper()
	out := map[int][]byte{}
	for len(b) >= 4 {
		n := int(binary.NativeEndian.Uint16(b))
		if n < 4 || n > len(b) {
			t.Fatalf("attribute of %d bytes in %d", n, len(b))
		}
		out[int(binary.NativeEndian.Uint16(b[2:]))] = b[4:n]
		b = b[min((n+3)&^3, len(b)):]
	}
	return out
}

func TestNetlinkAnswer(t *testing.T) {
	t.Parallel()
	answer := func(typ uint16, code int32) []byte {
		b := make([]byte, 36)
		binary.NativeEndian.PutUint16(b[4:], typ)
		binary.NativeEndian.PutUint32(b[16:], uint32(code))
		return b
	}
	if err := netlinkAnswer(answer(unix.NLMSG_ERROR, 0)); err != nil {
		t.Error(err)
	}
	if err := netlinkAnswer(answer(unix.NLMSG_ERROR, -int32(unix.EEXIST))); !errors.Is(err, unix.EEXIST) {
		t.Error(err)
	}
	for _, b := range [][]byte{nil, make([]byte, 16), answer(unix.NLMSG_DONE, 0)} {
		if err := netlinkAnswer(b); err == nil {
			t.Errorf("%d bytes were taken for an acknowledgement", len(b))
		}
	}
}

func TestRootIsRootfs(t *testing.T) {
	t.Parallel()
	const rootfs = "1 1 0:2 / / rw - rootfs rootfs rw\n20 1 0:5 / /dev rw,nosuid - devtmpfs devtmpfs rw\n"
	for text, want := range map[string]bool{
		rootfs: true, rootfs + "30 1 0:2 / / rw shared:1 - tmpfs tmpfs rw\n": false,
		"25 1 254:0 / / ro,relatime shared:1 - squashfs /dev/vda ro\n": false, "": false, "x\n": false, "1 1 0:2 / / rw shared:1\n": false,
	} {
		if got := rootIsRootfs([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// PID 1 becomes the parent of orphans. In this test, a child subreaper does.
func TestReaper(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"=reaper")
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "fine\n" {
		t.Errorf("%s, %v", out, err)
	}
}

func reaperHelper() int {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		fmt.Println(err)
		return 1
	}
	k := newChildren()
	r, w, _ := os.Pipe()
	end := func(ch <-chan syscall.WaitStatus) syscall.WaitStatus {
		for {
			k.reap()
			select {
			case ws := <-ch:
				return ws
			case <-time.After(time.Millisecond):
			}
		}
	}
	// A child, its status and its output.
	_, ch, err := k.start([]string{"/bin/false"}, w)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if ws := end(ch); ws.ExitStatus() != 1 {
		fmt.Println("false:", statusText(ws))
		return 1
	}
	_, ch, err = k.start([]string{"/bin/echo", "hello"}, w)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	buf := make([]byte, 64)
	n, _ := r.Read(buf)
	if ws := end(ch); failed(ws) || string(buf[:n]) != "hello\n" {
		fmt.Printf("echo: %q, %s\n", buf[:n], statusText(ws))
		return 1
	}
	// An orphan: its parent has ended, it is adopted, and then killed.
	_, ch, err = k.start([]string{"/bin/sh", "-c", "sleep 100 & echo $!"}, w)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	n, _ = r.Read(buf)
	pid, _ := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	end(ch)
	orphan, err := k.adopt(pid)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_ = unix.Kill(pid, unix.SIGKILL)
	if ws := end(orphan); statusText(ws) != "killed by killed" {
		fmt.Println("orphan:", statusText(ws))
		return 1
	}
	if _, err := k.adopt(pid); !errors.Is(err, unix.ESRCH) {
		fmt.Println("adopted the dead:", err)
		return 1
	}
	if _, _, err := k.start([]string{"/no/such/program"}, w); err == nil {
		fmt.Println("started nothing")
		return 1
	}
	fmt.Println("fine")
	return 0
}

// Services that start at the same time load modules concurrently.
func TestLoaderIsShared(t *testing.T) {
	t.Parallel()
	m, err := ParseModules([]byte("kernel/a.ko:\nkernel/b.ko: kernel/a.ko\n"), []byte("alias fs-x b\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l := loader()
	l.modules, l.dir = m, t.TempDir() // the module files do not exist, so loading fails
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() { l.alias("fs-x") })
	}
	wg.Wait()
	if !l.loaded["kernel/a.ko"] {
		t.Error("nothing was tried")
	}
}

func TestModaliases(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"a/devices/x": "one\n", "b/devices/y": "two\n", "b/devices/z": "\n"} {
		d := filepath.Join(dir, name)
		if err := os.MkdirAll(d, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(d+"/modalias", []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(modaliases([]string{dir + "/*/devices"}), " "); got != "one two" {
		t.Errorf("got %q", got)
	}
}

func TestOutput(t *testing.T) {
	t.Parallel()
	var out lockedBuilder
	o, err := newOutput(NewConsole(&out, (&clock{}).uptime), "web", filepath.Join(t.TempDir(), "web.log"))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(o.w, "first\nthe reason\n\n")
	o.close()
	if o.lastLine() != "the reason" {
		t.Errorf("last line %q", o.lastLine())
	}
	if want := "[  0.00] web | first\n[  0.00] web | the reason\n[  0.00] web | \n"; out.String() != want {
		t.Errorf("console %q", out.String())
	}
}
