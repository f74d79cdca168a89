//go:build linux

package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"
)

// The limits of a request: the bytes of its head, the time for it and for the answer,
// and the connections at a time.
const (
	maxHead        = 16 << 10
	requestTimeout = 10 * time.Second
	answerTimeout  = 30 * time.Second
	maxConnections = 64
)

// server answers GET requests, one for each connection. It is small on purpose:
// net/http would be most of the program, and would bring TLS and HTTP/2.
type server struct{ report []byte }

// serve answers until the listener is closed.
func (s *server) serve(l net.Listener) {
	slots := make(chan struct{}, maxConnections)
	for {
		slots <- struct{}{}
		c, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			// Too many open files, or a client that has gone.
			<-slots
			time.Sleep(100 * time.Millisecond)
			continue
		}
		go func() {
			defer func() { <-slots }()
			defer c.Close()
			s.connection(c)
		}()
	}
}

// connection answers one request. An error means that the client has gone.
func (s *server) connection(c net.Conn) {
	_ = c.SetReadDeadline(time.Now().Add(requestTimeout))
	method, path, err := readRequest(c)
	status, kind, body := "400 Bad Request", "text/plain; charset=utf-8", "not an HTTP request\n"
	if err == nil {
		status, kind, body = s.answer(method, path)
	}
	_ = c.SetWriteDeadline(time.Now().Add(answerTimeout))
	more := ""
	if strings.HasPrefix(status, "405 ") {
		more = "Allow: GET, HEAD\r\n"
	}
	head := fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n%sConnection: close\r\n\r\n", status, kind, len(body), more)
	if method == "HEAD" {
		body = ""
	}
	_, _ = io.WriteString(c, head+body)
}

func (s *server) answer(method, path string) (status, kind, body string) {
	const text = "text/plain; charset=utf-8"
	switch {
	case path != "/" && path != "/healthz":
		return "404 Not Found", text, "404 page not found\n"
	case method != "GET" && method != "HEAD":
		return "405 Method Not Allowed", text, "Method Not Allowed\n"
	case path == "/healthz":
		return "200 OK", text, "ok\n"
	}
	return "200 OK", "application/json", string(s.report)
}

// readRequest reads the head of a request (RFC 9112, sections 2 and 3) and returns its
// method, and its path without a query. The fields of the head do not matter.
func readRequest(r io.Reader) (method, path string, err error) {
	in := bufio.NewReader(io.LimitReader(r, maxHead))
	line, err := in.ReadString('\n')
	if err != nil {
		return "", "", err
	}
	f := strings.Split(strings.TrimRight(line, "\r\n"), " ")
	if len(f) != 3 || f[0] == "" || !strings.HasPrefix(f[1], "/") || !strings.HasPrefix(f[2], "HTTP/1.") {
		return "", "", errors.New("invalid request line")
	}
	for line != "\n" && line != "\r\n" {
		if line, err = in.ReadString('\n'); err != nil {
			return "", "", err
		}
	}
	path, _, _ = strings.Cut(f[1], "?")
	return f[0], path, nil
}
