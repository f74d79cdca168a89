//go:build linux

package main

import (
	"encoding/json"
	"net/http/httptest"
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

func TestHandler(t *testing.T) {
	t.Parallel()
	h := handler(func() *Report { return &Report{UID: 102, Seccomp: "filter"} })
	for path, want := range map[string]int{"/": 200, "/healthz": 200, "/x": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
		if path == "/" {
			var r Report
			if err := json.Unmarshal(w.Body.Bytes(), &r); err != nil || r.UID != 102 || r.Seccomp != "filter" {
				t.Errorf("report %s, %v", w.Body, err)
			}
		}
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
	if w.Code != 405 {
		t.Errorf("POST: %d", w.Code)
	}
}
