module github.com/anchore/syft/bridge

go 1.26

require github.com/anchore/syft v1.57.0
