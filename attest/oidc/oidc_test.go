package oidc_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/oidc"
	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// token makes a token with these claims, and without a valid signature.
func token(claims string) string {
	b64 := base64.RawURLEncoding
	return b64.EncodeToString([]byte(`{"alg":"none"}`)) + "." + b64.EncodeToString([]byte(claims)) + ".c2ln"
}

const person = `{"iss":"https://issuer.example.org","sub":"1","email":"a@example.org"}`

func TestParse(t *testing.T) {
	t.Parallel()
	for claims, want := range map[string][2]string{
		person: {"https://issuer.example.org", "a@example.org"},
		`{"iss":"https://token.actions.githubusercontent.com","sub":"repo:o/r","job_workflow_ref":"o/r/.github/workflows/w.yml@refs/heads/main"}`: {
			"https://token.actions.githubusercontent.com", "https://github.com/o/r/.github/workflows/w.yml@refs/heads/main"},
		`{"iss":"https://gitlab.example.org","sub":"x","ci_config_ref_uri":"gitlab.example.org/g/p//.gitlab-ci.yml@refs/heads/main"}`: {
			"https://gitlab.example.org", "https://gitlab.example.org/g/p//.gitlab-ci.yml@refs/heads/main"},
		`{"iss":"https://dex.example.org","sub":"x","email":"a@example.org","federated_claims":{"connector_id":"https://accounts.example.org"}}`: {
			"https://accounts.example.org", "a@example.org"},
		`{"iss":"https://other.example.org","sub":"machine"}`: {"https://other.example.org", ""},
	} {
		c, err := oidc.Parse(token(claims))
		if err != nil {
			t.Errorf("%s: %v", claims, err)
			continue
		}
		if issuer, subject := c.Identity(); issuer != want[0] || subject != want[1] {
			t.Errorf("%s: %s, %s", claims, issuer, subject)
		}
	}
	for _, bad := range []string{"", "a.b", "a.!.c", token(`{"iss":"x"}`), token(`[]`), token(`{"iss":"a","iss":"b","sub":"c"}`), token(person) + ".x"} {
		if c, err := oidc.Parse(bad); err == nil {
			t.Errorf("%q is read as %+v", bad, c)
		}
	}
}

func TestCheckTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	for claims, want := range map[string]string{
		`"exp":%d`:  "",
		`"exp":1`:   "expired at 1970-01-01T00:00:01Z, and the clock says 2026-07-01T12:00:00Z",
		`"nbf":%d`:  "is valid from",
		`"nbf":1.5`: "",
		`"x":1`:     "",
	} {
		if strings.Contains(claims, "%d") {
			claims = fmt.Sprintf(claims, now.Add(time.Hour).Unix())
		}
		c, err := oidc.Parse(token(`{"iss":"i","sub":"s",` + claims + `}`))
		if err != nil {
			t.Fatal(err)
		}
		err = c.CheckTime(now)
		if want == "" && err != nil || want != "" && (!errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", claims, err)
		}
	}
}

func TestFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "token")
	source := oidc.FromFile(path)
	if _, err := source(t.Context()); !errors.Is(err, system.ErrInput) {
		t.Errorf("no file: %v", err)
	}
	for content, ok := range map[string]bool{token(person) + "\n": true, "secret": false} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := source(t.Context())
		if ok != (err == nil) || ok && got != token(person) {
			t.Errorf("%q: %q, %v", content, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error shows the file: %v", err)
		}
	}
}

func TestAmbient(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("audience") != "sigstore" || r.URL.Query().Get("api") != "2" || r.Header.Get("Authorization") != "Bearer s3cret" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_, _ = fmt.Fprintf(w, `{"value":%q}`, token(person))
	}))
	t.Cleanup(s.Close)
	for name, c := range map[string]struct {
		env  map[string]string
		want string // of the error; "" for a token
		none bool
	}{
		"GitHub":                {env: map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": s.URL + "/x?api=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "s3cret"}},
		"GitHub, wrong secret":  {env: map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": s.URL + "/x?api=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "wr0ng"}, want: "it answered 403"},
		"GitHub, no permission": {env: map[string]string{"GITHUB_ACTIONS": "true"}, want: "may not request an identity token"},
		"GitLab":                {env: map[string]string{"GITLAB_CI": "true", "SIGSTORE_ID_TOKEN": token(person)}},
		"GitLab, not a token":   {env: map[string]string{"SIGSTORE_ID_TOKEN": "s3cret"}, want: "cannot be used"},
		"GitLab, no token":      {env: map[string]string{"GITLAB_CI": "true"}, want: "has no identity token"},
		"elsewhere":             {none: true},
	} {
		source, err := oidc.Ambient(func(name string) string { return c.env[name] }, service.Client{})
		got := ""
		if err == nil && source != nil {
			got, err = source(t.Context())
		}
		switch {
		case c.none:
			if source != nil || err != nil {
				t.Errorf("%s: a token is found, or %v", name, err)
			}
		case c.want == "":
			if got != token(person) || err != nil {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		default:
			var e *system.Error
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "s3cret") || !errors.As(err, &e) || e.Next == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// provider is an identity provider with the device flow. answers are the answers of
// its token endpoint, one after another.
func provider(t *testing.T, answers ...string) *httptest.Server {
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/auth", "token_endpoint": s.URL + "/token",
			"jwks_uri": s.URL + "/keys", "device_authorization_endpoint": s.URL + "/device"})
	})
	challenge := ""
	mux.HandleFunc("/device", func(w http.ResponseWriter, r *http.Request) {
		challenge = r.FormValue("code_challenge")
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"device_code":"d","user_code":"ABCD-EFGH","verification_uri":"https://login.example.org","interval":1,"expires_in":600}`)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if challenge == "" || r.FormValue("code_verifier") == "" || r.FormValue("device_code") != "d" || r.FormValue("client_id") != "sigstore" {
			t.Errorf("the request has no proof, or another code: %v", r.Form)
		}
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(answer, `"error"`) {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = io.WriteString(w, answer)
	})
	return s
}

func TestDevice(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(`{"access_token":"a","token_type":"bearer","id_token":%q}`, token(person))
	for name, c := range map[string]struct {
		answers []string
		want    string
	}{
		"after a wait": {[]string{`{"error":"authorization_pending"}`, good}, ""},
		"refused":      {[]string{`{"error":"access_denied"}`}, "the login was refused"},
		"too late":     {[]string{`{"error":"expired_token"}`}, "the code expired before the login"},
		"no token":     {[]string{`{"access_token":"a","token_type":"bearer"}`}, "its identity token cannot be used"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shown := ""
			got, err := oidc.Device(provider(t, c.answers...).URL, service.Client{}, func(s string) { shown = s })(t.Context())
			if shown != "log in at https://login.example.org with the code ABCD-EFGH" {
				t.Errorf("shown %q", shown)
			}
			if c.want == "" && (err != nil || got != token(person)) || c.want != "" && (!errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	down := httptest.NewServer(nil)
	down.Close()
	if _, err := oidc.Device(down.URL, service.Client{}, func(string) {})(context.Background()); !errors.Is(err, system.ErrUnusable) {
		t.Errorf("down: %v", err)
	}
}
