// Package layer reads the layers of one image and announces their files to
// sinks (system.Sink), in an order that depends on the bytes alone. It verifies
// every digest, size and diff ID, and refuses entries that could leave their
// place.
package layer
