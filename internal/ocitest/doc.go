// Package ocitest makes small container images for tests, from lists of entries: an
// OCI layout folder, an archive, or a registry that answers over real HTTP. The
// bytes depend only on the description, so that the digests in a test are stable.
// Names and sizes are written unchanged and unchecked: most tests need an invalid
// image.
//
//	img := ocitest.Image{Layers: []ocitest.Layer{{Entries: []ocitest.Entry{
//		ocitest.Dir("etc"), ocitest.File("etc/who", "me\n"),
//	}}}}
//	ocitest.WriteLayout(t, dir, ocitest.Named("seaworthy/init:1", img))
package ocitest
