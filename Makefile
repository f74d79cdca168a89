# Seaworthy. `make help` lists the targets. On a new machine, start with
# `make demo` and `make test`.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)

# Building and testing use the same settings, so a new machine compiles only once.
export CGO_ENABLED := 0
export GOFLAGS := -trimpath -buildvcs=false

LDFLAGS := -s -w -X github.com/seaworthy-os/seaworthy/cmd/seaworthy/cli.release=$(VERSION)
# The components of the demo, and the others of the examples. They are enough for the
# demo and the tests, so a new machine does not build all.
DEMO_COMPONENTS := kernel init crun sysctl dhcp nginx report
EXAMPLE_COMPONENTS := redis node_exporter chrony probe
# Kernels that are compiled have their own target: they take minutes.
KERNELS ?= kernel-hardened
ALL_KERNELS := $(patsubst components/%/component.yml,%,$(wildcard components/kernel-hardened*/component.yml))
ALL_COMPONENTS := $(filter-out $(ALL_KERNELS),$(patsubst components/%/component.yml,%,$(wildcard components/*/component.yml)))
LAYOUT := dist/components

# The architecture of components and EFI files; empty for that of this machine.
ARCH ?=

FUZZTIME ?= 30s
MAN ?= dist/man

# Stops the tests of a package if they hang, and prints their stacks. The slowest
# package takes some minutes on two cores. This time is enough for a quarter of
# one core.
HANG := 150m

# The target test runs vet separately: it checks more than go test does.
GOTEST := go test -vet=off -timeout $(HANG)

# How many machines the tests boot at a time: one for each processor, and for 3 GB of free
# memory. An emulated machine uses one processor, and the largest ones have 2 GB.
MACHINES = $(shell awk -v n="$$(nproc)" '/^MemAvailable:/ {m = int($$2 / 3000000)} END {if (m < n) n = m; if (n < 1) n = 1; print n}' /proc/meminfo)
BOOTTEST = $(GOTEST) -count=1 -p 1 -parallel $(MACHINES) -v

# Programs of other projects that the tests run.
TOOLS := $(CURDIR)/bin/test

.PHONY: help build components kernel careless demo-components example-components efi demo test test-boot test-riscv64 test-rpi3 test-components components-doc test-browser test-hsm test-keyless test-buildkit test-bitflips test-sigstore-js test-cosign test-cosign3 test-opa test-registries test-short rule bench bench-verify bench-fleet bench-small bench-build bench-rebuild bench-boot bench-memory calibrate mutate mutate-all fuzz lint man deb test-deb nfpm docs changelog clean deps test-deps boot-deps cosign cosign3 gh buildkit registries opa browser FORCE
.PHONY: kernel-lock kernel-deps test-kernel test-kernels test-trace component-profiles
.PHONY: component-deps

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

build: bin/seaworthy bin/seaworthy-verify ## build bin/seaworthy, and the small verifier bin/seaworthy-verify

# The built-in rules, compiled: see policy/engine/precompiled.go. They depend on the
# rules, and on every package of ours that the compiler links.
PRECOMPILED := policy/engine/precompiled/rules.bin
PRECOMPILED_LINK := policy/engine/precompiled_link.go
PRECOMPILER := policy/precompile policy/engine policy/folder policy/sandbox policy/compiled policy/decision policy/framework policy/schema policy/input policy/origin scanner/facts rules

$(PRECOMPILED) $(PRECOMPILED_LINK) &: $(shell find rules -name '*.rego' ! -name '*_test.rego') $(wildcard rules/data/*.json rules/packs/*.yaml) $(filter-out %_test.go $(PRECOMPILED_LINK),$(foreach d,$(PRECOMPILER),$(wildcard $(d)/*.go))) go.mod
	@go run ./policy/precompile $(PRECOMPILED) $(PRECOMPILED_LINK)

bin/seaworthy: FORCE $(PRECOMPILED) $(PRECOMPILED_LINK)
	@mkdir -p bin
	@echo "compiling bin/seaworthy (a few minutes the first time)" >&2
	@go build -ldflags '$(LDFLAGS)' -o $@ ./cmd/seaworthy

bin/seaworthy-verify: FORCE
	@mkdir -p bin
	@go build -ldflags '-s -w' -o $@ ./cmd/seaworthy-verify

bin/seaworthy-verify-keyless: FORCE
	@mkdir -p bin
	@go build -tags keyless -ldflags '-s -w' -o $@ ./cmd/seaworthy-verify

COMPONENT_BUILD = bin/seaworthy component build $(ARCH:%=--arch %) --layout $(LAYOUT) --state-dir dist/state

efi: ## fetch systemd's EFI programs for another architecture into dist/tools: make efi ARCH=arm64
	@test -n "$(ARCH)" || { echo "name the architecture: make efi ARCH=arm64" >&2; exit 2; }
	@examples/fetch.sh $(ARCH) systemd-boot-efi usr/lib/systemd/boot/efi dist/tools/$(ARCH)

components: build component-deps ## build all our component images, into dist/components; for another architecture: ARCH=arm64
	@$(COMPONENT_BUILD) $(addprefix components/,$(ALL_COMPONENTS))

kernel: build ## compile our hardened kernel, into dist/components (minutes; only if its inputs changed); for others: KERNELS, ARCH
	@$(COMPONENT_BUILD) --jobs 1 $(addprefix components/,$(KERNELS))

# Services from Debian's packages as a person in a hurry runs them, for TestCareless.
careless: build
	@bin/seaworthy component build --layout dist/careless --state-dir dist/state $(patsubst %/component.yml,%,$(wildcard testdata/careless/*/component.yml))

kernel-lock: build ## compile our hardened kernel, and record it in its lock; for others: KERNELS, ARCH
	@$(COMPONENT_BUILD) --jobs 1 --write-lock $(addprefix components/,$(KERNELS))

demo-components: build ## build the component images of the demo
	@$(COMPONENT_BUILD) $(addprefix components/,$(DEMO_COMPONENTS))

example-components: build ## build the component images of all examples
	@$(COMPONENT_BUILD) $(addprefix components/,$(DEMO_COMPONENTS) $(EXAMPLE_COMPONENTS))

demo: deps demo-components ## show everything on this machine: deny, lock, build, sign, verify, push, pull, boot
	@examples/demo.sh

# cosign, opa, the browser and the registries are prepared while the Go tests run. Errors of this
# step are hidden here: the targets that need them run the step again.
test: test-deps example-components ## run all tests: unit, command line, other programs, browser, real boots
	@$(MAKE) -k cosign opa browser registries >/dev/null 2>&1 & tools=$$!; \
	go vet ./... && $(GOTEST) ./... && (cd docs/site && go vet . && $(GOTEST) -count=1 .) || { code=$$?; kill $$tools; wait; exit $$code; }; \
	wait; $(MAKE) --no-print-directory -j2 --output-sync=target test-opa test-browser test-cosign test-sigstore-js test-hsm test-registries

test-boot: test-deps boot-deps component-deps demo-components ## boot every format, under Secure Boot too, and boot damaged images; arm64 too
	@$(MAKE) --no-print-directory -j2 demo-components efi ARCH=arm64 & arm64=$$!; \
	$(COMPONENT_BUILD) components/runc components/containerd components/apparmor || { code=$$?; wait; exit $$code; }; \
	wait $$arm64
	@SEAWORTHY_BOOT=all $(BOOTTEST) -run 'TestMinimal|TestSmall|TestDamagedRoot|TestSecureBoot|TestBoot' ./cmd/seaworthy ./builder/image/secureboot

test-riscv64: build ## build the components of the demo for riscv64, from Debian 13, and boot them
	@examples/install.sh "tests boot a system for riscv64" qemu-system-riscv64=qemu-system-misc /usr/lib/riscv64-linux-gnu/opensbi=opensbi
	@$(MAKE) --no-print-directory demo-components ARCH=riscv64
	@SEAWORTHY_BOOT=riscv64 $(GOTEST) -count=1 -v -run 'TestRISCV64' ./cmd/seaworthy

test-rpi3: build ## boot the format rpi3 with U-Boot, on QEMU's Raspberry Pi 3
	@examples/install.sh "a test boots a Raspberry Pi 3 from an SD card" qemu-system-aarch64=qemu-system-arm mkfs.vfat=dosfstools mcopy=mtools sfdisk=fdisk
	@examples/fetch.sh arm64 u-boot-rpi usr/lib/u-boot/rpi_3 dist/tools/rpi3
	@bin/seaworthy component build --arch arm64 --layout dist/rpi3 --state-dir dist/state testdata/rpi3/kernel components/init components/crun components/report
	@SEAWORTHY_BOOT=rpi3 $(GOTEST) -count=1 -v -run '^TestRPi3$$' ./cmd/seaworthy

test-components: test-deps components careless ## boot all components, a few systems with many of them, and run their health checks
	@examples/install.sh "the machine of the components has a TPM, and its CI runner a server" swtpm=swtpm buildbot=buildbot git=git
	@SEAWORTHY_COMPONENTS=all $(BOOTTEST) -run 'TestComponents|TestShortestServices|TestExamples|TestCareless' ./cmd/seaworthy

test-trace: test-deps ## trace services and a container of onboot in booted systems, and boot them with the proposals
	@$(MAKE) --no-print-directory example-components careless
	@$(COMPONENT_BUILD) components/kernel-cloud components/trace components/check
	@SEAWORTHY_TRACE=1 $(GOTEST) -count=1 -p 1 -v -run '^TestTrace$$' ./cmd/seaworthy

test-kernel: test-deps demo-components kernel-deps ## compile our kernel again, compare it with the lock, check it, and boot it (minutes); for others: KERNELS, ARCH; with KERNEL=built, boot what make kernel-lock compiled
	@$(COMPONENT_BUILD) components/runc
	@$(if $(filter arm64,$(ARCH)),$(MAKE) --no-print-directory boot-deps efi)
	@SEAWORTHY_KERNEL=$(or $(KERNEL),all) SEAWORTHY_KERNELS="$(KERNELS)" SEAWORTHY_ARCH=$(ARCH) $(GOTEST) -count=1 -v -run 'TestKernelHardened' ./cmd/seaworthy

test-kernels: ## the same for all our kernels, for amd64 and arm64 (about two hours); with KERNEL=changed, only those whose inputs differ from the lock
	@$(MAKE) --no-print-directory test-kernel ARCH=amd64 KERNELS="$(ALL_KERNELS)"
	@$(MAKE) --no-print-directory test-kernel ARCH=arm64 KERNELS="$(ALL_KERNELS)"

component-profiles: test-deps components ## measure the seccomp profiles of our components, many in one boot: make component-profiles COMPONENTS="redis dhcp"
	@examples/install.sh "they use the traced services" curl=curl git=git openssl=openssl python3=python3 redis-cli=redis-tools psql=postgresql-client \
	  mariadb=mariadb-client dig=bind9-dnsutils mosquitto_pub=mosquitto-clients etcdctl=etcd-client smbclient=smbclient snmpget=snmp swtpm=swtpm ldapadd=ldap-utils \
	  tpm2_getcap=tpm2-tools "$$(echo /usr/lib/*/libtss2-tcti-cmd.so.0)"=libtss2-tcti-cmd0 nc=netcat-openbsd /usr/lib/python3/dist-packages/kazoo=python3-kazoo
	@SEAWORTHY_PROFILES="$(or $(COMPONENTS),all)" $(GOTEST) -count=1 -v -run '^TestMakeProfiles$$' ./cmd/seaworthy

components-doc: ## write docs/components.md from the recipes, with the sizes of the images in dist/components
	@go test -count=1 -run '^TestComponentsPage$$' ./cmd/seaworthy -update

test-sigstore-js: ## test that sigstore-js verifies our signatures, and that we verify its (installs npm packages)
	@attest/testdata/sigstorejs/install.sh || { [ $$? = 3 ] && exit 0; exit 1; }; \
	SEAWORTHY_SIGSTORE_JS=1 $(GOTEST) -count=1 -run TestSigstoreJS ./attest

test-cosign: cosign ## test that the real cosign verifies our signatures (compiles cosign first)
	@SEAWORTHY_COSIGN=$(TOOLS)/cosign $(GOTEST) -count=1 -run Cosign ./attest ./pipeline/publish

# Fulcio and Rekor are programs of a module of its own.
test-keyless: demo-components cosign gh ## test keyless signing with the real servers of Sigstore on loopback, and cosign and gh (compiles them first)
	@echo "compiling fulcio and rekor (some minutes the first time)" >&2
	@cd attest/keylesstest && go build -ldflags '-s -w' -o $(TOOLS)/sigstore/ tool && go vet . && \
	SEAWORTHY=$(CURDIR)/bin/seaworthy SEAWORTHY_SIGSTORE=$(TOOLS)/sigstore SEAWORTHY_COMPONENTS=$(CURDIR)/$(LAYOUT) \
	SEAWORTHY_COSIGN=$(TOOLS)/cosign SEAWORTHY_GH=$(TOOLS)/gh $(GOTEST) -count=1 .

test-buildkit: buildkit ## test that we read what the real BuildKit writes about images (compiles it first; needs root)
	@examples/install.sh "BuildKit needs it" crun=crun
	@SEAWORTHY_BUILDKIT=$(TOOLS) $(GOTEST) -count=1 -v -run TestBuildKit ./pipeline

# The plugin needs cgo. SoftHSM is a token in files.
HSM_MODULE := $(firstword $(wildcard /usr/lib/softhsm/libsofthsm2.so /usr/lib64/softhsm/libsofthsm.so /usr/lib64/pkcs11/libsofthsm2.so))

test-hsm: ## test the plugin for PKCS #11 tokens, with SoftHSM (needs a C compiler)
	@command -v gcc >/dev/null || { echo "skipped: the plugin for PKCS #11 needs a C compiler" >&2; exit 0; }; \
	cd cmd/sigstore-kms-hsm && CGO_ENABLED=1 go vet . && CGO_ENABLED=1 $(GOTEST) -count=1 . && \
	CGO_ENABLED=1 go build -o $(TOOLS)/hsm/ . && cd $(CURDIR) && \
	SEAWORTHY_HSM=$(TOOLS)/hsm PKCS11_MODULE_PATH=$(HSM_MODULE) $(GOTEST) -count=1 -run TestHSM ./attest

test-registries: cosign registries ## test with the registry of distribution v3, oras, crane, cosign and skopeo (compiles them first)
	@SEAWORTHY_TOOLS=$(TOOLS) $(GOTEST) -count=1 -run 'OtherPrograms|RoundTripDistribution' ./pipeline/publish

test-cosign3: cosign3 ## the same tests with cosign v3 (compiles it first, which takes longer than the other tools)
	@SEAWORTHY_COSIGN=$(TOOLS)/cosign3 $(GOTEST) -count=1 -run Cosign ./attest ./pipeline/publish

test-opa: opa ## test that the real opa and conftest run our rules (compiles both first)
	@SEAWORTHY_OPA=$(TOOLS) $(GOTEST) -count=1 -run OPA ./rules

test-browser: ## test the HTML report and the documentation in a real browser, and SARIF with its schema (installs Chromium and npm packages)
	@policy/report/browser/install.sh || { [ $$? = 3 ] && exit 0; exit 1; }; \
	SEAWORTHY_BROWSER=1 $(GOTEST) -count=1 -run 'TestBrowser|TestSARIFSchema' ./policy/report && \
	cd docs/site && SEAWORTHY_BROWSER=1 $(GOTEST) -count=1 -run TestBrowser .

test-bitflips: ## flip ten thousand random bits of a sealed image, and require that each is refused (minutes)
	@SEAWORTHY_BITFLIPS=10000 $(GOTEST) -count=1 -run TestBitFlips ./attest/verify

test-short: ## run the tests that need no components, no QEMU and no cosign
	@$(GOTEST) -short ./...

rule: ## test one rule in seconds: make rule ID=CAP-099
	@test -n "$(ID)" || { echo "name the rule: make rule ID=CAP-099" >&2; exit 2; }
	@$(GOTEST) ./rules -run '^TestRego$$' -rule $(ID)
	@$(GOTEST) ./pipeline -run '^(TestRuleSystems|TestRemedies)$$/^$(ID)$$'

cosign:
	@echo "compiling cosign (a few minutes the first time)" >&2
	@cd attest/testdata/cosign && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/sigstore/cosign/v2/cmd/cosign

registries:
	@echo "compiling registry, oras and crane (a few minutes the first time)" >&2
	@cd pipeline/publish/testdata/registries && go build -ldflags '-s -w' -o $(TOOLS)/ ./registry tool

cosign3:
	@echo "compiling cosign v3 (some minutes the first time)" >&2
	@cd attest/testdata/cosign3 && go build -ldflags '-s -w' -o $(TOOLS)/cosign3 github.com/sigstore/cosign/v3/cmd/cosign

gh:
	@echo "compiling gh (some minutes the first time)" >&2
	@cd attest/testdata/gh && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/cli/cli/v2/cmd/gh

buildkit:
	@echo "compiling buildkit (some minutes the first time)" >&2
	@cd testdata/buildkit && go build -ldflags '-s -w' -o $(TOOLS)/ tool

opa:
	@echo "compiling opa and conftest (a few minutes the first time)" >&2
	@cd testdata/opa && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/open-policy-agent/opa github.com/open-policy-agent/conftest

browser:
	@policy/report/browser/install.sh

fuzz: ## run every fuzz target for FUZZTIME (default 30s)
	@for p in $$(go list ./...); do \
	  dir=$$(go list -f '{{.Dir}}' $$p); \
	  for f in $$(grep -hoE '^func Fuzz[A-Za-z0-9_]+' $$dir/*_test.go 2>/dev/null | cut -d' ' -f2); do \
	    echo "$$p $$f"; go test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 200x $$p || exit; \
	  done; \
	done

calibrate: ## write docs/linuxkit-examples.md from LinuxKit's examples (SEAWORTHY_LINUXKIT_KIT, or beside this folder)
	@go test -count=1 -run TestLinuxKitExamples -v ./pipeline -update

mutate: ## invert each comparison of the rules, and require that a test fails for each (minutes)
	@go run ./bench/mutate -inversions

mutate-all: ## like mutate, and also remove each condition (more minutes; lists changes that no test detects)
	@go run ./bench/mutate

lint: opa ## run gofmt, vet, golangci-lint, opa fmt and opa check at pinned versions (compiles them first)
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }
	@go vet ./...
	@echo "compiling golangci-lint (a few minutes the first time)" >&2
	@cd testdata/lint && go build -ldflags '-s -w' -o $(TOOLS)/ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@$(TOOLS)/golangci-lint run --timeout $(HANG) ./...
	@$(TOOLS)/opa fmt --list --fail rules
	@$(TOOLS)/opa check --strict rules

man: build ## write the manual pages into MAN (default dist/man)
	@bin/seaworthy man $(MAN)

deb: build nfpm ## make a Debian package of the programs, in dist (compiles nfpm first)
	@packaging/deb.sh $(TOOLS)/nfpm $(VERSION) dist/seaworthy.deb

test-deb: build nfpm ## make the Debian package twice, compare both, and install one into a scratch root
	@SEAWORTHY_DEB=$(TOOLS)/nfpm $(GOTEST) -count=1 -run TestDeb ./cmd/seaworthy

nfpm:
	@echo "compiling nfpm (a few minutes the first time)" >&2
	@cd packaging && go build -ldflags '-s -w' -o $(TOOLS)/ tool

docs: ## write the documentation as a static site into dist/docs
	@cd docs/site && go run . $(CURDIR) $(CURDIR)/dist/docs

changelog: ## write CHANGELOG.md from the fragments in docs/changes
	@go test -count=1 ./internal/changelog -update

deps:
	@examples/install.sh "QEMU boots the built images" qemu-system-x86_64=qemu-system-x86

# Programs of other projects that check our images, and firmware that boots them.
test-deps: deps
	@examples/install.sh "tests check images with them" qemu-img=qemu-utils /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf \
	  /usr/lib/systemd/boot/efi/linuxx64.efi.stub=systemd-boot-efi fsck.vfat=dosfstools mtools=mtools sgdisk=gdisk xorriso=xorriso \
	  isoinfo=genisoimage objdump=binutils syslinux=syslinux /usr/lib/syslinux/mbr/mbr.bin=syslinux-common /usr/lib/ISOLINUX/isolinux.bin=isolinux sfdisk=fdisk sbverify=sbsigntool sign-efi-sig-list=efitools osslsigncode=osslsigncode veritysetup=cryptsetup-bin mksquashfs=squashfs-tools xz=xz-utils fsck.erofs=erofs-utils softhsm2-util=softhsm2 skopeo=skopeo dumpimage=u-boot-tools

# Without these, `make kernel` names what is missing.
kernel-deps:
	@examples/install.sh "our kernel is compiled with them" gcc-12=gcc-12 g++-12=g++-12 flex=flex bison=bison bc=bc perl=perl xz=xz-utils zstd=zstd make=make ld=binutils \
	  /usr/include/gelf.h=libelf-dev /usr/include/openssl/evp.h=libssl-dev /usr/lib/gcc/x86_64-linux-gnu/12/plugin/include/gcc-plugin.h=gcc-12-plugin-dev \
	  $(if $(filter arm64,$(ARCH)),aarch64-linux-gnu-gcc-12=gcc-12-aarch64-linux-gnu aarch64-linux-gnu-ld=binutils-aarch64-linux-gnu /usr/lib/gcc-cross/aarch64-linux-gnu/12/plugin/include/gcc-plugin.h=gcc-12-plugin-dev-aarch64-linux-gnu)

component-deps:
	@examples/install.sh "the component apparmor is compiled with it" /usr/sbin/apparmor_parser=apparmor

# The firmware and the emulator of another architecture: only test-boot needs them.
boot-deps:
	@examples/install.sh "tests boot images for arm64" qemu-system-aarch64=qemu-system-arm /usr/share/AAVMF/AAVMF_CODE.fd=qemu-efi-aarch64
	@examples/install.sh "tests compare the registers of a TPM, and check a data partition" swtpm=swtpm /usr/sbin/mke2fs=e2fsprogs

bench: build demo-components ## measure wall time and peak memory of each step
	@go run ./bench/pipeline

bench-small: build demo-components ## measure the small commands, and kernel-hardening-checker if it is installed
	@go run ./bench/small

bench-verify: build ## measure seaworthy-verify on the system that make demo built, and sha256sum
	@go run ./bench/verify

bench-fleet: demo-components ## measure decisions on ten thousand stored systems (minutes, and 4 GB of temporary disk)
	@go run ./bench/fleet

bench-build: build ## measure whole builds of a generated system of 430 MB, and LinuxKit's if LINUXKIT names the program
	@go run ./bench/build -linuxkit "$(LINUXKIT)"

bench-rebuild: build demo-components ## measure a first build, an unchanged rebuild, and a rebuild with one changed component of forty
	@go run ./bench/rebuild

bench-boot: build demo-components kernel ## measure how long our kernels take to boot in QEMU without KVM
	@$(COMPONENT_BUILD) components/kernel-cloud components/runc
	@go run ./bench/boot

bench-memory: build demo-components ## measure peak memory for components of several sizes (minutes, and GB of temporary disk)
	@go run ./bench/memory

clean: ## remove all build outputs
	@rm -rf bin dist $(PRECOMPILED) $(PRECOMPILED_LINK)

FORCE:
