package registry

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// After a cut connection, the rest of the blob is requested. A server without ranges
// sends the whole blob again. The bytes are verified in both cases.
func TestResume(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	noise := make([]byte, 8<<20) // incompressible
	for i, x := 0, uint32(1); i < len(noise); i++ {
		x = x*1664525 + 1013904223
		noise[i] = byte(x >> 24)
	}
	built := ocitest.Image{Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.File("noise", string(noise))}}}}.Build()
	layer := built.Layers[0][0]
	blob := built.Blobs[layer]
	ref := reg.Push("a/x:1", built)
	for name, c := range map[string]struct {
		ranges, chunked, lie, other, refuse bool
		step                                int // bytes of each connection
		wrong                               error
		says                                string
	}{
		"ranges":                    {ranges: true, step: 3 << 20},
		"no ranges":                 {step: 3 << 20},
		"refused ranges":            {refuse: true, step: 3 << 20},
		"many cuts":                 {ranges: true, step: 1<<20 + 100},
		"no progress":               {ranges: true, step: 100 << 10, wrong: system.ErrUnusable, says: "cut 5 times"},
		"chunked":                   {ranges: true, chunked: true, step: 3 << 20},
		"other bytes the next time": {ranges: true, other: true, step: 3 << 20, wrong: system.ErrMismatch, says: layer},
		"another range":             {ranges: true, lie: true, step: 3 << 20, wrong: system.ErrUnusable, says: "the server sends"},
	} {
		t.Run(name, func(t *testing.T) {
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasSuffix(r.URL.Path, layer) {
					reg.ServeHTTP(w, r)
					return
				}
				if c.refuse && r.Header.Get("Range") != "" {
					w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
					return
				}
				from := 0
				data := slices.Clone(blob)
				if h := r.Header.Get("Range"); h != "" && c.ranges {
					if _, err := fmt.Sscanf(h, "bytes=%d-", &from); err != nil {
						t.Error(err)
					}
					at := from
					if c.lie {
						at--
					}
					if c.other {
						data[len(data)-1] ^= 1
					}
					w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", at, len(data)-1, len(data)))
				}
				if !c.chunked {
					w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
				}
				if from > 0 {
					w.WriteHeader(http.StatusPartialContent)
				}
				// Without ranges, each connection sends more than the last.
				to := from + c.step
				if !c.ranges {
					to = c.step * (1 + strings.Count(strings.Join(reg.Requests(), " "), "noted"))
					reg.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/noted", nil))
				}
				_, _ = w.Write(data[from:min(to, len(data))])
				if to < len(data) {
					panic(http.ErrAbortHandler)
				}
			}))
			defer front.Close()
			client := newClient(t, Options{clock: new(testClock).clock()})
			err := fetch(t, client, strings.Replace(ref, reg.Host, strings.TrimPrefix(front.URL, "http://"), 1))
			if c.wrong != nil {
				wantError(t, err, c.wrong, c.says)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

// A blob that cannot be opened at its byte keeps no connection.
func TestOpenFromCloses(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	d := oci.Descriptor{Digest: "sha256:" + strings.Repeat("a", 64), Size: 100 << 20}
	ended := make(chan struct{})
	host := front(t, reg, func(w http.ResponseWriter, r *http.Request, _ int) bool {
		if !strings.HasSuffix(r.URL.Path, d.Digest) {
			return false
		}
		defer close(ended)
		w.Header().Set("Content-Range", "bytes 0-1/2")
		w.WriteHeader(http.StatusPartialContent)
		for piece := make([]byte, 1<<20); ; {
			if _, err := w.Write(piece); err != nil {
				return true
			}
		}
	})
	_, err := newClient(t, Options{}).OpenFrom(context.Background(), parse(t, host+"/a/x:1"), d, 50<<20)
	if err == nil || !strings.Contains(err.Error(), "the server sends") {
		t.Fatalf("%v", err)
	}
	<-ended // the connection is closed
}
