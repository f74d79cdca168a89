//go:build linux

package tftp

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The packets of TFTP (RFC 1350), and of its options (RFC 2347).
const (
	opRead  = 1
	opWrite = 2
	opData  = 3
	opAck   = 4
	opError = 5
	opOAck  = 6
)

// Codes of errors.
const (
	errOther    = 0
	errNotFound = 1
	errAccess   = 2
	errIllegal  = 4
)

// Limits. One client has one transfer at a time.
const (
	maxTransfers = 256
	plainBlock   = 512
	minBlock     = 8
	maxBlock     = 1468 // fits into a packet of Ethernet
	retries      = 8
)

// firstPatience is how long the first answer of a client is awaited before a packet is
// sent again. The time doubles with each try.
const firstPatience = time.Second

// server has one socket for all transfers: a firewall needs to open one port.
type server struct {
	conn  *net.UDPConn
	files Files

	mu        sync.Mutex
	log       io.Writer
	transfers map[netip.AddrPort]chan []byte
}

// Serve answers requests until the context ends. It prints a line for each request.
func Serve(ctx context.Context, w io.Writer, address string, files Files) error {
	conn, err := new(net.ListenConfig).ListenPacket(ctx, "udp", address)
	if err != nil {
		return err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return fmt.Errorf("%s is not an address of UDP", address)
	}
	return serve(ctx, w, udp, files)
}

func serve(ctx context.Context, w io.Writer, conn *net.UDPConn, files Files) error {
	s := &server{conn: conn, files: files, log: w, transfers: map[netip.AddrPort]chan []byte{}}
	ctx, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() {
		<-ctx.Done()
		_ = conn.Close()
	})
	s.printf("answers on %s", conn.LocalAddr())
	packet := make([]byte, 2048)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(packet)
		if err != nil {
			if ctx.Err() != nil { // the socket was closed
				err = nil
			}
			stop()
			running.Wait()
			return err
		}
		s.receive(ctx, &running, bytes.Clone(packet[:n]), from)
	}
}

func (s *server) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.log, "tftp: "+format+"\n", args...)
}

// receive gives a packet to its transfer, or starts a transfer.
func (s *server) receive(ctx context.Context, running *sync.WaitGroup, packet []byte, from netip.AddrPort) {
	if len(packet) < 4 {
		return
	}
	op := binary.BigEndian.Uint16(packet)
	s.mu.Lock()
	inbox, busy := s.transfers[from]
	full := len(s.transfers) >= maxTransfers
	if op == opRead && !busy && !full {
		inbox = make(chan []byte, 4)
		s.transfers[from] = inbox
	}
	s.mu.Unlock()
	switch {
	case op == opAck || op == opError:
		if busy {
			select {
			case inbox <- packet:
			default: // the client sends too much
			}
		}
	case op != opRead:
		s.fail(from, errAccess, "this server is only for reading")
	case busy: // the request came twice
	case full:
		s.fail(from, errOther, "too many transfers")
	default:
		running.Go(func() {
			name, n, err := s.transfer(ctx, packet[2:], from, inbox)
			s.mu.Lock()
			delete(s.transfers, from)
			s.mu.Unlock()
			switch {
			case ctx.Err() != nil:
			case err != nil:
				s.printf("%s: %q: %v", from.Addr(), name, err)
			default:
				s.printf("%s: %q, %d bytes", from.Addr(), name, n)
			}
		})
	}
}

// fail tells a client why it gets no file. The message is not repeated: the client asks again.
func (s *server) fail(to netip.AddrPort, code uint16, text string) {
	p := binary.BigEndian.AppendUint16([]byte{0, opError}, code)
	_, _ = s.conn.WriteToUDPAddrPort(append(append(p, text...), 0), to)
}

// request is what a client asks for: a file, and the options that we accept.
type request struct {
	name    string
	block   int
	size    bool // the client asks how large the file is
	options []byte
}

// parse reads a request without its first two bytes.
func parse(b []byte) (*request, error) {
	if len(b) == 0 || b[len(b)-1] != 0 {
		return nil, errors.New("the request is not complete")
	}
	words := strings.Split(string(b[:len(b)-1]), "\x00")
	if len(words) < 2 || len(words)%2 != 0 {
		return nil, errors.New("the request is not complete")
	}
	if !strings.EqualFold(words[1], "octet") {
		// netascii would change the lines of a file. Files for a boot are not text.
		return nil, fmt.Errorf("the mode %q is not octet", words[1])
	}
	r := &request{name: words[0], block: plainBlock}
	for i := 2; i < len(words); i += 2 {
		switch strings.ToLower(words[i]) {
		case "blksize":
			n, err := strconv.Atoi(words[i+1])
			if err != nil || n < minBlock {
				return nil, fmt.Errorf("the block size %q is not a number from %d", words[i+1], minBlock)
			}
			r.block = min(n, maxBlock)
			r.options = fmt.Appendf(r.options, "blksize\x00%d\x00", r.block)
		case "tsize":
			r.size = true
		}
	}
	return r, nil
}

// transfer sends a file. It returns the number of bytes.
func (s *server) transfer(ctx context.Context, b []byte, to netip.AddrPort, inbox <-chan []byte) (string, int64, error) {
	r, err := parse(b)
	if err != nil {
		s.fail(to, errIllegal, err.Error())
		return "", 0, err
	}
	f, st, err := s.files.Open(r.name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.fail(to, errNotFound, "there is no such file")
		return r.name, 0, err
	case err != nil:
		s.fail(to, errAccess, "this file cannot be read")
		return r.name, 0, err
	}
	defer f.Close()
	if r.size {
		r.options = fmt.Appendf(r.options, "tsize\x00%d\x00", st.Size())
	}
	if len(r.options) > 0 {
		if err := s.send(ctx, append([]byte{0, opOAck}, r.options...), 0, to, inbox); err != nil {
			return r.name, 0, err
		}
	}
	packet := make([]byte, 4+r.block)
	total := int64(0)
	for number := uint16(1); ; number++ { // after 65535 comes 0: clients know it
		n, err := io.ReadFull(f, packet[4:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.fail(to, errOther, "the file cannot be read")
			return r.name, total, err
		}
		binary.BigEndian.PutUint16(packet, opData)
		binary.BigEndian.PutUint16(packet[2:], number)
		if err := s.send(ctx, packet[:4+n], number, to, inbox); err != nil {
			return r.name, total, err
		}
		total += int64(n)
		if n < r.block { // a short block is the last one, and can be empty
			return r.name, total, nil
		}
	}
}

// send sends a packet until the client has confirmed it. An older confirmation, which can
// come twice, is ignored: otherwise each packet would be sent twice from then on.
func (s *server) send(ctx context.Context, packet []byte, number uint16, to netip.AddrPort, inbox <-chan []byte) error {
	patience := firstPatience
	for range retries {
		if _, err := s.conn.WriteToUDPAddrPort(packet, to); err != nil {
			return err
		}
		again := time.After(patience)
		patience *= 2
	wait:
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-again:
				break wait
			case got := <-inbox:
				if binary.BigEndian.Uint16(got) == opError {
					text, _, _ := strings.Cut(string(got[4:]), "\x00")
					return fmt.Errorf("the client ended it: %.100q", text)
				}
				if binary.BigEndian.Uint16(got[2:]) == number {
					return nil
				}
			}
		}
	}
	return errors.New("the client does not answer")
}
