package attest

import (
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/common"
	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/encoding"
	"github.com/sigstore/sigstore/pkg/signature/options"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/lazyre"
)

// pluginPrefix begins the name of a plugin's program, in Sigstore's protocol.
const pluginPrefix = "sigstore-kms-"

// pluginScheme is the part of a reference before the ://. It becomes part of the
// name of a program.
var pluginScheme = lazyre.New(`^[a-z0-9][a-z0-9_-]*$`)

// IsKMS reports whether a reference to a key names a plugin: NAME://KEY.
func IsKMS(reference string) bool { return strings.Contains(reference, "://") }

// plugin is a key behind a plugin of Sigstore. Sigstore's own client is not used:
// it keeps an output of any size in memory, and panics if an answer has no result.
type plugin struct {
	program
	init   common.InitOptions
	public crypto.PublicKey
}

// OpenKMS returns the key that NAME://KEY means to the program sigstore-kms-NAME
// on PATH. messages receives what the plugin writes to standard error. A
// reference that is malformed, a plugin that does not exist, and a key that
// cannot be used are ErrInput; a plugin that fails is ErrUnusable.
func OpenKMS(ctx context.Context, reference string, messages io.Writer) (Key, error) {
	name, key, _ := strings.Cut(reference, "://")
	if !pluginScheme.MatchString(name) {
		return nil, system.BadInput("key %s: %q is not the name of a plugin", reference, name).Suggest("write NAME://KEY, where sigstore-kms-NAME is a program on PATH")
	}
	if strings.Contains(reference, "pin-value=") {
		return nil, system.BadInput("key %s://…: the reference contains a PIN, and every user of this machine can read the arguments of a program", name).
			Suggest("give the PIN in a file or in the environment, as the plugin documents")
	}
	path, err := exec.LookPath(pluginPrefix + name)
	if err != nil {
		return nil, system.BadInput("key %s needs the plugin %s%s, which is not on PATH", reference, pluginPrefix, name).
			Suggest("install the plugin, or correct the reference; docs/signing.md describes plugins")
	}
	p := &plugin{
		program: program{name: "plugin " + pluginPrefix + name,
			next: "correct the reference, or the settings of the plugin (its environment)", argv: []string{path, common.ProtocolVersion}, messages: messages, hang: hang},
		init: common.InitOptions{ProtocolVersion: common.ProtocolVersion, KeyResourceID: key,
			HashFunc: crypto.SHA256, RPCOptions: encoding.PackRPCOptions(nil)},
	}
	resp, err := p.call(ctx, nil, &common.MethodArgs{MethodName: common.PublicKeyMethodName,
		PublicKey: &common.PublicKeyArgs{PublicKeyOptions: encoding.PackPublicKeyOptions(nil)}})
	switch {
	case err != nil:
		return nil, err
	case resp.PublicKey == nil:
		return nil, p.failed(nil, "its answer has no public key")
	}
	if p.public, err = parsePublicKey(resp.PublicKey.PublicKeyPEM); err != nil {
		return nil, p.failed(err, "its public key cannot be read")
	}
	return p, usable(p.name, p.public)
}

// call runs one method of the protocol. The exit code of a plugin has no meaning
// if it answers.
func (p *plugin) call(ctx context.Context, input []byte, method *common.MethodArgs) (*common.PluginResp, error) {
	args, err := json.Marshal(common.PluginArgs{InitOptions: &p.init, MethodArgs: method})
	if err != nil {
		return nil, err
	}
	out, err := p.run(ctx, input, nil, string(args))
	var exit *exec.ExitError
	if err != nil && (len(out) == 0 || !errors.As(err, &exit)) {
		return nil, err
	}
	var resp common.PluginResp
	switch jerr := json.Unmarshal(out, &resp); {
	case resp.ErrorMessage != "":
		return nil, p.failed(errors.New(resp.ErrorMessage), "it reports an error")
	case err != nil && jerr != nil:
		return nil, err
	case jerr != nil:
		return nil, p.failed(jerr, "its answer does not follow the protocol")
	}
	return &resp, nil
}

// Public implements Key.
func (p *plugin) Public() crypto.PublicKey { return p.public }

// SignMessage implements Key. The plugin gets the message, as cosign gives it.
func (p *plugin) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	return p.sign(ctx, message, nil)
}

// SignDigest implements Key.
func (p *plugin) SignDigest(ctx context.Context, digest []byte) ([]byte, error) {
	return p.sign(ctx, nil, []signature.SignOption{options.WithDigest(digest), options.WithCryptoSignerOpts(crypto.SHA256)})
}

func (p *plugin) sign(ctx context.Context, message []byte, opts []signature.SignOption) ([]byte, error) {
	resp, err := p.call(ctx, message, &common.MethodArgs{MethodName: common.SignMessageMethodName,
		SignMessage: &common.SignMessageArgs{SignOptions: encoding.PackSignOptions(opts)}})
	switch {
	case err != nil:
		return nil, err
	case resp.SignMessage == nil || len(resp.SignMessage.Signature) == 0:
		return nil, p.failed(nil, "its answer has no signature")
	}
	return resp.SignMessage.Signature, nil
}
