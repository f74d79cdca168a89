package inflate

import "math/bits"

// maxBits is the length of the longest code.
const maxBits = 15

// An entry of a table says what to do with the next bits:
//
//	bits 0 to 7    bits of the code (of a link: bits of the second index)
//	bits 8 to 11   number of extra bits that follow the code
//	bits 12 to 15  kind
//	bits 16 to 31  the literal, the base of a length or distance, or the place of a
//	               second table
//
// The zero entry is a code that does not exist.
type entry uint32

const (
	kindNone entry = iota << 12
	kindLiteral
	kindBase // of a length or a distance
	kindEnd  // of the block
	kindLink
	kindMask entry = 15 << 12
)

// The bits of the index of the first table. Longer codes have a second table.
const (
	literalBits  = 11
	distanceBits = 9
	lengthBits   = 7 // the longest code of the code lengths
)

// table decodes one alphabet.
type table struct {
	bits    uint
	entries []entry
}

// build fills the table from the length of the code of each symbol, 0 for a symbol
// without one. It reports false if the codes are not those of a complete tree. As in
// other programs, a tree may have no code or one code, of one bit. what gives the entry
// of a symbol, without the bits.
func (t *table) build(lengths []uint8, first uint, what []entry) bool {
	var count [maxBits + 1]int
	for _, n := range lengths {
		count[n]++
	}
	count[0] = 0
	var next [maxBits + 2]int
	code, longest := 0, uint(0)
	for n := 1; n <= maxBits; n++ {
		code = (code + count[n-1]) << 1
		next[n] = code
		if count[n] > 0 {
			longest = uint(n)
		}
	}
	if longest > 0 && next[longest]+count[longest] != 1<<longest && (longest != 1 || count[1] != 1) {
		return false
	}
	t.bits = first
	size := 1 << first
	t.entries = append(t.entries[:0], make([]entry, size)...)
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		reversed := int(bits.Reverse16(uint16(next[n])) >> (16 - n))
		next[n]++
		if uint(n) <= first {
			for i := reversed; i < size; i += 1 << n {
				t.entries[i] = what[symbol] | entry(n)
			}
			continue
		}
		// All second tables have the size that the longest code needs.
		second := longest - first
		link := &t.entries[reversed&(size-1)]
		if *link == 0 {
			*link = kindLink | entry(second) | entry(len(t.entries))<<16
			t.entries = append(t.entries, make([]entry, 1<<second)...)
			link = &t.entries[reversed&(size-1)]
		}
		at := int(*link >> 16)
		for i := reversed >> first; i < 1<<second; i += 1 << (uint(n) - first) {
			t.entries[at+i] = what[symbol] | entry(n)
		}
	}
	return true
}

// What the symbols mean (RFC 1951, 3.2.5).
var (
	literalMeanings  = meaningsOfLiterals()
	distanceMeanings = meaningsOfDistances()
	lengthMeanings   = meaningsOfCodeLengths()
)

func meaningsOfLiterals() (all []entry) {
	for b := range 256 {
		all = append(all, kindLiteral|entry(b)<<16)
	}
	all = append(all, kindEnd)
	base := 3
	for i := range 28 {
		extra := max(0, i/4-1)
		all = append(all, kindBase|entry(extra)<<8|entry(base)<<16)
		base += 1 << extra
	}
	// The last length has a code of its own. Two more codes are never valid.
	return append(all, kindBase|258<<16, kindNone, kindNone)
}

func meaningsOfDistances() (all []entry) {
	base := 1
	for i := range 30 {
		extra := max(0, i/2-1)
		all = append(all, kindBase|entry(extra)<<8|entry(base)<<16)
		base += 1 << extra
	}
	return append(all, kindNone, kindNone)
}

func meaningsOfCodeLengths() (all []entry) {
	for n := range 19 {
		all = append(all, kindLiteral|entry(n)<<16)
	}
	return all
}
