//go:build linux

package report

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const status = `Name:	report
Groups:	1 20 
CapInh:	0000000000000000
CapPrm:	0000000000000400
CapEff:	0000000000000400
CapBnd:	8000000000003000
CapAmb:	0000000000000000
NoNewPrivs:	1
Seccomp:	2
Seccomp_filters:	1
`

func TestReadStatus(t *testing.T) {
	t.Parallel()
	var r Report
	if err := r.readStatus(status); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"inheritable": {}, "permitted": {"CAP_NET_BIND_SERVICE"}, "effective": {"CAP_NET_BIND_SERVICE"},
		"bounding": {"CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_63"}, "ambient": {},
	}
	if !reflect.DeepEqual(r.Capabilities, want) {
		t.Errorf("capabilities %v", r.Capabilities)
	}
	if !r.NoNewPrivs || r.Seccomp != "filter" || r.SeccompFilters != 1 || !reflect.DeepEqual(r.Groups, []int{1, 20}) {
		t.Errorf("got %+v", r)
	}
}

func TestReadStatusErrors(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "no seccomp": strings.ReplaceAll(status, "Seccomp:", "X:"), "set": strings.ReplaceAll(status, "8000000000003000", "xyz"),
		"mode": strings.ReplaceAll(status, "Seccomp:\t2", "Seccomp:\t9"), "one set missing": strings.ReplaceAll(status, "CapAmb", "X"),
	} {
		if err := new(Report).readStatus(text); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestCapabilityNumbers(t *testing.T) {
	t.Parallel()
	// CAP_SYS_ADMIN is 21, CAP_CHECKPOINT_RESTORE 40, the last one.
	for hex, want := range map[string]string{"200000": "CAP_SYS_ADMIN", "10000000000": "CAP_CHECKPOINT_RESTORE", "10000": "CAP_SYS_MODULE"} {
		got, err := capabilityNames(hex)
		if err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %v, %v", hex, got, err)
		}
	}
}

func TestParseMounts(t *testing.T) {
	t.Parallel()
	got := parseMounts("53 37 0:2 /x / ro,nosuid - rootfs rootfs rw\n54 53 0:30 / /a\\040b rw - tmpfs tmpfs ro,size=1\n1 2\n55 1 0:1 / /c rw,relatime master:1 - proc proc rw\n")
	want := []Mount{
		{"/", "rootfs", true, []string{"ro", "nosuid"}},
		{"/a b", "tmpfs", true, []string{"rw"}},
		{"/c", "proc", false, []string{"rw", "relatime"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
}

func TestParseIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]IDRange{
		"         0          0 4294967295\n": {{0, 0, 1<<32 - 1}},
		"0 1048576 65536\n70000 2000000 1\n": {{0, 1048576, 65536}, {70000, 2000000, 1}},
		"":                                   {},
		"0 x 1\n0 1\n":                       {},
	} {
		if got := parseIDs(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func TestReadCgroup(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	group := filepath.Join(dir, "a", "report")
	if err := os.MkdirAll(group, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"pids.max": "32\n", "memory.max": "67108864\n", "cpu.max": "max 100000\n", "pids.current": "4\n"} {
		if err := os.WriteFile(filepath.Join(group, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	all := map[string]string{"pids.max": "32", "memory.max": "67108864", "cpu.max": "max 100000"}
	for self, want := range map[string]Cgroup{
		"0::/a/report\n":                   {"/a/report", all},
		"4:memory:/x\n0::/a/report":        {"/a/report", all}, // a mixed hierarchy
		"0::/\n":                           {"/", map[string]string{}},
		"4:memory:/a/report\n1:name=x:/\n": {"", map[string]string{}},
		"":                                 {"", map[string]string{}},
	} {
		if got := readCgroup(self, dir); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, want %+v", self, got, want)
		}
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{report: encode(&Report{UID: 102, Seccomp: "filter"})}
	ended := make(chan struct{})
	go func() {
		s.serve(l)
		close(ended)
	}()
	for request, want := range map[string]int{"GET /": 200, "GET /?x=1": 200, "GET /healthz": 200, "HEAD /": 200, "GET /x": 404, "POST /": 405} {
		method, path, _ := strings.Cut(request, " ")
		r, err := http.NewRequest(method, "http://"+l.Addr().String()+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", request, err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != want {
			t.Errorf("%s: %s, %v", request, answer.Status, err)
		}
		if path == "/" && method == "GET" {
			var r Report
			if err := json.Unmarshal(body, &r); err != nil || r.UID != 102 || r.Seccomp != "filter" || answer.Header.Get("Content-Type") != "application/json" {
				t.Errorf("report %s, %v", body, err)
			}
		}
	}
	l.Close()
	<-ended
}

func TestInvalidRequests(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"nothing": "", "no end": "GET / HTTP/1.1\r\nHost: x\r\n", "no version": "GET /\r\n\r\n", "no path": "GET x HTTP/1.1\r\n\r\n",
		"HTTP/2": "PRI * HTTP/2.0\r\n\r\n", "long": "GET / HTTP/1.1\r\nX: " + strings.Repeat("x", maxHead) + "\r\n\r\n", "TLS": "\x16\x03\x01\x00\n\n",
	} {
		if method, path, err := readRequest(strings.NewReader(text)); err == nil {
			t.Errorf("%s: %s %s", name, method, path)
		}
	}
}
