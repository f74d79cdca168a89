// Package component finds container images, proves that their bytes are what
// their digests say, and streams their files.
//
// [Open] gives a [Store]. [Store.Find] turns a reference into a system.Image:
// index, manifest and config are read and verified, layers are not. It looks
// into the given layouts and archives, then the cache, then the registry.
// [Store.Pass] reads all layers of an image once, top to bottom, and announces
// each file to the sinks; whoever calls it may trust nothing before the sinks'
// Finish. Do not read layers another way: the checks that keep a hostile image
// in its box are in the pass.
//
// Every byte that comes in is hostile until the pass has ended. All limits
// stand in limits.go.
//
// The lock file (os.lock.json) is read and written here too: see [Lock]. Its
// form is stable: a change that an older version cannot read raises
// schemaVersion.
package component
