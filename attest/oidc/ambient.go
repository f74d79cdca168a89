package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// gitHubIssuer is the issuer of tokens in GitHub Actions.
const gitHubIssuer = "https://token.actions.githubusercontent.com"

// The variables of GitHub and GitLab.
const (
	gitHubURL    = "ACTIONS_ID_TOKEN_REQUEST_URL"
	gitHubSecret = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
	gitHubJob    = "GITHUB_ACTIONS"
	gitLabToken  = "SIGSTORE_ID_TOKEN"
	gitLabJob    = "GITLAB_CI"
)

// Ambient finds the token of the CI job in which the program runs. It is nil outside
// of GitHub Actions and GitLab CI. A job that may not have a token is ErrInput.
func Ambient(getenv func(string) string, client service.Client) (Source, error) {
	switch {
	case getenv(gitHubURL) != "" && getenv(gitHubSecret) != "":
		return gitHub(getenv(gitHubURL), getenv(gitHubSecret), client)
	case getenv(gitHubJob) == "true":
		return nil, system.BadInput("this GitHub job may not request an identity token").
			Suggest("add to the job: permissions: {id-token: write}")
	case getenv(gitLabToken) != "":
		token := getenv(gitLabToken)
		if _, err := Parse(token); err != nil {
			return nil, system.BadInput("the identity token in %s cannot be used", gitLabToken).Because(err).Suggest("%s", gitLabNext)
		}
		return func(context.Context) (string, error) { return token, nil }, nil
	case getenv(gitLabJob) == "true":
		return nil, system.BadInput("this GitLab job has no identity token").Suggest("%s", gitLabNext)
	}
	return nil, nil
}

const gitLabNext = "add to the job: id_tokens: {SIGSTORE_ID_TOKEN: {aud: sigstore}}"

// gitHub requests a token each time.
func gitHub(address, secret string, client service.Client) (Source, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, system.BadInput("%s is not an address", gitHubURL).Suggest("run the command in a GitHub job")
	}
	query := u.Query()
	query.Set("audience", Audience)
	u.RawQuery = query.Encode()
	client.Name = "GitHub's identity provider"
	return func(ctx context.Context) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
		if err != nil {
			return "", err
		}
		req.Header.Set("Authorization", "Bearer "+secret)
		resp, err := client.HTTP(ctx).Do(req)
		if err != nil {
			return "", service.Cause(err)
		}
		defer resp.Body.Close()
		var answer struct {
			Value string `json:"value"`
		}
		raw, err := bounded.Read(resp.Body, maxToken)
		if err == nil {
			err = json.Unmarshal(raw, &answer)
		}
		if err == nil && answer.Value == "" {
			err = errors.New("the answer has no token")
		}
		if err == nil {
			_, err = Parse(answer.Value)
		}
		if err != nil {
			return "", system.Unusable("%s gave no token", client.Name).Because(err).Suggest("run the job again")
		}
		return answer.Value, nil
	}, nil
}
