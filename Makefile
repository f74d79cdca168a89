# Seaworthy. `make help` lists the targets; `make demo` and `make test` are the
# two that a new machine needs.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
GOBUILD := CGO_ENABLED=0 go build -trimpath -buildvcs=false
LDFLAGS := -s -w -X main.release=$(VERSION)
COMPONENTS := kernel init crun sysctl dhcp nginx report
LAYOUT := dist/components

.PHONY: help build components demo test test-go test-cosign test-boot bench fuzz lint clean deps FORCE

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-12s %s\n", $$1, $$2}'

build: bin/seaworthy ## bin/seaworthy

bin/seaworthy: FORCE
	@mkdir -p bin
	@echo "compiling bin/seaworthy (a few minutes the first time)" >&2
	@$(GOBUILD) -ldflags '$(LDFLAGS)' -o $@ ./cmd/seaworthy

components: build ## our component images, from Debian packages, into dist/components
	@for c in $(COMPONENTS); do bin/seaworthy component build --layout $(LAYOUT) components/$$c || exit; done

demo: deps components ## the whole story on this machine: deny, lock, build, sign, verify, boot
	@examples/demo.sh

test: deps components ## all tests: unit, command line, cosign, boot
	@go vet ./...
	@go test -timeout 20m ./...
	@$(MAKE) --no-print-directory test-cosign test-boot

test-go: ## unit and command-line tests only
	@go test ./...

deps:
	@examples/install-qemu.sh

bench: build components ## wall time and peak memory of each step
	@go run ./bench/pipeline

clean: ## remove what was built
	@rm -rf bin dist

FORCE:
