//go:build linux

// Package poweroffhook is the program poweroff-hook, which tells a server that the system
// ends: a load balancer or a monitor then does not wait for it.
package poweroffhook

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/components/applet"
)

// Main runs the program.
func Main() {
	var h hook
	(&applet.Program{Name: "poweroff-hook", Usage: "[flags] URL", Flags: h.flags, Run: h.run}).Main()
}

type hook struct {
	event, token, name string
	limit, pause       time.Duration
}

func (h *hook) flags(fs *flag.FlagSet) {
	fs.StringVar(&h.event, "event", "poweroff", "the event in the message")
	fs.StringVar(&h.name, "name", "", "the name of the machine (default: its host name)")
	fs.StringVar(&h.token, "token-file", "", "file with a token, which is sent as Authorization: Bearer")
	fs.DurationVar(&h.limit, "wait", 20*time.Second, "how long to try; the end of the system waits for it")
	fs.DurationVar(&h.pause, "pause", time.Second, "time between two tries")
}

// message is what the server gets.
type message struct {
	Event string `json:"event"`
	Host  string `json:"host"`
}

func (h *hook) run(ctx context.Context, w io.Writer, args []string) error {
	if len(args) != 1 {
		return applet.Usagef("give the address of the server")
	}
	u, err := url.Parse(args[0])
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return applet.Usagef("%q is not an address such as https://192.0.2.1/event", args[0])
	}
	m := message{h.event, h.name}
	if m.Host == "" {
		if m.Host, err = os.Hostname(); err != nil {
			return err
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	token := ""
	if h.token != "" {
		b, err := os.ReadFile(h.token)
		if err != nil {
			return err
		}
		token = strings.TrimSpace(string(b))
	}
	ctx, stop := context.WithTimeout(ctx, h.limit)
	defer stop()
	for {
		err := post(ctx, args[0], token, body)
		if err == nil {
			fmt.Fprintf(w, "%s knows: %s\n", u.Host, h.event)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the server was not told within %s: %w", h.limit, err)
		case <-time.After(h.pause):
		}
	}
}

// client follows no redirects: the token is for one server.
var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func post(ctx context.Context, address, token string, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("HTTP status %s", resp.Status)
	}
	return nil
}
