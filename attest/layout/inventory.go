package layout

import (
	"encoding/json"
	"errors"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// InventoryType is the artifact type of an inventory of a component's image, and
// the predicate type of its signature.
const (
	InventoryType      = "application/vnd.seaworthy.inventory.v1"
	InventoryPredicate = "https://github.com/seaworthy-os/seaworthy/inventory/v1"
)

// inventoryBody is the media type of the inventory itself.
const inventoryBody = "application/vnd.seaworthy.inventory.v1+json+zstd"

// Inventory returns the manifest of an inventory: a referrer of the component's
// image, with the signature and the inventory as layers.
func Inventory(image File, mediaType string, bundle, body File) ([]byte, error) {
	m := referrer(InventoryType, descriptor{MediaType: mediaType, Digest: image.Digest, Size: image.Size})
	m.Layers = []descriptor{{MediaType: statement.BundleMediaType, Digest: bundle.Digest, Size: bundle.Size}, {MediaType: inventoryBody, Digest: body.Digest, Size: body.Size}}
	return json.Marshal(m)
}

// ParseInventory reads a manifest that Inventory made for an image.
func ParseInventory(raw []byte, image string) (bundle, body File, err error) {
	m, err := parseReferrer(raw, InventoryType, image)
	if err != nil {
		return bundle, body, err
	}
	if len(m.Layers) != 2 || m.Layers[0].MediaType != statement.BundleMediaType || m.Layers[1].MediaType != inventoryBody {
		return bundle, body, errors.New("it does not have the layers of an inventory")
	}
	for _, d := range m.Layers {
		if !digests.Valid(d.Digest) || d.Size < 0 {
			return bundle, body, errors.New("a layer has no valid digest and size")
		}
	}
	return m.Layers[0].file(), m.Layers[1].file(), nil
}
