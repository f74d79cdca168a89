package main

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/seaworthy-os/seaworthy/builder/image/disk"
	nfsserver "github.com/seaworthy-os/seaworthy/components/nfs-server"
)

// host is the machine on which the systems with the components run: what the
// components ask there, and how the test asks them.
type host struct {
	s      *realSystem
	server *httptest.Server
	key    ssh.Signer
	// nfs is the port of an NFS server.
	nfs string
	// ports are those of the machine on the loopback address of the test.
	ports map[string]int
	// agent is a socket to the machine's guest agent.
	agent string
	// What is written to keys is typed on the console of the machine.
	typed io.Reader
	keys  io.Writer

	mu sync.Mutex
	// received are the paths of requests, with their bodies.
	received []string
}

// login is how the test logs in to a component from outside, and what it does there.
type login struct {
	port       int
	user       string
	does, says string
}

// logins are those of components. The rescue system repairs a partition of the disk.
var logins = map[string]login{
	"sshd":     {22, "admin", "id", "(admin)"},
	"dropbear": {2222, "admin", "id", "(admin)"},
	"rescue": {22, "root", `d=/dev/vda; [ -b $d ] || d=/dev/nvme0n1; set -- $(sfdisk -d $d | grep '"rescue"') && p=$1 && mke2fs -q -t ext4 $p && e2fsck -f -p $p && mkdir /mnt/d && mount -t ext4 $p /mnt/d && df /mnt/d &&
		umount /mnt/d && lvs && cryptsetup --version && mdadm --version 2>&1`, "/mnt/d"},
}

func (s *realSystem) newHost() *host {
	s.t.Helper()
	key, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		s.t.Fatal(err)
	}
	h := &host{s: s, key: key, ports: map[string]int{}}
	h.typed, h.keys = io.Pipe()
	h.server = httptest.NewServer(http.HandlerFunc(h.metadata))
	s.t.Cleanup(h.server.Close)
	h.serveNFS()
	dir, err := os.MkdirTemp("", "agent") // a socket's path is short
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { os.RemoveAll(dir) })
	h.agent = filepath.Join(dir, "agent")
	return h
}

// serveNFS serves a folder with one file by NFS.
func (h *host) serveNFS() {
	t := h.s.t
	t.Helper()
	folder := h.s.path("nfs")
	if err := errors.Join(os.Mkdir(folder, 0o755), os.WriteFile(filepath.Join(folder, "greeting"), []byte("hello from the host"), 0o644)); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, h.nfs, err = net.SplitHostPort(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	go func() { _ = nfsserver.Serve(t.Context(), l, folder, false) }()
}

func (h *host) publicKey() string {
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(h.key.PublicKey())))
}

// metadata answers like the metadata services of clouds.
func (h *host) metadata(w http.ResponseWriter, r *http.Request) {
	var body bytes.Buffer
	_, _ = body.ReadFrom(http.MaxBytesReader(w, r.Body, 1<<20))
	h.mu.Lock()
	h.received = append(h.received, r.Method+" "+r.URL.Path+" "+body.String())
	h.mu.Unlock()
	const google = "/computeMetadata/v1/"
	answers := map[string]string{
		"/nocloud/meta-data": "instance-id: i-1\nlocal-hostname: nocloud-host\npublic-keys: [" + h.publicKey() + "]\n",
		"/nocloud/user-data": "#cloud-config\n",

		"/openstack/latest/meta_data.json": fmt.Sprintf(`{"uuid": "i-2", "hostname": "openstack-host", "public_keys": {"mine": %q}}`, h.publicKey()),

		"/latest/api/token":                           "token",
		"/latest/meta-data/instance-id":               "i-3",
		"/latest/meta-data/local-hostname":            "ec2-host",
		"/latest/meta-data/public-keys/":              "0=mine",
		"/latest/meta-data/public-keys/0/openssh-key": h.publicKey(),
		"/latest/user-data":                           "data",

		google + "instance/id":                  "4",
		google + "instance/hostname":            "gcp-host",
		google + "instance/attributes/ssh-keys": "ann:" + h.publicKey(),

		"/poweroff": "",
	}
	text, ok := answers[r.URL.Path]
	switch {
	case r.URL.Path == "/latest/api/token" && r.Method != http.MethodPut,
		strings.HasPrefix(r.URL.Path, "/latest/meta-data") && r.Header.Get("X-Aws-Ec2-Metadata-Token") != "token",
		strings.HasPrefix(r.URL.Path, google) && r.Header.Get("Metadata-Flavor") != "Google":
		w.WriteHeader(http.StatusForbidden)
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	default:
		_, _ = w.Write([]byte(text))
	}
}

// adapt writes the system.yml of a component for this host: METADATA is the port of
// the server, NFSPORT that of the NFS server, CISERVER that of a Buildbot server, KEY the public key that may log in, and
// TLSPAIR a new certificate with its key, in a quoted text.
func (h *host) adapt(l *library) string {
	t := h.s.t
	t.Helper()
	if _, ok := logins[l.name]; ok {
		h.ports[l.name] = port(t)
	}
	data, err := os.ReadFile(l.file)
	if err != nil {
		t.Fatal(err)
	}
	_, server, err := net.SplitHostPort(h.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("NFSPORT"), []byte(h.nfs))
	data = bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("METADATA"), []byte(server)), []byte("KEY\\n"), []byte(h.publicKey()+"\\n"))
	if pair := []byte("TLSPAIR"); bytes.Contains(data, pair) {
		certificate, key := makePair(t, net.IPv4(127, 0, 0, 1))
		data = bytes.ReplaceAll(data, pair, bytes.ReplaceAll(append(certificate, key...), []byte("\n"), []byte("\\n")))
	}
	if l.name == "buildbot-worker" {
		b := h.s.startBuildbot("http://10.0.2.2/") // no job is started
		data = bytes.ReplaceAll(b.trusted(t, data), []byte("CISERVER"), []byte(strconv.Itoa(b.workers)))
	}
	name := h.s.path(l.name + ".yml")
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

// publish are the flags of boot for the published ports.
func (h *host) publish() (flags []string) {
	for name, port := range h.ports {
		flags = append(flags, "--publish", fmt.Sprintf("%d:%d", port, logins[name].port))
	}
	return flags
}

// told reports whether the server got a request.
func (h *host) told(request string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Contains(h.received, request)
}

// ask asks a component from outside, and on the console of the machine.
func (h *host) ask(t *testing.T, name string, console *console) {
	t.Helper()
	port, ok := h.ports[name]
	switch {
	case name == "getty":
		// Only the right password opens the shell.
		h.types(t, console, "admin\nnot this one\n", "The name or the password is wrong.")
		h.types(t, console, "admin\nonly for the test\nid; exit\n", "uid=130(admin)")
		return
	case name == "qemu-guest-agent":
		h.askAgent(t)
		return
	case !ok:
		return
	}
	address, l := fmt.Sprintf("127.0.0.1:%d", port), logins[name]
	out, err := l.run(address, ssh.PublicKeys(h.key))
	if err != nil || !strings.Contains(out, l.says) {
		t.Errorf("%s: %s printed %q: %v", name, l.does, out, err)
	}
	// Another key, and a password, are refused.
	other, err := ssh.NewSignerFromKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	for what, auth := range map[string]ssh.AuthMethod{"another key": ssh.PublicKeys(other), "a password": ssh.Password(l.user)} {
		if out, err := l.run(address, auth); err == nil {
			t.Errorf("%s: %s was accepted: %q", name, what, out)
		}
	}
}

// askAgent asks the guest agent about the machine, and lets it refuse what changes the
// machine.
func (h *host) askAgent(t *testing.T) {
	t.Helper()
	c, err := net.Dial("unix", h.agent)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	answers := json.NewDecoder(c)
	ask := func(command, arguments string, to any) (refused string) {
		if _, err := fmt.Fprintf(c, `{"execute":%q,"arguments":%s}`, command, arguments); err != nil {
			t.Fatal(err)
		}
		var answer struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := answers.Decode(&answer); err != nil {
			t.Fatal(err)
		}
		if answer.Error != nil {
			return answer.Error.Desc
		}
		if err := json.Unmarshal(answer.Return, to); err != nil {
			t.Errorf("%s: %v", command, err)
		}
		return ""
	}
	var info struct {
		Commands []struct {
			Name    string `json:"name"`
			Enabled bool   `json:"enabled"`
		} `json:"supported_commands"`
	}
	if refused := ask("guest-info", "{}", &info); refused != "" {
		t.Errorf("guest-info: %s", refused)
	}
	var enabled []string
	for _, command := range info.Commands {
		if command.Enabled {
			enabled = append(enabled, strings.TrimPrefix(command.Name, "guest-"))
		}
	}
	slices.Sort(enabled)
	const want = "get-host-name get-osinfo get-time get-timezone get-vcpus info network-get-interfaces ping sync sync-delimited"
	if got := strings.Join(enabled, " "); got != want || len(info.Commands) < 30 {
		t.Errorf("of %d commands, the agent obeys %s; want %s", len(info.Commands), got, want)
	}
	var interfaces []struct {
		Addresses []struct {
			Address string `json:"ip-address"`
		} `json:"ip-addresses"`
	}
	refused := ask("guest-network-get-interfaces", "{}", &interfaces)
	if text := fmt.Sprint(interfaces); refused != "" || !strings.Contains(text, "10.0.2.15") {
		t.Errorf("the agent reports %s (%s) and no address of the machine", text, refused)
	}
	for command, arguments := range map[string]string{
		"guest-exec":              `{"path":"/usr/sbin/qemu-ga","arg":["--version"]}`,
		"guest-file-open":         `{"path":"/etc/passwd"}`,
		"guest-set-user-password": `{"username":"root","password":"MTIz","crypted":false}`,
		"guest-shutdown":          `{}`,
	} {
		if refused := ask(command, arguments, new(any)); !strings.Contains(refused, "disabled") {
			t.Errorf("%s was not refused: %q", command, refused)
		}
	}
}

// types types a text on the console, and waits until the console shows another one.
func (h *host) types(t *testing.T, console *console, text, want string) {
	t.Helper()
	if _, err := io.WriteString(h.keys, text); err != nil {
		t.Fatal(err)
	}
	for !strings.Contains(console.String(), want) {
		if console.quiet() > silence {
			t.Fatalf("the console is silent, and does not show %q\n%s", want, console)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (l login) run(address string, auth ssh.AuthMethod) (string, error) {
	c, err := ssh.Dial("tcp", address, &ssh.ClientConfig{User: l.user, Auth: []ssh.AuthMethod{auth}, HostKeyCallback: ssh.InsecureIgnoreHostKey()}) //nolint:gosec // the host's key is new at each boot
	if err != nil {
		return "", err
	}
	defer c.Close()
	s, err := c.NewSession()
	if err != nil {
		return "", err
	}
	defer s.Close()
	out, err := s.CombinedOutput(l.does)
	return string(out), err
}

// partitions are the names of those of the data disk. Each is for one component.
var partitions = []string{"format", "mount", "swap", "fsck", "crypt", "lvm", "raid-a", "raid-b", "logs", "grow", "rescue"}

// dataDisk makes a disk with empty partitions.
func (s *realSystem) dataDisk() string {
	s.t.Helper()
	var parts []disk.Partition
	for _, name := range partitions {
		const linux = "0FC63DAF-8483-4772-8E79-3D69D8477DE4"
		parts = append(parts, disk.Partition{Name: name, Type: linux, ID: disk.GUID(name, nil), Size: 64 << 20})
	}
	size := disk.Lay(parts)
	f, err := os.Create(s.path("disk"))
	if err != nil {
		s.t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(size), disk.WriteGPT(f, size, disk.GUID("disk", nil), parts), f.Close()); err != nil {
		s.t.Fatal(err)
	}
	return f.Name()
}

// cdrom makes a CD with the settings of a machine, as NoCloud has them.
func (h *host) cdrom() string {
	s, t := h.s, h.s.t
	t.Helper()
	program, err := exec.LookPath("xorriso")
	if err != nil {
		t.Fatal("xorriso is not installed: it makes the CD-ROM of the machine; run `make test-deps`")
	}
	tree, iso := s.path("cidata"), s.path("cidata.iso")
	if err := errors.Join(os.Mkdir(tree, 0o755),
		os.WriteFile(filepath.Join(tree, "meta-data"), []byte("instance-id: i-0\nlocal-hostname: cdrom-host\npublic-keys: ["+h.publicKey()+"]\n"), 0o644),
		os.WriteFile(filepath.Join(tree, "user-data"), []byte(workerPassword+"\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "-as", "mkisofs", "-quiet", "-V", "cidata", "-r", "-J", "-o", iso, tree).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return iso
}
