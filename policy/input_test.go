package policy

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/seaworthy-os/seaworthy/policy/policytest"
)

// A prepared policy decides about many systems concurrently and independently.
func TestPreparedIsReusable(t *testing.T) {
	t.Parallel()
	p, err := Prepare(context.Background(), Options{Policy: "strict", Now: testNow})
	if err != nil {
		t.Fatal(err)
	}
	decide := func(name string) []byte {
		f := policytest.Facts()
		f.Name = name
		d, err := p.Decide(context.Background(), f)
		if err != nil {
			t.Error(err)
			return nil
		}
		raw, err := json.Marshal(d)
		if err != nil {
			t.Error(err)
		}
		return raw
	}
	names := []string{"one", "two", "three", "four"}
	var want [][]byte
	for _, name := range names {
		want = append(want, decide(name))
	}
	if slices.EqualFunc(want[:1], want[1:2], bytes.Equal) {
		t.Fatal("the systems do not differ")
	}
	var wait sync.WaitGroup
	for range 3 {
		for i, name := range names {
			wait.Go(func() {
				if got := decide(name); !bytes.Equal(got, want[i]) {
					t.Errorf("%s has another decision if other systems are decided concurrently", name)
				}
			})
		}
	}
	wait.Wait()
}

// BenchmarkPrepared measures one decision of a prepared policy.
func BenchmarkPrepared(b *testing.B) {
	p, err := Prepare(context.Background(), Options{Policy: "hardened", Now: testNow})
	if err != nil {
		b.Fatal(err)
	}
	f := policytest.Facts()
	f.Kernel.Config.Options = map[string]string{}
	for i := range 9000 {
		f.Kernel.Config.Options[fmt.Sprintf("CONFIG_%d", i)] = "y"
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Decide(context.Background(), f); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPrepare measures the preparation of a policy.
func BenchmarkPrepare(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Prepare(context.Background(), Options{Policy: "hardened", Now: testNow}); err != nil {
			b.Fatal(err)
		}
	}
}
