// Package signertest has two programs for tests: a command that signs, and a
// plugin for a KMS. Both sign with a key in a file. A test binary runs as one of
// them if it is started under their name.
package signertest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

// The names of the programs.
const (
	CommandName = "test-signer"
	PluginName  = "sigstore-kms-test"
)

// Command is the program `test-signer HOW KEY VERB`. KEY is a PKCS #8 file. HOW is
// good, or a way to fail.
func Command() {
	if err := command(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(7)
	}
}

func command(how, path, verb string) error {
	key, err := load(path)
	if err != nil {
		return err
	}
	if os.Getenv("SEAWORTHY_SIGNER_PROTOCOL") != "1" {
		return errors.New("unknown protocol")
	}
	fmt.Fprintln(os.Stderr, "touch the token")
	switch how {
	case "not-a-key":
		_, err := os.Stdout.WriteString("no key")
		return err
	case "no-signature", "fails", "endless", "hangs":
		if verb == "sign" {
			return misbehave(how)
		}
	}
	if verb == "public-key" {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return err
		}
		return pem.Encode(os.Stdout, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
	}
	input, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	hash := crypto.SHA256
	if os.Getenv("SEAWORTHY_SIGNER_INPUT") == "message" {
		hash = 0
	}
	if _, ok := key.(ed25519.PrivateKey); ok != (hash == 0) {
		return fmt.Errorf("unexpected input %s for %s", os.Getenv("SEAWORTHY_SIGNER_INPUT"), os.Getenv("SEAWORTHY_SIGNER_ALGORITHM"))
	}
	sig, err := key.Sign(nil, input, hash)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(sig)
	return err
}

func misbehave(how string) error {
	switch how {
	case "fails":
		return errors.New("the token is locked")
	case "endless":
		for {
			if _, err := os.Stdout.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return err
			}
		}
	case "hangs":
		time.Sleep(time.Hour)
	}
	return nil
}

func load(path string) (crypto.Signer, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return nil, errors.New("the key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return key.(crypto.Signer), nil
}

// Plugin is a plugin whose keys are PKCS #8 files: test://KEY. It uses Sigstore's
// own library for plugins. The key "answers:TEXT" answers with this text.
func Plugin() {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if text, ok := bytes.CutPrefix([]byte(args.InitOptions.KeyResourceID), []byte("answers:")); ok {
		_, _ = os.Stdout.Write(text)
		os.Exit(1)
	}
	k, err := newKMS(args.InitOptions.KeyResourceID)
	if err != nil {
		_ = handler.WriteErrorResponse(os.Stdout, err)
		return
	}
	_, _ = handler.Dispatch(os.Stdout, os.Stdin, args, k)
}

// kms implements Sigstore's interface.
type kms struct{ signature.SignerVerifier }

func newKMS(path string) (*kms, error) {
	key, err := load(path)
	if err != nil {
		return nil, err
	}
	sv, err := signature.LoadSignerVerifier(key, crypto.SHA256)
	return &kms{sv}, err
}

var errNotHere = errors.New("this plugin only signs")

func (*kms) CreateKey(context.Context, string) (crypto.PublicKey, error) { return nil, errNotHere }

func (*kms) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return nil, nil, errNotHere
}

func (*kms) SupportedAlgorithms() []string { return []string{"any"} }

func (*kms) DefaultAlgorithm() string { return "any" }
