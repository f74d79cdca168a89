package files

import (
	"bytes"
	"sync"
)

// anchors finds the anchors of many patterns in one pass over the data. It knows two
// overlapping pairs of bytes of each anchor, and looks at the pair at every second
// place of the data: this is one of the two, wherever the anchor begins. Most pairs
// in the data are in no anchor, so most places need nothing else.
type anchors struct {
	// pairs has a bit for each pair that an anchor has.
	pairs [1 << 16 / 64]uint64
	// group is the index in groups of the anchors with a pair, for pairs with a bit.
	group  [1 << 16]uint8
	groups [][]anchorAt
}

// anchorAt is the place of a pair in the anchor of a pattern.
type anchorAt struct{ pattern, offset int }

var (
	allAnchors  = sync.OnceValue(func() *anchors { return newAnchors(func(*pattern) bool { return true }) })
	deepAnchors = sync.OnceValue(func() *anchors { return newAnchors(func(p *pattern) bool { return p.deep }) })
)

func newAnchors(want func(*pattern) bool) *anchors {
	a := &anchors{}
	for i := range patterns {
		p := &patterns[i]
		if !want(p) {
			continue
		}
		at := rarest(p.anchor)
		a.add(pair(p.anchor[at], p.anchor[at+1]), anchorAt{i, at})
		if at++; at+1 < len(p.anchor) {
			a.add(pair(p.anchor[at], p.anchor[at+1]), anchorAt{i, at})
			continue
		}
		// An anchor of two bytes: its second pair has the byte after it.
		for _, b := range []byte(p.next) {
			a.add(pair(p.anchor[at], b), anchorAt{i, at})
		}
	}
	return a
}

func pair(a, b byte) uint16 { return uint16(a) | uint16(b)<<8 }

func (a *anchors) has(pair uint16) bool { return a.pairs[pair>>6]&(1<<(pair&63)) != 0 }

func (a *anchors) add(pair uint16, at anchorAt) {
	if !a.has(pair) {
		a.pairs[pair>>6] |= 1 << (pair & 63)
		a.group[pair] = uint8(len(a.groups))
		a.groups = append(a.groups, nil)
	}
	g := a.group[pair]
	a.groups[g] = append(a.groups[g], at)
}

// each calls found for each anchor that begins in buf[from:end], with the index of
// its pattern. The anchor may reach beyond end. An anchor of two bytes is found if one
// of the bytes that must follow it does.
func (a *anchors) each(buf []byte, from, end int, found func(pattern, at int)) {
	for i := from; i+1 < len(buf); i += 2 {
		key := pair(buf[i], buf[i+1])
		if !a.has(key) {
			continue
		}
		for _, c := range a.groups[a.group[key]] {
			at := i - c.offset
			if at >= from && at < end && bytes.HasPrefix(buf[at:], []byte(patterns[c.pattern].anchor)) {
				found(c.pattern, at)
			}
		}
	}
}

// rarest returns the offset of the two pairs of an anchor that are rarest in text and
// in programs. An anchor of two bytes has only one pair.
func rarest(anchor string) int {
	best, least := 0, 1<<30
	for i := 0; i+2 < len(anchor); i++ {
		a, b, c := frequency(anchor[i]), frequency(anchor[i+1]), frequency(anchor[i+2])
		if f := a*b + b*c; f < least {
			best, least = i, f
		}
	}
	return best
}

// frequency is a rough measure.
func frequency(b byte) int {
	switch {
	case b >= 'a' && b <= 'z', b == ' ', b == 0:
		return 8
	case b == '-', b == ':', b >= '0' && b <= '9':
		return 4
	}
	return 2
}
