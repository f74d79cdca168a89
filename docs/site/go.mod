// The tool of `make docs`, which writes the documentation as a static site. A module
// of its own: what it links is not part of Seaworthy.
module github.com/seaworthy-os/seaworthy/docs/site

go 1.26.8

require github.com/yuin/goldmark v1.8.7
