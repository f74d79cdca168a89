// Package oidc gets identity tokens (OpenID Connect) for keyless signing: from the
// CI system, from a file, or from a person by the device flow. It does not verify
// tokens: the certificate authority does.
package oidc

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
)

// Audience is the audience of tokens for Sigstore.
const Audience = "sigstore"

// maxToken is the largest size of a token.
const maxToken = 64 << 10

// Source gets an identity token. Tokens are valid for minutes only, so a Source is
// asked shortly before the token is used, and may be asked again.
type Source func(context.Context) (string, error)

// Claims are what a token says. They are not verified.
type Claims struct {
	Issuer  string `json:"iss"`
	Subject string `json:"sub"`
	Email   string `json:"email"`
	// Expires and NotBefore are in seconds since 1970; 0 means absent.
	Expires   float64 `json:"exp"`
	NotBefore float64 `json:"nbf"`
	// GitHubWorkflow and GitLabConfig are the definitions of the CI jobs.
	GitHubWorkflow string `json:"job_workflow_ref"`
	GitLabConfig   string `json:"ci_config_ref_uri"`
	// Federated is the identity provider behind Dex.
	Federated struct {
		Connector string `json:"connector_id"`
	} `json:"federated_claims"`
}

// Parse reads the claims of a token.
func Parse(token string) (*Claims, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("it is not a JSON web token")
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, errors.New("it is not a JSON web token")
	}
	var c Claims
	if err := strictjson.DecodeFolded(raw, &c); err != nil {
		return nil, err
	}
	if c.Issuer == "" || c.Subject == "" {
		return nil, errors.New("it has no issuer or no subject")
	}
	return &c, nil
}

// clockSkew is how much clocks may differ.
const clockSkew = 5 * time.Minute

// CheckTime refuses a token that is not valid at a time (ErrInput).
func (c *Claims) CheckTime(now time.Time) error {
	at := func(seconds float64) time.Time { return time.Unix(int64(seconds), 0).UTC() }
	text := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	switch {
	case c.Expires != 0 && now.After(at(c.Expires)):
		return system.BadInput("the identity token of %s expired at %s, and the clock says %s", c.Issuer, text(at(c.Expires)), text(now)).
			Suggest("get a new token shortly before the build, or correct the clock")
	case c.NotBefore != 0 && now.Add(clockSkew).Before(at(c.NotBefore)):
		return system.BadInput("the identity token of %s is valid from %s, and the clock says %s", c.Issuer, text(at(c.NotBefore)), text(now)).
			Suggest("correct the clock")
	}
	return nil
}

// Identity is the issuer, and the subject that Fulcio writes into the certificate
// for the token. The subject is "" for issuers whose subjects this package does not
// know.
func (c *Claims) Identity() (issuer, subject string) {
	issuer = c.Issuer
	if c.Federated.Connector != "" {
		issuer = c.Federated.Connector
	}
	switch {
	case c.GitHubWorkflow != "" && c.Issuer == gitHubIssuer:
		subject = "https://github.com/" + c.GitHubWorkflow
	case c.GitLabConfig != "":
		subject = "https://" + c.GitLabConfig
	case c.Email != "":
		subject = c.Email
	}
	return issuer, subject
}

// FromFile reads a token from a file, each time.
func FromFile(path string) Source {
	return func(context.Context) (string, error) {
		raw, err := bounded.ReadFile(path, maxToken)
		if err != nil {
			return "", system.BadInput("identity token %s cannot be read", path).Because(err).Suggest("give a file with one token")
		}
		token := strings.TrimSpace(string(raw))
		if _, err := Parse(token); err != nil {
			return "", system.BadInput("identity token %s cannot be used", path).Because(err).Suggest("give a file with one token")
		}
		return token, nil
	}
}
