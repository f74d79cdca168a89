// Command sigstore-kms-hsm is a plugin for Sigstore's KMS protocol: it signs with
// keys in PKCS #11 tokens, such as smart cards and HSMs. Seaworthy and cosign find
// it on PATH, for keys of the form hsm://token=NAME;object=KEY.
//
// It is a module of its own, because PKCS #11 needs cgo.
package main

import (
	"fmt"
	"os"

	"github.com/sigstore/sigstore/pkg/signature/kms/cliplugin/handler"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "sigstore-kms-hsm:", err)
		os.Exit(1)
	}
}

// run answers one call. Errors of the token are answers too.
func run() error {
	args, err := handler.GetPluginArgs(os.Args)
	if err != nil {
		return fmt.Errorf("%w: this program is a plugin, which seaworthy and cosign start", err)
	}
	if args.InitOptions == nil || args.MethodArgs == nil {
		return handler.WriteErrorResponse(os.Stdout, fmt.Errorf("the call has no options or no method"))
	}
	k, err := open(args.InitOptions.KeyResourceID, args.InitOptions.HashFunc)
	if err != nil {
		return handler.WriteErrorResponse(os.Stdout, err)
	}
	defer k.close()
	_, err = handler.Dispatch(os.Stdout, os.Stdin, args, k)
	return err
}
