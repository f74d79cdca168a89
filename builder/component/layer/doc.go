// Package layer reads the layers of one image and announces their files to
// sinks (system.Sink). The order depends only on the bytes of the image. The
// package verifies every digest, size and diff ID, and refuses entries that
// could write outside the image's folder.
package layer
