package oidc

import (
	"context"
	"errors"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/seaworthy-os/seaworthy/attest/service"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// clientID is the client of Sigstore's identity providers.
const clientID = "sigstore"

// Device asks a person: it shows an address and a code, and waits until the person
// has logged in there with any browser (RFC 8628).
func Device(issuer string, client service.Client, show func(string)) Source {
	client.Name, client.Refusals = "the identity provider", true // a refusal can mean: not yet
	return func(ctx context.Context) (string, error) {
		ctx = oidc.ClientContext(ctx, client.HTTP(ctx))
		fail := func(err error) error {
			return system.Unusable("identity provider %s gave no token", issuer).Because(deviceCause(err)).
				Suggest("log in again, or give a token with --identity-token")
		}
		provider, err := oidc.NewProvider(ctx, issuer)
		if err != nil {
			return "", fail(err)
		}
		if provider.Endpoint().DeviceAuthURL == "" {
			return "", fail(errors.New("it has no device flow"))
		}
		config := oauth2.Config{ClientID: clientID, Endpoint: provider.Endpoint(), Scopes: []string{oidc.ScopeOpenID, "email"}}
		verifier := oauth2.GenerateVerifier()
		device, err := config.DeviceAuth(ctx, oauth2.S256ChallengeOption(verifier))
		if err != nil {
			return "", fail(err)
		}
		address := device.VerificationURIComplete
		if address == "" {
			address = device.VerificationURI
		}
		show(fmt.Sprintf("log in at %s with the code %s", address, device.UserCode))
		token, err := config.DeviceAccessToken(ctx, device, oauth2.VerifierOption(verifier))
		if err != nil {
			return "", fail(err)
		}
		id, _ := token.Extra("id_token").(string)
		if _, err := Parse(id); err != nil {
			return "", fail(fmt.Errorf("its identity token cannot be used: %w", err))
		}
		return id, nil
	}
}

// deviceCause names the errors of RFC 8628 in words.
func deviceCause(err error) error {
	var refused *oauth2.RetrieveError
	if errors.As(err, &refused) {
		switch refused.ErrorCode {
		case "access_denied":
			return errors.New("the login was refused")
		case "expired_token":
			return errors.New("the code expired before the login")
		}
	}
	return service.Cause(err)
}
