# Sluice in one word each; `make help` lists them. On a Debian-like system what is missing is installed first.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

SWIFT ?= swift
# What `make sanitize` looks for: thread or address.
SANITIZER ?= thread
# More options for `make serve` and `make bench`: make serve ARGS="--listen 0.0.0.0:8080"
ARGS ?=

RELEASE := .build/release/sluice
VENV := .build/venv
SWIFT_SOURCES := Sources Tests $(wildcard bench) Package.swift
SHELL_SCRIPTS := .ci/run $(shell grep -rlE '^\#!.*\bbash$$' scripts bench Tests 2>/dev/null)
PACKAGES := libnghttp2-dev libsqlite3-dev libssl-dev pkg-config:pkg-config zlib1g-dev
BENCH_PACKAGES := cc:gcc ip:iproute2 make:make nginx:nginx-light openssl:openssl python3:python3 taskset:util-linux
S3_PACKAGES := ceph:ceph-common ceph-mon:ceph-mon ceph-osd:ceph-osd radosgw:radosgw
DEB_PACKAGES := dpkg-shlibdeps:dpkg-dev help2man:help2man strip:binutils
TEST_PACKAGES := $(DEB_PACKAGES) chromium:chromium curl:curl go:golang-go haproxy:haproxy nghttp:nghttp2-client nginx:nginx-light \
    openssl:openssl caddy:caddy lintian:lintian promtool:prometheus cc:gcc ip:iproute2 libfuse3-dev fusermount3:fuse3 mkfs.ext4:e2fsprogs mkfs.xfs:xfsprogs \
    libc6-dev-arm64-cross libc6-dev-riscv64-cross libc6-dev-s390x-cross libc6-dev-ppc64el-cross

.PHONY: help serve example test unit e2e s3 torture chance cuts soak fuzz sanitize bench deb sbom format lint clean build-packages test-packages release

help: ## Show this list
	@sed -nE 's/^([a-z0-9]+):.*## (.*)$$/  make \1	\2/p' Makefile | expand -t 16

serve: release ## Build and serve on this machine, http://127.0.0.1:8080 and https://127.0.0.1:8443, into ./data
	@$(if $(ARGS),,echo "Try, from another shell:  curl -T README.md http://127.0.0.1:8080/files/")
	@exec $(RELEASE) serve $(ARGS)

example: release ## Build, then serve an application that uses Sluice: http://127.0.0.1:8000, see examples/inbox
	@exec examples/inbox/run

test: build-packages test-packages ## Run every test: the Swift ones, then the real server with a real browser
	$(SWIFT) build --build-tests
	@# One after the other: hundreds at once on a few threads measure how long tests wait for each other.
	@# What failed is said again at the end, where somebody who sees the end alone finds it.
	$(SWIFT) test --skip-build --no-parallel 2>&1 | tee .build/swift-tests.log \
	    || { grep -E -A 2 '^✘|error:' .build/swift-tests.log; exit 1; }
	@$(MAKE) --no-print-directory release $(VENV)/installed
	scripts/option-table --check $(RELEASE)
	@# Real browsers and real kills lose a race with their test now and then; what fails three times has found something.
	SLUICE_BINARY=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -m pytest --reruns 2 Tests/EndToEnd
	$(VENV)/bin/python -m pytest --quiet bench/tests
	@# No second try here: a promise that was broken once is broken.
	SLUICE_BINARY=$(CURDIR)/$(RELEASE) $(VENV)/bin/python -m pytest Tests/Faults

unit: build-packages ## One Swift test target, built alone: T=UploadsTests, F="a part of a test's name"
	@$(if $(T),,echo "Which one? make unit T=UploadsTests" >&2; exit 1)
	SLUICE_TESTS=$(T) $(SWIFT) build --build-tests
	SLUICE_TESTS=$(T) $(SWIFT) test --skip-build --no-parallel $(if $(F),--filter '$(F)')

e2e: build-packages $(VENV)/installed ## One end-to-end test on a debug build: T=test_cors.py, K="a part of a test's name"
	$(SWIFT) build --product sluice
	SLUICE_BINARY=$(CURDIR)/.build/debug/sluice $(VENV)/bin/python -m pytest Tests/EndToEnd/$(T) $(if $(K),-k '$(K)')

s3: build-packages $(VENV)/installed ## Delivery to a bucket of Ceph's, which checks what moto does not
	@scripts/need $(S3_PACKAGES)
	$(SWIFT) build --product sluice
	Tests/EndToEnd/radosgw.sh down .build/radosgw
	env $$(Tests/EndToEnd/radosgw.sh up $(CURDIR)/.build/radosgw) SLUICE_BINARY=$(CURDIR)/.build/debug/sluice \
	    $(VENV)/bin/python -m pytest Tests/EndToEnd/test_delivery.py; \
	    status=$$?; Tests/EndToEnd/radosgw.sh down .build/radosgw; exit $$status

torture: release $(VENV)/installed ## Kill the server thousands of times under load (SLUICE_KILLS=3000 SLUICE_SEED=1)
	SLUICE_KILLS=$${SLUICE_KILLS:-3000} SLUICE_BINARY=$(CURDIR)/$(RELEASE) \
	    $(VENV)/bin/python -m pytest -s Tests/Faults/test_kills.py

chance: release $(VENV)/installed ## Random options, failing calls and kills (SLUICE_RANDOM_ROUNDS=1000 SLUICE_SEED=1)
	SLUICE_RANDOM_ROUNDS=$${SLUICE_RANDOM_ROUNDS:-1000} SLUICE_HONEST_SECONDS=2 SLUICE_BINARY=$(CURDIR)/$(RELEASE) \
	    $(VENV)/bin/python -m pytest -s Tests/Faults/test_random.py

cuts: test-packages release $(VENV)/installed ## Cut the power of real file systems, as root (SLUICE_CUTS=1000 SLUICE_SEED=1)
	SLUICE_CUTS=$${SLUICE_CUTS:-1000} SLUICE_BINARY=$(CURDIR)/$(RELEASE) \
	    $(VENV)/bin/python -m pytest -s Tests/Faults/test_power.py

soak: release ## Ten minutes of everything at once; draws what the server holds (SLUICE_SOAK_SECONDS=600)
	SLUICE_BINARY=$(CURDIR)/$(RELEASE) nice -n 10 "$$(scripts/python)" Tests/Faults/soak.py

fuzz: build-packages ## Fuzz parsers and server: FUZZ_SECONDS=60 for each target, FUZZ_TARGET=name for one
	Tests/Fuzz/run

sanitize: build-packages ## The Swift tests under a sanitizer: SANITIZER=thread or address
	Tests/Sanitizers/run $(SANITIZER)

bench: build-packages ## Measure the server beside others on this machine
	@scripts/need $(BENCH_PACKAGES)
	bench/compare $(ARGS)

deb: release ## A Debian package of it, in .build
	@scripts/need $(DEB_PACKAGES)
	scripts/deb $(RELEASE) .build

sbom: release ## What is linked into the program, as SPDX in JSON, in .build
	scripts/sbom $(RELEASE) >.build/sluice.spdx.json

format: ## Format the Swift sources in place
	$(SWIFT) format --in-place --parallel --recursive $(SWIFT_SOURCES)

lint: ## Check format and shell scripts (with shellcheck, where it is installed)
	$(SWIFT) format lint --strict --parallel --recursive $(SWIFT_SOURCES)
	@if command -v shellcheck >/dev/null; then shellcheck $(SHELL_SCRIPTS); fi

clean: ## Remove everything that was built; ./data stays
	rm -rf .build

# The Swift libraries go into the program, so that it can be copied to a machine without Swift.
release: build-packages
	$(SWIFT) build --configuration release --static-swift-stdlib --product sluice

$(VENV)/installed: Tests/EndToEnd/requirements.txt
	"$$(scripts/python)" -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --requirement $<
	@touch $@

build-packages:
	@if ! command -v $(firstword $(SWIFT)) >/dev/null; then \
	    echo "There is no Swift here: https://www.swift.org/install/linux/ (6.2 or newer)" >&2; exit 1; fi
	@scripts/need $(PACKAGES)

test-packages:
	@scripts/need $(TEST_PACKAGES)
