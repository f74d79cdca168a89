// Package ocitest makes small container images for tests: from a list of
// entries to an OCI layout folder, an archive, or a registry that answers over
// real HTTP. The bytes depend on the description alone, so that a digest in a
// test is stable. Names and sizes are written as given, never cleaned or
// checked: most tests that matter need an image that is wrong.
//
//	img := ocitest.Image{Layers: []ocitest.Layer{{Entries: []ocitest.Entry{
//		ocitest.Dir("etc"), ocitest.File("etc/who", "me\n"),
//	}}}}
//	ocitest.WriteLayout(t, dir, ocitest.Named("seaworthy/init:1", img))
package ocitest
