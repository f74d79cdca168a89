package component

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// A registry that is not there is one error, with all places and images.
func TestJoin(t *testing.T) {
	dockerConfig(t, "", "", "")
	s := open(t, Options{clock: new(testClock).clock()})
	s.upstream().registry.base.(*guard).next = roundTripper(func(r *http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
	})
	var errs []error
	for i := range 13 {
		host := "docker.io"
		if i == 7 {
			host = "other.example"
		}
		_, err := s.Find(context.Background(), fmt.Sprintf("%s/x/y%d:1", host, i), system.Position{File: "os.yml", Line: 10 + i, Column: 5})
		errs = append(errs, err)
	}
	errs = append(errs, nil, context.Canceled)
	err := Join(errs)
	text := err.Error()
	if n := strings.Count(text, "no such host"); n != 2 {
		t.Errorf("%d messages:\n%s", n, text)
	}
	for i := range 13 {
		if !strings.Contains(text, fmt.Sprintf("os.yml:%d:5: image ", 10+i)) || !strings.Contains(text, fmt.Sprintf("/x/y%d:1", i)) {
			t.Errorf("%d is missing:\n%s", i, text)
		}
	}
	if !errors.Is(err, system.ErrUnusable) || !errors.Is(err, context.Canceled) {
		t.Errorf("kinds are lost: %v", err)
	}
	if e := (*system.Error)(nil); !errors.As(err, &e) || e.Next == "" || e.Pos.Line != 10 {
		t.Errorf("%+v", e)
	}
	if Join([]error{nil, nil}) != nil {
		t.Error("no errors are an error")
	}
}
