package attest

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"strings"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// The protocol of commands that sign. docs/signing.md describes it.
const (
	commandPublicKey = "public-key"
	commandSign      = "sign"

	commandProtocol  = "SEAWORTHY_SIGNER_PROTOCOL=1"
	commandAlgorithm = "SEAWORTHY_SIGNER_ALGORITHM="
	commandInput     = "SEAWORTHY_SIGNER_INPUT="
)

// command is a key behind a command of the user.
type command struct {
	program
	public crypto.PublicKey
}

// OpenCommand runs `LINE public-key`, and returns the key that `LINE sign` signs
// with. The line is a program and its arguments, separated by spaces; no shell
// reads it. messages receives what the command writes to standard error. A
// command that does not exist, or whose key cannot be used, is ErrInput; one that
// fails is ErrUnusable.
func OpenCommand(ctx context.Context, line string, messages io.Writer) (Key, error) {
	argv := strings.Fields(line)
	if len(argv) == 0 {
		return nil, system.BadInput("the signer command is empty").Suggest("give a program and its arguments")
	}
	c := &command{program: program{name: "signer command " + argv[0], next: "run it by hand, as docs/signing.md shows", argv: argv, messages: messages, hang: hang}}
	out, err := c.run(ctx, nil, []string{commandProtocol}, commandPublicKey)
	if err != nil {
		return nil, err
	}
	if c.public, err = parsePublicKey(out); err != nil {
		return nil, c.failed(err, "its answer to public-key is not a public key in PEM")
	}
	return c, usable(c.name, c.public)
}

// parsePublicKey reads a key in PKIX form.
func parsePublicKey(text []byte) (crypto.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil, errors.New("it has no block PUBLIC KEY")
	}
	return x509.ParsePKIXPublicKey(block.Bytes)
}

// Public implements Key.
func (c *command) Public() crypto.PublicKey { return c.public }

// SignMessage implements Key. The command gets the digest, except for Ed25519,
// which signs the message itself.
func (c *command) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	if _, ok := c.public.(ed25519.PublicKey); ok {
		return c.sign(ctx, message, "message")
	}
	sum := sha256.Sum256(message)
	return c.SignDigest(ctx, sum[:])
}

// SignDigest implements Key.
func (c *command) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return c.sign(ctx, digest, "digest")
}

func (c *command) sign(ctx context.Context, input []byte, kind string) ([]byte, error) {
	env := []string{commandProtocol, commandAlgorithm + algorithm(c.public), commandInput + kind}
	signature, err := c.run(ctx, input, env, commandSign)
	if err == nil && len(signature) == 0 {
		err = c.failed(nil, "its answer to sign is empty")
	}
	return signature, err
}
