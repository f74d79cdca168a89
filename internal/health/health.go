// Package health has the checks that show that a component works: its recipe has
// them, and its image has them as a label. A program in a booted system runs them.
package health

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Label is the image label with the checks, as JSON.
const Label = "io.github.seaworthy-os.health"

// Check asks a component one thing. It has one of TCP, UDP, Unix and File. The answer
// must match Expect.
type Check struct {
	// TCP and UDP are ports on the loopback address, in the network namespace of
	// the component.
	TCP int `json:"tcp,omitempty"`
	UDP int `json:"udp,omitempty"`
	// Unix is the path of a socket, and File the path of a file, both in the
	// system.
	Unix string `json:"unix,omitempty"`
	File string `json:"file,omitempty"`
	// Get is the path of an HTTP request over TCP. Send is other text to send, and
	// Hex other bytes, as hexadecimal digits; spaces between them are ignored.
	Get  string `json:"get,omitempty"`
	Send string `json:"send,omitempty"`
	Hex  string `json:"hex,omitempty"`
	// Expect is a regular expression (RE2). Without it, UDP needs any answer. TCP and
	// Unix then need only to accept a connection and what is sent: a log server, for
	// example, does not answer.
	Expect string `json:"expect,omitempty"`
}

// Component names the checks of one component. The program probe reads a list of them.
type Component struct {
	Name   string  `json:"name"`
	Checks []Check `json:"checks"`
}

// Encode writes checks as JSON, "" for none.
func Encode(checks []Check) string {
	if len(checks) == 0 {
		return ""
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(checks); err != nil {
		return ""
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

// maxAnswer limits how much of an answer is read.
const maxAnswer = 1 << 20

// Validate reports what is wrong with a check.
func (c *Check) Validate() error {
	places := 0
	for _, given := range []bool{c.TCP != 0, c.UDP != 0, c.Unix != "", c.File != ""} {
		if given {
			places++
		}
	}
	questions := 0
	for _, given := range []string{c.Get, c.Send, c.Hex} {
		if given != "" {
			questions++
		}
	}
	_, err := regexp.Compile(c.Expect)
	_, hexErr := c.bytes()
	switch {
	case places != 1:
		return errors.New("a check needs one of tcp, udp, unix and file")
	case c.TCP < 0 || c.TCP > 65535 || c.UDP < 0 || c.UDP > 65535:
		return errors.New("a port is a number from 1 to 65535")
	case questions > 1:
		return errors.New("a check can have only one of get, send and hex")
	case c.Get != "" && c.TCP == 0:
		return errors.New("get needs tcp")
	case c.UDP != 0 && questions == 0:
		return errors.New("udp needs send or hex: a datagram that the component answers")
	case c.File != "" && questions > 0:
		return errors.New("file cannot be used with get, send or hex")
	case hexErr != nil:
		return fmt.Errorf("hex: %w", hexErr)
	case err != nil:
		return fmt.Errorf("expect: %w", err)
	}
	return nil
}

// String names what is asked.
func (c *Check) String() string {
	switch {
	case c.Get != "":
		return fmt.Sprintf("http port %d %s", c.TCP, c.Get)
	case c.TCP != 0:
		return fmt.Sprintf("tcp port %d", c.TCP)
	case c.UDP != 0:
		return fmt.Sprintf("udp port %d", c.UDP)
	case c.Unix != "":
		return "socket " + c.Unix
	}
	return "file " + c.File
}

// Run asks once, and returns the first line of the answer that matched. It waits for
// the answer as long as patience says.
func (c *Check) Run(ctx context.Context, patience time.Duration) (string, error) {
	want, err := regexp.Compile(c.Expect)
	if err != nil {
		return "", err
	}
	var answer []byte
	if c.File != "" {
		answer, err = readFile(c.File)
	} else {
		answer, err = c.ask(ctx, want, patience)
	}
	if err != nil {
		return "", err
	}
	at := want.FindIndex(answer)
	if at == nil {
		return "", fmt.Errorf("the answer %q does not match %s", firstLine(answer), c.Expect)
	}
	if at[0] == at[1] { // an empty match shows nothing
		return firstLine(answer), nil
	}
	return firstLine(answer[at[0]:at[1]]), nil
}

// Reason is the text of an error of Run, without the port that the system chose for this
// try.
func Reason(err error) string {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	return err.Error()
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxAnswer))
}

// bytes is what is sent.
func (c *Check) bytes() ([]byte, error) {
	switch {
	case c.Get != "":
		return []byte("GET " + c.Get + " HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n"), nil
	case c.Hex != "":
		return hex.DecodeString(strings.ReplaceAll(c.Hex, " ", ""))
	}
	return []byte(c.Send), nil
}

// ask sends the question and reads until the answer matches, or ends. It reads the
// whole answer to an HTTP request: some servers print errors if it is not read.
func (c *Check) ask(ctx context.Context, want *regexp.Regexp, patience time.Duration) ([]byte, error) {
	network, address := "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.TCP))
	switch {
	case c.UDP != 0:
		network, address = "udp", net.JoinHostPort("127.0.0.1", strconv.Itoa(c.UDP))
	case c.Unix != "":
		network, address = "unix", c.Unix
	}
	conn, err := (&net.Dialer{Timeout: patience}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	send, err := c.bytes()
	if err != nil {
		return nil, err
	}
	if len(send) > 0 {
		if _, err := conn.Write(send); err != nil {
			return nil, err
		}
	}
	if c.Expect == "" && c.UDP == 0 && c.Get == "" {
		return nil, nil
	}
	var got []byte
	part := make([]byte, 64<<10) // more than a datagram
	for len(got) < maxAnswer {
		n, err := conn.Read(part)
		got = append(got, part[:n]...)
		if c.Get == "" && len(got) > 0 && want.Match(got) {
			return got, nil
		}
		if err != nil {
			if len(got) > 0 || errors.Is(err, io.EOF) {
				return got, nil
			}
			return nil, err
		}
	}
	return got, nil
}

func firstLine(b []byte) string {
	b = bytes.TrimSpace(b)
	if i := bytes.IndexAny(b, "\r\n"); i >= 0 {
		b = b[:i]
	}
	if len(b) > 120 {
		b = b[:120]
	}
	return string(b)
}
