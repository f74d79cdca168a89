package publish_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

func memory(t *testing.T, host, program string, signer *attest.KeySigner, keys ...*attest.KeySigner) (m *publish.Memory, notes *[]string) {
	t.Helper()
	notes = &[]string{}
	o := publish.MemoryOptions{Options: publish.Options{Note: func(n string) { *notes = append(*notes, n) }}, Program: program}
	if signer != nil {
		o.Signer = signer
	}
	for _, k := range keys {
		o.Keys = append(o.Keys, k.PublicKey())
	}
	m, err := publish.OpenMemory(t.Context(), host+"/os", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m, notes
}

func component(name string) *system.Image {
	return &system.Image{Name: "example.org/" + name, Manifest: sealtest.Digest(name), Size: 7, MediaType: "application/vnd.oci.image.manifest.v1+json"}
}

// An inventory comes back only for the same image, program and key, and only if a
// trusted key signed it. It is a referrer of the image.
func TestMemory(t *testing.T) {
	for _, api := range []bool{true, false} {
		r := newServer(t, api)
		ours, theirs := sealtest.Signer(t), sealtest.Signer(t)
		body := []byte(strings.Repeat(`{"files":[]}`, 1000))
		m, _ := memory(t, r.host, "p1", ours, ours)
		m.Save(component("web"), "how", body)
		if got, ok := m.Load(component("web"), "how"); !ok || !bytes.Equal(got, body) {
			t.Fatalf("api %t: %d bytes, %t", api, len(got), ok)
		}
		list := "referrers/" + sealtest.Digest("web")
		if !api {
			list = "manifests/" + strings.Replace(sealtest.Digest("web"), ":", "-", 1)
		}
		if !strings.Contains(string(r.get(list)), layout.InventoryType) {
			t.Errorf("api %t: the inventory is not listed", api)
		}
		for name, load := range map[string]func() ([]byte, bool){
			"another image": func() ([]byte, bool) { return m.Load(component("other"), "how") },
			"another key":   func() ([]byte, bool) { return m.Load(component("web"), "else") },
			"another program": func() ([]byte, bool) {
				o, _ := memory(t, r.host, "p2", nil, ours)
				return o.Load(component("web"), "how")
			},
			"another signer": func() ([]byte, bool) {
				o, _ := memory(t, r.host, "p1", nil, theirs)
				return o.Load(component("web"), "how")
			},
		} {
			if _, ok := load(); ok {
				t.Errorf("%s: an inventory is used", name)
			}
		}
	}
}

// Entries that were moved, changed or forged are never used, and a note says so.
func TestPoisonedMemory(t *testing.T) {
	ours, theirs := sealtest.Signer(t), sealtest.Signer(t)
	for name, poison := range map[string]func(t *testing.T, r *server, tag func(image, program, key string) string){
		"signed by a stranger": func(t *testing.T, r *server, _ func(string, string, string) string) {
			m, _ := memory(t, r.host, "p1", theirs, theirs)
			m.Save(component("web"), "how", []byte("poison"))
		},
		"of another image": func(t *testing.T, r *server, tag func(string, string, string) string) {
			m, _ := memory(t, r.host, "p1", ours, ours)
			m.Save(component("other"), "how", []byte("poison"))
			r.put(tag("web", "p1", "how"), r.get("manifests/"+tag("other", "p1", "how")))
		},
		"of another program": func(t *testing.T, r *server, tag func(string, string, string) string) {
			m, _ := memory(t, r.host, "p0", ours, ours)
			m.Save(component("web"), "how", []byte("outdated"))
			r.put(tag("web", "p1", "how"), r.get("manifests/"+tag("web", "p0", "how")))
		},
		"of another key": func(t *testing.T, r *server, tag func(string, string, string) string) {
			m, _ := memory(t, r.host, "p1", ours, ours)
			m.Save(component("web"), "else", []byte("poison"))
			r.put(tag("web", "p1", "how"), r.get("manifests/"+tag("web", "p1", "else")))
		},
		"another inventory under the signature": func(t *testing.T, r *server, tag func(string, string, string) string) {
			m, _ := memory(t, r.host, "p1", ours, ours)
			m.Save(component("web"), "else", []byte("poison"))
			good, bad := r.get("manifests/"+tag("web", "p1", "how")), r.get("manifests/"+tag("web", "p1", "else"))
			r.put(tag("web", "p1", "how"), edit(t, good, func(d map[string]any) {
				edit(t, bad, func(e map[string]any) { d["layers"].([]any)[1] = e["layers"].([]any)[1] })
			}))
		},
		"another artifact": func(_ *testing.T, r *server, tag func(string, string, string) string) {
			r.put(tag("web", "p1", "how"), []byte(`{"schemaVersion":2,"artifactType":"example/x"}`))
		},
		"other bytes": func(_ *testing.T, r *server, _ func(string, string, string) string) {
			r.before(func(w http.ResponseWriter, req *http.Request) bool {
				if !strings.Contains(req.URL.Path, "/blobs/") {
					return false
				}
				raw := r.answer(req).Body.Bytes()
				if len(raw) > 2 {
					raw[len(raw)/2] ^= 1
				}
				_, _ = w.Write(raw)
				return true
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newServer(t, true)
			// The server knows which tag belongs to which entry.
			tags := map[string]string{}
			r.before(func(_ http.ResponseWriter, req *http.Request) bool { return false })
			tag := func(image, program, key string) string {
				id := image + program + key
				if tags[id] == "" {
					before := len(r.log)
					m, _ := memory(t, r.host, program, nil, ours)
					m.Load(component(image), key)
					for _, l := range r.log[before:] {
						if _, at, ok := strings.Cut(l, "/manifests/"); ok {
							tags[id] = at
						}
					}
				}
				return tags[id]
			}
			good, _ := memory(t, r.host, "p1", ours, ours)
			good.Save(component("web"), "how", []byte("honest"))
			poison(t, r, tag)
			m, notes := memory(t, r.host, "p1", nil, ours)
			if got, ok := m.Load(component("web"), "how"); ok {
				t.Errorf("%q is used", got)
			}
			if len(*notes) != 1 || !strings.Contains((*notes)[0], "is ignored") {
				t.Errorf("notes: %q", *notes)
			}
			// An honest machine repairs the entry.
			r.before(func(_ http.ResponseWriter, req *http.Request) bool { return false })
			good.Save(component("web"), "how", []byte("honest"))
			again, _ := memory(t, r.host, "p1", nil, ours)
			if got, ok := again.Load(component("web"), "how"); !ok || string(got) != "honest" {
				t.Errorf("after a repair: %q, %t", got, ok)
			}
		})
	}
}

// A registry that fails is asked once, and nothing ends with an error.
func TestMemoryDown(t *testing.T) {
	var asked int
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{}`)
	}))
	t.Cleanup(front.Close)
	ours := sealtest.Signer(t)
	m, notes := memory(t, strings.TrimPrefix(front.URL, "http://"), "p1", ours, ours)
	for range 3 {
		if _, ok := m.Load(component("web"), "how"); ok {
			t.Error("an inventory is used")
		}
		m.Save(component("web"), "how", []byte("x"))
	}
	if len(*notes) != 1 || !strings.Contains((*notes)[0], "cannot be used") || asked > 4 {
		t.Errorf("%d requests, notes %q", asked, *notes)
	}
}
