package files

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// Each anchor is found at every place, also at the borders of the range.
func TestAnchors(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	for name, c := range map[string]struct {
		find *anchors
		want func(*pattern) bool
	}{
		"all":  {allAnchors(), func(*pattern) bool { return true }},
		"deep": {deepAnchors(), func(p *pattern) bool { return p.deep }},
	} {
		for range 3000 {
			buf := make([]byte, 40+r.IntN(60))
			for i := range buf {
				buf[i] = "MI-BEGsk_ \x00L"[r.IntN(12)]
			}
			for range r.IntN(4) {
				a := patterns[r.IntN(len(patterns))].anchor
				copy(buf[r.IntN(len(buf)):], a)
			}
			from := r.IntN(10)
			end := len(buf) - r.IntN(20)
			var got, want []string
			c.find.each(buf, from, end, func(p, at int) {
				if found(&patterns[p], buf[at:]) {
					got = append(got, fmt.Sprint(p, " at ", at))
				}
			})
			for i := range patterns {
				if !c.want(&patterns[i]) {
					continue
				}
				for at := from; at < end; at++ {
					if found(&patterns[i], buf[at:]) {
						want = append(want, fmt.Sprint(i, " at ", at))
					}
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("%s: in %q[%d:%d]: %v, want %v", name, buf, from, end, got, want)
			}
		}
	}
}

func found(p *pattern, b []byte) bool {
	if !bytes.HasPrefix(b, []byte(p.anchor)) {
		return false
	}
	b = b[len(p.anchor):]
	return p.next == "" || len(b) > 0 && bytes.IndexByte([]byte(p.next), b[0]) >= 0
}

func BenchmarkFinder(b *testing.B) {
	text := bytes.Repeat([]byte("The quick brown fox: jumps-over [the] lazy dog. 0123456789 MINIMUM = untrusted_value;\n"), 4000)
	b.SetBytes(int64(len(text)))
	for range b.N {
		var f Finder
		f.Write(text)
		if f.Kind() != "" {
			b.Fatal("found")
		}
	}
}
