package component

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// An unreachable registry is one error, with all places and images.
func TestJoin(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	s := open(t, Options{})
	var errs []error
	for i := range 13 {
		host := "127.0.0.1:1" // an unassigned port
		if i == 7 {
			host = "localhost:1"
		}
		_, err := s.Find(context.Background(), fmt.Sprintf("%s/x/y%d:1", host, i), system.Position{File: "os.yml", Line: 10 + i, Column: 5})
		errs = append(errs, err)
	}
	errs = append(errs, nil, context.Canceled)
	err := Join(errs)
	text := err.Error()
	if n := strings.Count(text, "connection refused"); n != 2 {
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
