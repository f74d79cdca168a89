// Package component finds container images by their references, and gives their
// verified bytes. It looks into layouts, archives, the cache and registries, and
// it keeps the lock file.
//
// [Open] gives a [Store]. [Store.Find] turns a reference into a system.Image: it
// reads and verifies index, manifest and config, but no layer. It looks into the
// given layouts and archives first, then into the cache, then asks the registry.
// [Store.Pass] reads all layers of an image once and announces each file to the
// sinks. The caller may trust nothing before the sinks' Finish. Do not read
// layers in another way: the checks of a hostile image are in the pass.
//
// Package oci holds what this package shares with its two parts: layer reads the
// layers of one image, and registry asks registries.
//
// The form of the lock file (os.lock.json, see [Lock]) is stable. A change that
// an older version cannot read raises schemaVersion.
package component
