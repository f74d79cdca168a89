package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// hang is how long a program may take for one signature. A person may have to
// touch a token or approve a request, so only a program that hangs takes as long.
const hang = 30 * time.Minute

// maxAnswer is the largest output of a program: a signature or a public key, and
// room for text around it.
const maxAnswer = 64 << 10

// program is an external program that signs.
type program struct {
	// name of the program in errors, the next step after an error, and its arguments.
	name, next string
	argv       []string
	// messages receives what the program writes to standard error, while it runs.
	messages io.Writer
	hang     time.Duration
}

// run starts the program, gives it its input, and returns its output. The output
// of a program that fails is returned too.
func (p *program) run(ctx context.Context, input []byte, env []string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.hang, fmt.Errorf("it did not end within %v", p.hang))
	defer cancel()
	cmd := exec.CommandContext(ctx, p.argv[0], append(p.argv[1:len(p.argv):len(p.argv)], args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdin = bytes.NewReader(input)
	out, last := &limited{stop: cancel}, &lastLine{}
	cmd.Stdout, cmd.Stderr = out, last
	if p.messages != nil {
		cmd.Stderr = io.MultiWriter(last, p.messages)
	}
	cmd.WaitDelay = 10 * time.Second // for its children, which may keep the pipes open
	err := cmd.Run()
	switch {
	case out.tooLong():
		return nil, p.failed(bounded.TooLarge(maxAnswer), "its output cannot be used")
	case ctx.Err() != nil:
		return nil, p.failed(context.Cause(ctx), "it was stopped")
	case errors.Is(err, exec.ErrNotFound), errors.Is(err, os.ErrNotExist):
		return nil, system.BadInput("%s does not exist", p.name).Suggest("install it, or correct its name")
	case errors.Is(err, exec.ErrWaitDelay): // the program itself succeeded
	case err != nil && last.text() != "":
		return out.kept.Bytes(), p.failed(fmt.Errorf("%w: %s", err, last.text()), "it failed")
	case err != nil:
		return out.kept.Bytes(), p.failed(err, "it failed")
	}
	return out.kept.Bytes(), nil
}

func (p *program) failed(cause error, what string) *system.Error {
	return system.Unusable("%s: %s", p.name, what).Because(cause).Suggest("%s", p.next)
}

// limited keeps the output of a program, and stops a program that writes more
// than maxAnswer.
type limited struct {
	kept bytes.Buffer
	stop func()
}

func (l *limited) Write(b []byte) (int, error) {
	if !l.tooLong() {
		l.kept.Write(b)
	}
	if l.tooLong() {
		l.stop()
	}
	return len(b), nil
}

func (l *limited) tooLong() bool { return l.kept.Len() > maxAnswer }

// lastLine keeps the end of what a program wrote, for its error.
type lastLine struct{ end []byte }

func (l *lastLine) Write(b []byte) (int, error) {
	const most = 500
	l.end = append(l.end, b[max(0, len(b)-most):]...)
	l.end = bytes.Clone(l.end[max(0, len(l.end)-most):])
	return len(b), nil
}

func (l *lastLine) text() string {
	lines := strings.Split(strings.TrimSpace(string(l.end)), "\n")
	return strings.ToValidUTF8(strings.TrimSpace(lines[len(lines)-1]), "\uFFFD")
}

// algorithm tells a command how its key signs. It is "" for a key that cannot be
// used.
func algorithm(key crypto.PublicKey) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Params().BitSize == 256 {
			return "ecdsa-p256-sha256"
		}
	case *rsa.PublicKey:
		return "rsa-pkcs1v15-sha256"
	case ed25519.PublicKey:
		return "ed25519"
	}
	return ""
}

// usable refuses the public key of an external signer that cannot sign here.
func usable(name string, key crypto.PublicKey) error {
	if algorithm(key) == "" {
		return system.BadInput("%s: its key cannot be used: it is %s", name, describeKey(key)).
			Suggest("use an ECDSA P-256 or Ed25519 key, or an RSA key for Secure Boot")
	}
	return nil
}

func describeKey(key crypto.PublicKey) string {
	if k, ok := key.(*ecdsa.PublicKey); ok {
		return "on curve " + k.Params().Name
	}
	return fmt.Sprintf("of type %T", key)
}
