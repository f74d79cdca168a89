package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// buildbot is a Buildbot server on this machine: Debian's. It gives jobs to one worker.
type buildbot struct {
	dir string
	// workers and changes are the ports on which it waits for the worker and for changes of
	// sources. certificate is what it shows to the worker.
	workers, changes int
	certificate      []byte
	results          chan jobResult
	ended            chan error
	log              bytes.Buffer
}

// jobResult is what the server knows about a job that has ended.
type jobResult struct {
	Job string
	// Result is Buildbot's number: 0 if the job passed, 2 if it failed.
	Result int
	Output string
}

// workerName and workerPassword are those of the worker.
const workerName, workerPassword = "runner-1", "only for the test"

// jobsOfTest are the steps of each job, in Python. The first step is that of alone.
const jobsOfTest = `{
  "passes": [sh(alone), steps.Git(repourl=sources), sh("sh ./test.sh")],
  "fails": [sh(alone), sh("echo 1 test failed; exit 3")],
  "curious": [sh(alone), sh(curious)],
  "blocks": [sh(alone + "\nmkdir -p deep/x && chmod 0 deep")],
  "thief": [sh(alone + "\nln -s /run/config/userdata link"), steps.FileUpload(workersrc="link", masterdest="stolen")],
}`

// aloneJob finds nothing of other jobs, and leaves files and a process.
const aloneJob = `set -e
left="$(find /work /tmp /dev/shm /dev/mqueue -type f 2>/dev/null; ps -o comm | grep sleep; tail -n +2 /proc/sysvipc/shm)" || :
echo "left by other jobs: $left"
test -z "$left"
for dir in /work /tmp /dev/shm; do if test -w $dir; then echo "left in $dir"; touch $dir/left; fi; done
python3 -c 'import ctypes; exit(ctypes.CDLL(None).shmget(7, 4096, 0o1600) < 0)'
setsid sleep 100000 </dev/null >/dev/null 2>&1 &`

// curiousJob tries what a job must not be able to do, and then what it can do.
const curiousJob = `for try in "cat /run/config/userdata" "ls /run" "touch /run/status/x" "cp /etc/passwd /run/status/status" "cat /proc/1/environ" "head -c 1 /proc/1/mem" "ls -l /proc/1/fd/" \
  "touch /usr/x" "touch /x" "chmod 666 /run/config/userdata" "mount -t tmpfs none /tmp" "unshare -r true" "su" "cat /dev/mem"; do
  if $try; then echo "a job can: $try"; exit 9; fi
done
id
test "$(id -u)" = 233
grep -q '^CapBnd:.0000000000000000$' /proc/self/status
grep -q '^NoNewPrivs:.1$' /proc/self/status
env
! env | grep -i pass
cp /bin/busybox echo
./echo "what a job makes can run"
python3 -c 'print("Python runs too")'`

// startBuildbot starts the server. sources is the address of a git repository, as the
// worker sees it.
func (s *realSystem) startBuildbot(sources string) *buildbot {
	t := s.t
	t.Helper()
	program, err := exec.LookPath("buildbot")
	if err != nil {
		t.Fatal("buildbot is not installed: it gives jobs to the CI runner; run `make test-components`")
	}
	b := &buildbot{dir: s.path("buildbot"), workers: port(t), changes: port(t), results: make(chan jobResult, 16), ended: make(chan error, 1)}
	server := httptest.NewServer(http.HandlerFunc(b.receive))
	t.Cleanup(server.Close)
	if out, err := exec.Command(program, "create-master", "--quiet", b.dir).CombinedOutput(); err != nil {
		t.Fatalf("buildbot create-master: %v\n%s", err, out)
	}
	b.makeCertificate(t)
	quoted, err := json.Marshal(map[string]any{"name": workerName, "password": workerPassword, "alone": aloneJob, "curious": curiousJob, "sources": sources,
		"workers": b.workers, "changes": b.changes, "results": server.URL})
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf(masterConfig, strconv.Quote(string(quoted)), jobsOfTest)
	if err := os.WriteFile(filepath.Join(b.dir, "master.cfg"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "start", "--nodaemon", b.dir)
	cmd.Stdout, cmd.Stderr = &b.log, &b.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { b.ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
	for { // until it waits for workers
		if c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", b.workers)); err == nil {
			c.Close()
			return b
		}
		select {
		case err := <-b.ended:
			t.Fatalf("the server ended: %v\n%s", err, &b.log)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// masterConfig is the configuration of the server: the first %s is a Python string with
// JSON, the second one the jobs.
const masterConfig = `import json
from buildbot.plugins import changes, reporters, schedulers, steps, util, worker

given = json.loads(%s)
alone, curious, sources = given["alone"], given["curious"], given["sources"]

def sh(text):
    return steps.ShellCommand(command=["sh", "-ec", text], haltOnFailure=True)

jobs = %s

def report(context):
    b = context["build"]
    logs = [l["content"]["content"] for s in b["steps"] for l in s["logs"]]
    return {"job": b["builder"]["name"], "result": b["results"], "output": "\n".join(logs)}

c = BuildmasterConfig = {
    "buildbotNetUsageData": None,
    "db": {"db_url": "sqlite:///state.sqlite"},
    "workers": [worker.Worker(given["name"], given["password"], max_builds=1)],
    "protocols": {"pb": {"port": "ssl:%%d:interface=127.0.0.1:privateKey=key.pem:certKey=certificate.pem" %% given["workers"]}},
    "change_source": [changes.PBChangeSource(port="tcp:%%d:interface=127.0.0.1" %% given["changes"], user="test", passwd="test")],
    "builders": [util.BuilderConfig(name=n, workernames=[given["name"]], factory=util.BuildFactory(s)) for n, s in jobs.items()],
    "schedulers": [schedulers.AnyBranchScheduler(name="all", builderNames=list(jobs), treeStableTimer=None)],
    "services": [reporters.HttpStatusPush(given["results"], generators=[reporters.BuildStatusGenerator(mode="all", add_logs=True,
        message_formatter=reporters.MessageFormatterFunction(report, "json", want_steps=True, want_logs=True, want_logs_content=True))])],
}
`

// makeCertificate makes the key and the certificate for the address at which the machine
// sees its host.
func (b *buildbot) makeCertificate(t *testing.T) {
	t.Helper()
	var key []byte
	b.certificate, key = makePair(t, net.IPv4(10, 0, 2, 2))
	if err := errors.Join(os.WriteFile(filepath.Join(b.dir, "certificate.pem"), b.certificate, 0o600),
		os.WriteFile(filepath.Join(b.dir, "key.pem"), key, 0o600)); err != nil {
		t.Fatal(err)
	}
}

// makePair makes a certificate for an address, and its key.
func makePair(t *testing.T, ip net.IP) (certificate, private []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "server of the test"}, IPAddresses: []net.IP{ip},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if private, err = x509.MarshalPKCS8PrivateKey(key); err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}

// retried is Buildbot's number for a job that the server starts again.
const retried = 5

// receive takes the report of the server about a job.
func (b *buildbot) receive(_ http.ResponseWriter, r *http.Request) {
	var result jobResult
	if json.NewDecoder(r.Body).Decode(&result) == nil && result.Result != retried {
		b.results <- result
	}
}

var certificatePEM = regexp.MustCompile(`(?s)( *)-----BEGIN CERTIFICATE-----.*-----END CERTIFICATE-----\n`)

// trusted puts the certificate of the server in place of that of an os.yml.
func (b *buildbot) trusted(t *testing.T, yml []byte) []byte {
	t.Helper()
	found := certificatePEM.FindSubmatch(yml)
	if found == nil {
		t.Fatal("the os.yml has no certificate")
	}
	var block bytes.Buffer
	for line := range bytes.Lines(b.certificate) {
		block.Write(append(bytes.Clone(found[1]), line...))
	}
	return certificatePEM.ReplaceAllLiteral(yml, block.Bytes())
}

// run tells the server that sources have changed, and returns the results of all jobs.
func (b *buildbot) run(t *testing.T, jobs int, console *console) map[string]jobResult {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), silence)
	defer stop()
	out, err := exec.CommandContext(ctx, "buildbot", "sendchange", "--master", fmt.Sprintf("127.0.0.1:%d", b.changes), "--auth", "test:test",
		"--who", "test", "--branch", "main", "test.sh").CombinedOutput()
	if err != nil {
		t.Fatalf("buildbot sendchange: %v\n%s", err, out)
	}
	all := map[string]jobResult{}
	for len(all) < jobs {
		select {
		case r := <-b.results:
			all[r.Job] = r
		case err := <-b.ended:
			t.Fatalf("the server ended: %v\n%s\n%s", err, &b.log, console)
		case <-time.After(time.Second):
		}
		if console.quiet() > silence {
			t.Fatalf("the console is silent; these jobs have ended: %v\n%s", all, console)
		}
	}
	return all
}

// ciRunner starts a server for the runner. The function that it returns lets the runner do
// jobs, and reads what the server knows about them.
func (s *realSystem) ciRunner(yml string) (answered func(*console), flags []string) {
	t := s.t
	t.Helper()
	repositories := httptest.NewServer(http.FileServer(http.Dir(s.gitRepository())))
	t.Cleanup(repositories.Close)
	_, web, err := net.SplitHostPort(repositories.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	b := s.startBuildbot("http://10.0.2.2:" + web + "/.git")
	data, err := os.ReadFile(yml)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.ReplaceAll(b.trusted(t, data), []byte(`"ci.example.com:9989"`), fmt.Appendf(nil, `"10.0.2.2:%d"`, b.workers))
	if err := os.WriteFile(yml, changed, 0o600); err != nil {
		t.Fatal(err)
	}
	return func(console *console) {
		want := map[string]struct {
			result int
			says   string
		}{
			"passes":  {0, "the test of the sources passes"},
			"fails":   {2, "1 test failed"},
			"curious": {0, "what a job makes can run"},
			"blocks":  {0, "left in /work"},
			"thief":   {2, "Cannot open file"},
		}
		got := b.run(t, len(want), console)
		for name, w := range want {
			r := got[name]
			if r.Result != w.result || !strings.Contains(r.Output, w.says) || strings.Contains(r.Output, workerPassword) {
				t.Errorf("job %s: result %d, want %d, with %q:\n%s", name, r.Result, w.result, w.says, r.Output)
			}
		}
		if stolen, err := os.ReadFile(filepath.Join(b.dir, "stolen")); err == nil && len(stolen) > 0 {
			t.Errorf("a job sent the password to the server: %q", stolen)
		}
	}, []string{"--cdrom", s.newHost().cdrom()}
}

// gitRepository makes a git repository with a test, and returns its folder, which a web
// server can serve.
func (s *realSystem) gitRepository() string {
	s.t.Helper()
	dir := s.path("sources")
	if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "test.sh"), []byte("echo the test of the sources passes\n"), 0o644)); err != nil {
		s.t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q", "-b", "main"}, {"add", "."}, {"-c", "user.name=test", "-c", "user.email=test@example.com", "commit", "-qm", "a test"}, {"update-server-info"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			s.t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}
