package inflate

import (
	"encoding/binary"
	"errors"
	"io"
)

const (
	window  = 32 << 10
	outSize = window + 64<<10
	inSize  = 64 << 10
	// slack is how much of the output may be written behind a match, and longest the
	// longest match. A round of the fast loop writes at most three literals and a match.
	slack   = 8
	longest = 258
	round   = 3 + longest + slack
	// padding is how many zero bytes stand behind the end of the input, so that eight
	// bytes can always be read at once.
	padding = 16
)

// ErrCorrupt: the stream is not valid.
var ErrCorrupt = errors.New("the compressed data is corrupt")

// decoder inflates one deflate stream at a time.
type decoder struct {
	r    io.Reader
	rerr error
	// in[ip:end] is not read yet. At the end of the input, zeros follow. hold has
	// held bits that were read, the next one lowest. Higher bits of hold are those of
	// in[ip:], or zero.
	in      []byte
	ip, end int
	hold    uint64
	held    uint
	// out[:op] is the last output, of which out[from:op] was not taken yet. seen is
	// true if all of the window before op belongs to the stream.
	out      []byte
	from, op int
	start    int // where the stream begins in out

	literals, distances, lengths table
	what                         int // what comes next: a block, or the rest of one
	last                         bool
	stored                       int
	sizes                        [286 + 30 + 138]uint8
}

// What comes next.
const (
	nextBlock = iota
	nextStored
	nextCoded
	nextNothing
)

func newDecoder(r io.Reader) *decoder {
	return &decoder{r: r, in: make([]byte, inSize+padding), out: make([]byte, outSize)}
}

// fill reads until there are at least n bytes of input, or its end. The bytes of held
// bits stay, because align may give them back.
func (d *decoder) fill(n int) {
	for d.end-d.ip < n && d.rerr == nil {
		if first := d.ip - int(d.held>>3); first > 0 {
			d.end = copy(d.in, d.in[first:d.end])
			d.ip -= first
		}
		var m int
		m, d.rerr = d.r.Read(d.in[d.end:inSize])
		d.end += m
	}
	clear(d.in[d.end : d.end+padding])
}

// ended is the error of an input that is too short.
func (d *decoder) ended() error {
	if d.rerr == nil || errors.Is(d.rerr, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return d.rerr
}

// align drops the bits up to the next byte, and gives whole bytes back.
func (d *decoder) align() error {
	d.ip -= int(d.held >> 3)
	d.hold, d.held = 0, 0
	if d.left() < 0 {
		return d.ended()
	}
	return nil
}

// need makes at least n bits of the input available in hold, n being at most 48. At the
// end of a member there are always that many, because its checksum follows.
func (d *decoder) need(n uint) error {
	if d.held < n {
		d.fill(8)
		d.hold |= binary.LittleEndian.Uint64(d.in[d.ip:]) << d.held
		d.ip += int(63-d.held) >> 3
		d.held |= 56
	}
	if d.left() < int(n) {
		return d.ended()
	}
	return nil
}

// left is the number of bits that are left in the buffer. It is negative if zeros behind
// the input were taken.
func (d *decoder) left() int { return 8*(d.end-d.ip) + int(d.held) }

func (d *decoder) take(n uint) int {
	v := d.hold & (1<<n - 1)
	d.hold >>= n
	d.held -= n
	return int(v)
}

// step adds output, at least one byte unless the stream ends. It returns io.EOF at the
// end of the stream. The caller has taken all output.
func (d *decoder) step() error {
	if d.op > outSize-round {
		n := copy(d.out, d.out[d.op-window:d.op])
		d.start = max(0, d.start-(d.op-n))
		d.op = n
	}
	d.from = d.op
	for d.op == d.from {
		var err error
		switch d.what {
		case nextNothing:
			return io.EOF
		case nextBlock:
			err = d.block()
		case nextStored:
			err = d.copyStored()
		case nextCoded:
			err = d.coded()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) begin() { d.what, d.last, d.start = nextBlock, false, d.op }

// ends is what follows a block.
func (d *decoder) ends() {
	d.what = nextBlock
	if d.last {
		d.what = nextNothing
	}
}

func (d *decoder) block() error {
	if err := d.need(3); err != nil {
		return err
	}
	d.last = d.take(1) == 1
	switch d.take(2) {
	case 0:
		if err := d.align(); err != nil {
			return err
		}
		if d.fill(4); d.end-d.ip < 4 {
			return d.ended()
		}
		size := binary.LittleEndian.Uint16(d.in[d.ip:])
		if size != ^binary.LittleEndian.Uint16(d.in[d.ip+2:]) {
			return ErrCorrupt
		}
		d.ip += 4
		d.stored, d.what = int(size), nextStored
		return nil
	case 1:
		d.fixed()
	case 2:
		if err := d.dynamic(); err != nil {
			return err
		}
	default:
		return ErrCorrupt
	}
	d.what = nextCoded
	return nil
}

func (d *decoder) copyStored() error {
	if d.stored == 0 {
		d.ends()
		return nil
	}
	if d.fill(1); d.end == d.ip {
		return d.ended()
	}
	n := copy(d.out[d.op:min(d.op+d.stored, outSize)], d.in[d.ip:d.end])
	d.op += n
	d.ip += n
	d.stored -= n
	return nil
}

// fixed prepares the codes of RFC 1951, 3.2.6.
func (d *decoder) fixed() {
	sizes := make([]uint8, 288+32)
	for i := range sizes {
		switch {
		case i < 144:
			sizes[i] = 8
		case i < 256:
			sizes[i] = 9
		case i < 280:
			sizes[i] = 7
		case i < 288:
			sizes[i] = 8
		default:
			sizes[i] = 5
		}
	}
	d.literals.build(sizes[:288], literalBits, literalMeanings)
	d.distances.build(sizes[288:], distanceBits, distanceMeanings)
}

// codeOrder is the order of the code lengths (RFC 1951, 3.2.7).
var codeOrder = [19]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// dynamic reads the codes of a block.
func (d *decoder) dynamic() error {
	if err := d.need(14); err != nil {
		return err
	}
	literals, distances, codes := d.take(5)+257, d.take(5)+1, d.take(4)+4
	if literals > 286 || distances > 30 {
		return ErrCorrupt
	}
	var short [19]uint8
	for _, symbol := range codeOrder[:codes] {
		if err := d.need(3); err != nil {
			return err
		}
		short[symbol] = uint8(d.take(3))
	}
	if !d.lengths.build(short[:], lengthBits, lengthMeanings) {
		return ErrCorrupt
	}
	all := literals + distances
	for i := 0; i < all; {
		if err := d.need(lengthBits + 7); err != nil {
			return err
		}
		e := d.lengths.entries[d.hold&(1<<lengthBits-1)]
		if e == 0 {
			return ErrCorrupt
		}
		d.take(uint(e & 15))
		size, times := uint8(0), 1
		switch symbol := int(e >> 16); symbol {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			size, times = d.sizes[i-1], 3+d.take(2)
		case 17:
			times = 3 + d.take(3)
		case 18:
			times = 11 + d.take(7)
		default:
			size = uint8(symbol)
		}
		if i+times > all {
			return ErrCorrupt
		}
		for range times {
			d.sizes[i] = size
			i++
		}
	}
	if !d.literals.build(d.sizes[:literals], literalBits, literalMeanings) || !d.distances.build(d.sizes[literals:all], distanceBits, distanceMeanings) {
		return ErrCorrupt
	}
	return nil
}

// coded decodes symbols until the output is full, the block ends, or the input must be
// filled. It refills hold to 56 bits or more at once: enough for three literals, or for
// a length and a distance with their extra bits (48).
func (d *decoder) coded() error {
	d.fill(inSize / 2)
	in, out := d.in[:d.end+padding], d.out
	ip, op, hold, held := d.ip, d.op, d.hold, d.held
	lit, dist := d.literals.entries, d.distances.entries
	firstLit, firstDist := (*[1 << literalBits]entry)(lit), (*[1 << distanceBits]entry)(dist)
	// The zeros behind the input are read only at its end.
	limit := d.end - 8
	if d.rerr != nil {
		limit += padding
	}
	var err error
loop:
	for op <= outSize-round && ip <= limit {
		hold |= binary.LittleEndian.Uint64(in[ip:]) << (held & 63)
		ip += int(63-held) >> 3
		held |= 56
		e := firstLit[hold&(1<<literalBits-1)]
		if e&kindMask == kindLiteral {
			hold >>= e & 63
			held -= uint(e & 63)
			out[op] = byte(e >> 16)
			op++
			if e = firstLit[hold&(1<<literalBits-1)]; e&kindMask == kindLiteral {
				hold >>= e & 63
				held -= uint(e & 63)
				out[op] = byte(e >> 16)
				op++
				if e = firstLit[hold&(1<<literalBits-1)]; e&kindMask == kindLiteral {
					hold >>= e & 63
					held -= uint(e & 63)
					out[op] = byte(e >> 16)
					op++
					continue
				}
			}
			if ip > limit {
				continue
			}
			hold |= binary.LittleEndian.Uint64(in[ip:]) << (held & 63)
			ip += int(63-held) >> 3
			held |= 56
		}
		if e&kindMask == kindLink {
			e = lit[int(e>>16)+int(hold>>literalBits&(1<<(e&63)-1))]
		}
		hold >>= e & 63
		held -= uint(e & 63)
		switch e & kindMask {
		case kindLiteral:
			out[op] = byte(e >> 16)
			op++
			continue
		case kindBase:
		case kindEnd:
			d.ends()
			break loop
		default:
			err = ErrCorrupt
			break loop
		}
		extra := uint(e>>8) & 15
		size := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		held -= extra
		e = firstDist[hold&(1<<distanceBits-1)]
		if e&kindMask == kindLink {
			e = dist[int(e>>16)+int(hold>>distanceBits&(1<<(e&63)-1))]
		}
		if e&kindMask != kindBase {
			err = ErrCorrupt
			break loop
		}
		hold >>= e & 63
		held -= uint(e & 63)
		extra = uint(e>>8) & 15
		far := int(e>>16) + int(hold&(1<<extra-1))
		hold >>= extra
		held -= extra
		if far > op-d.start {
			err = ErrCorrupt
			break loop
		}
		switch to := out[op : op+size+slack]; {
		case far >= slack:
			from := out[op-far : op-far+size+slack]
			for i := 0; i < size; i += 8 {
				binary.LittleEndian.PutUint64(to[i:], binary.LittleEndian.Uint64(from[i:]))
			}
		default:
			// One byte after another: the match overlaps with its copy.
			for i := range size {
				to[i] = out[op-far+i]
			}
		}
		op += size
	}
	d.ip, d.op, d.hold, d.held = ip, op, hold, held
	switch {
	case d.left() < 0: // symbols were made from the zeros
		d.op, err = d.from, d.ended()
	case err != nil && d.rerr != nil && d.left() < 48, err == nil && d.what == nextCoded && d.op == d.from:
		err = d.ended()
	}
	return err
}
