package component

import (
	"context"

	"github.com/seaworthy-os/seaworthy/builder/component/registry"
)

// Fetch reads a small file from a URL: see registry.Client.Fetch. It uses only
// Insecure, RedirectTo and Offline of o.
func Fetch(ctx context.Context, o Options, address string, most int64) (data []byte, name string, err error) {
	c, err := o.registry()
	if err != nil {
		return nil, "", err
	}
	defer c.Close()
	return c.Fetch(ctx, address, most)
}

func (o Options) registry() (*registry.Client, error) {
	return registry.New(registry.Options{Insecure: o.Insecure, RedirectTo: o.RedirectTo, Offline: o.Offline})
}
