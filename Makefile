# Seaworthy. `make help` lists the targets; `make demo` and `make test` are the
# two that a new machine needs.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# The same for building and testing, so that a new machine compiles once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false

LDFLAGS := -s -w -X main.release=$(VERSION)
COMPONENTS := kernel init crun sysctl dhcp nginx report
LAYOUT := dist/components

FUZZTIME ?= 30s

# Ends a package's tests when they hang, and says where each one is. The longest
# take some minutes on two cores: this is enough for a quarter of one core.
HANG := 60m

# Vet looks at all packages by itself, with more than go test asks of it.
GOTEST := go test -vet=off -timeout $(HANG)

# Other people's programs that tests run.
TOOLS := $(CURDIR)/bin/test

.PHONY: help build components demo test test-browser test-cosign test-opa test-short bench bench-fleet bench-small bench-rebuild bench-memory calibrate mutate mutate-all fuzz lint clean deps cosign opa browser FORCE

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-13s %s\n", $$1, $$2}'

build: bin/seaworthy ## bin/seaworthy

# The built-in rules, compiled: see policy/precompiled.go.
PRECOMPILED := policy/precompiled/rules.bin

$(PRECOMPILED): $(shell find rules -name '*.rego' ! -name '*_test.rego') $(wildcard policy/*.go policy/compiled/*.go rules/*.go) go.mod
	@go run ./policy/precompile $@

bin/seaworthy: FORCE $(PRECOMPILED)
	@mkdir -p bin
	@echo "compiling bin/seaworthy (a few minutes the first time)" >&2
	@go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/seaworthy

components: build ## our component images, from Debian packages, into dist/components
	@for c in $(COMPONENTS); do bin/seaworthy component build --layout $(LAYOUT) --state-dir dist/state components/$$c || exit; done

demo: deps components ## the whole story on this machine: deny, lock, build, sign, verify, boot
	@examples/demo.sh

# What other parts need is compiled and installed while the Go tests run. It says
# nothing there: the part that needs it does it again where it has failed.
test: deps components ## all tests: unit, command line, cosign, opa, browser, real boots
	@$(MAKE) -k cosign opa browser >/dev/null 2>&1 & tools=$$!; \
	go vet ./... && $(GOTEST) ./... || { code=$$?; kill $$tools; wait; exit $$code; }; \
	wait; $(MAKE) --no-print-directory test-cosign test-opa test-browser

test-cosign: cosign ## the real cosign reads what we sign (compiles it first)
	@SEAWORTHY_COSIGN=$(TOOLS)/cosign $(GOTEST) -count=1 -run Cosign ./attest

test-opa: opa ## the real opa and conftest run our rules (compiles them first)
	@SEAWORTHY_OPA=$(TOOLS) $(GOTEST) -count=1 -run OPA ./rules

test-browser: ## the HTML report in a real browser, SARIF against its schema (installs Chromium and npm packages)
	@policy/report/browser/install.sh || { [ $$? = 3 ] && exit 0; exit 1; }; \
	SEAWORTHY_BROWSER=1 $(GOTEST) -count=1 -run 'TestBrowser|TestSARIFSchema' ./policy/report

test-short: ## what needs no components, no QEMU and no cosign
	@$(GOTEST) -short ./...

cosign:
	@echo "compiling cosign (a few minutes the first time)" >&2
	@cd attest/testdata/cosign && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/sigstore/cosign/v2/cmd/cosign

opa:
	@echo "compiling opa and conftest (a few minutes the first time)" >&2
	@cd testdata/opa && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/open-policy-agent/opa github.com/open-policy-agent/conftest

browser:
	@policy/report/browser/install.sh

fuzz: ## every fuzz target for FUZZTIME each (30s)
	@for p in $$(go list ./...); do \
	  dir=$$(go list -f '{{.Dir}}' $$p); \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | cut -d' ' -f2); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$p || exit; \
	  done; \
	done

calibrate: ## docs/linuxkit-examples.md anew, from LinuxKit's examples (SEAWORTHY_LINUXKIT_KIT, or beside this folder)
	@go test -count=1 -run TestLinuxKitExamples -v ./pipeline -update

mutate: ## turn each comparison of the rules round, and want a test to fail for each (minutes)
	@go run ./bench/mutate -inversions

mutate-all: ## the same, and each condition taken away in turn (more minutes; what is left is listed)
	@go run ./bench/mutate

lint: ## gofmt, vet, and golangci-lint where it is installed
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	@go vet ./...
	@if command -v golangci-lint >/dev/null; then golangci-lint run; else echo "golangci-lint is not here; gofmt and vet passed" >&2; fi

deps:
	@examples/install-qemu.sh

bench: build components ## wall time and peak memory of each step
	@go run ./bench/pipeline

bench-small: build components ## the small commands, beside kernel-hardening-checker where it is installed
	@go run ./bench/small

bench-fleet: components ## ten thousand stored systems decided (minutes, and 4 GB of temporary disk)
	@go run ./bench/fleet

bench-rebuild: build components ## a first build, an unchanged rebuild, one changed component of forty
	@go run ./bench/rebuild

bench-memory: build components ## peak memory against the size of components (minutes, and GB of temporary disk)
	@go run ./bench/memory

clean: ## remove what was built
	@rm -rf bin dist $(PRECOMPILED)

FORCE:
