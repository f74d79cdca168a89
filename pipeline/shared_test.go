package pipeline_test

import (
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// late is a shared store of inventories that another run fills while this run works: the
// first question about each image finds nothing, later ones find the inventory.
type late struct {
	mu     sync.Mutex
	bodies map[string][]byte
	asked  map[string]int
}

func (l *late) Load(_ *system.Image, key string) ([]byte, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.asked[key]++
	body, ok := l.bodies[key]
	return body, ok && l.asked[key] > 1
}

func (l *late) Save(_ *system.Image, key string, body []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.bodies[key] = body
}

// TestFilledMeanwhile checks a system while another run stores the inventories of its
// images. The result does not change.
func TestFilledMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	writeSystem(t, dir)
	store := &late{bodies: map[string][]byte{}}
	var first string
	for run := range 2 {
		store.asked = map[string]int{}
		checked, err := pipeline.Check(t.Context(), pipeline.CheckOptions{
			Resolve: builder.Options{Files: []string{filepath.Join(dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(dir, "images")}, Offline: true, Jobs: 2},
			Policy: policy.Options{Policy: filepath.Join(dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
				Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
			Shared: store,
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(store.bodies) == 0 {
			t.Fatal("no inventory was stored")
		}
		got, err := json.Marshal(checked.Facts)
		if err != nil {
			t.Fatal(err)
		}
		if run == 0 {
			first = string(got)
		} else if string(got) != first {
			t.Errorf("the facts differ:\n%s\n%s", first, got)
		}
	}
}
