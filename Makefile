# SPDX-License-Identifier: MIT
# Copyright (C) 2026 The barlease authors
#
# Entry points only: each phase is a short script in lab/. Whatever is built or
# downloaded goes to build/. The host gets the Debian packages that it lacks,
# and nothing else.

build := $(CURDIR)/build

# The guest's machine and its pages, and its kernel: one of these, which the lab
# fetches, or any directory.
override PAGES := $(or $(PAGES),4k)
override ARCH := $(or $(ARCH),$(if $(filter 16k,$(PAGES)),arm64,amd64))
export ARCH PAGES
kernel-6.12-amd64-4k := $(build)/kernel
kernel-7.3-amd64-4k := $(build)/kernel-7.3
kernel-7.3-iommufd-amd64-4k := $(build)/kernel-7.3-iommufd
kernel-6.12-rt-amd64-4k := $(build)/kernel-6.12-rt
kernel-6.12-small-amd64-4k := $(build)/kernel-6.12-small
kernel-6.12-debug-amd64-4k := $(build)/kernel-6.12-debug
kernel-6.12-kcsan-amd64-4k := $(build)/kernel-6.12-kcsan
kernel-7.3-debug-amd64-4k := $(build)/kernel-7.3-debug
kernel-6.12-i386-4k := $(build)/kernel-6.12-i386
kernel-6.12-arm64-4k := $(build)/kernel-arm64
kernel-6.12-arm64-16k := $(build)/kernel-arm64-16k
kernels := $(foreach v,$(filter kernel-%,$(.VARIABLES)),$($(v)))
kernel := $(or $(KERNEL),6.12)
override KERNEL := $(or $(kernel-$(kernel)-$(ARCH)-$(PAGES)),$(abspath $(kernel)))
export KERNEL
# What is installed where, see lab/install.sh
override PREFIX := $(or $(PREFIX),/usr/local)
export PREFIX DESTDIR
$(if $(filter amd64 arm64 i386,$(ARCH)),,$(error \
	ARCH=$(ARCH) is neither amd64 nor arm64 nor i386))
# Programs of 32 bits on a kernel of 64
userland := $(or $(USERLAND),$(ARCH))
export USERLAND
$(if $(filter $(ARCH)-$(userland),$(ARCH)-$(ARCH) amd64-i386),,$(error \
	USERLAND=$(userland) is nothing that a kernel of ARCH=$(ARCH) runs))
$(if $(filter $(kernels),$(KERNEL))$(wildcard $(KERNEL)/release),,$(error \
	there is no KERNEL=$(kernel) for ARCH=$(ARCH) PAGES=$(PAGES), nor is it a \
	directory with a kernel in it; see docs/testing.md))

# What is built for another kernel than 6.12 has names of its own. So has the
# driver for KDIR, which never gets into the guest.
flavour := $(if $(filter-out $(build)/kernel,$(KERNEL)),-$(patsubst \
	kernel-%,%,$(notdir $(KERNEL))))
ifdef KDIR
kdir := $(abspath $(KDIR))
kver := $(shell cat $(kdir)/include/config/kernel.release 2>/dev/null)
$(if $(kver),,$(error KDIR=$(KDIR) is no configured kernel tree; Debian has \
	them in linux-headers-VERSION, at /lib/modules/VERSION/build))
else
kdir := $(KERNEL)/headers
endif
suffix := $(if $(KDIR),-$(kver),$(flavour))
moddir := $(build)/module$(suffix)
testdir := $(build)/test-module$(suffix)
acceldir := $(build)/accel$(suffix)

# Programs for another machine than this one are made with its own libraries.
foreign := $(filter-out amd64,$(userland))
runner := $(build)/lab/runner$(foreign:%=-%)
cc-amd64 = $(CC)
cc-i386 = $(CC) -m32 --sysroot=$(build)/sysroot-i386
cc-arm64 = aarch64-linux-gnu-gcc --sysroot=$(build)/sysroot-arm64

.PHONY: help demo check check-guests check-configs check-debug check-selftests
.PHONY: check-all
.PHONY: bench bench-docs mutants unit sanitize fuzz fuzz-guest soak model shell
.PHONY: kubernetes kubernetes-image check-kubernetes packages-kubernetes
.PHONY: module test-module accel user guest kernel
.PHONY: deb deb-kubernetes check-deb rpm check-rpm dist check-abi record-abi
.PHONY: check-rust book picture release install uninstall install-module
.PHONY: uninstall-module
.PHONY: packages-module packages-release packages-abi packages-deb packages-user
.PHONY: packages-guest packages-unit packages-fuzz
.PHONY: clean distclean

help:		## this list
	@awk -F ':[^#]*## *' '/^[a-z-]+:.*## / \
		{ printf "  make %-15s %s\n", $$1, $$2 }' Makefile

demo: guest	## see it work: a virtual machine shows what barlease does
	@lab/run-guest.sh demo

check: guest packages-fuzz packages-unit	## every test, on this host and in the guest (TESTS=a,b: these)
	@lab/check.sh all "$(TESTS)"

check-all:	## all of that on every kernel and machine, one table (ALL="6.12 arm64": these)
	@lab/check-all.sh $(ALL)

check-selftests:	## the kernel's own tests of VFIO, on stock vfio-pci and on this driver
	@$(MAKE) --no-print-directory guest KERNEL=7.3-iommufd
	@KERNEL=$(kernel-7.3-iommufd-amd64-4k) lab/selftests.sh "$(TESTS)"

check-guests: guest	# all of that but what runs on this host
	@lab/check.sh guests "$(TESTS)"

check-configs:	## on PREEMPT_RT, a small kernel, 32 bits (CONFIGS=a,b: these)
	@lab/configs.sh "$(CONFIGS)" "$(TESTS)"

check-debug:	## under KASAN, lockdep, kmemleak, KCSAN and the like (DEBUG=6.12-debug: there)
	@lab/check-debug.sh "$(DEBUG)" "$(TESTS)"

kubernetes: packages-kubernetes	## the device plugin for Kubernetes, in build/kubernetes
	@lab/kubernetes.sh build

kubernetes-image: packages-kubernetes	## its image, as an OCI archive, in build/kubernetes
	@lab/packages.sh buildah
	@lab/kubernetes.sh image

check-kubernetes: guest packages-kubernetes	## its tests, with a kubelet's stand-in, on this host and in the guest
	@lab/packages.sh buildah python3-grpcio python3-yaml
	@lab/kubernetes.sh check

bench: guest	## measure, against stock vfio-pci (ROUNDS=n, BENCH=a,b: these)
	@lab/packages.sh gnuplot-nox jq
	@BARLEASE_ROUNDS="$(ROUNDS)" bench/run.sh "$(BENCH)"

bench-docs:	## put the plots and the table of the last "make bench" into docs/
	@bench/publish.sh

mutants: guest	## break the driver on purpose; tests must notice (MUTANTS="a b")
	@lab/packages.sh patch
	@lab/mutants.sh $(MUTANTS)

unit: user packages-unit $(runner)	## the tests that need no virtual machine
	@lab/check.sh unit

sanitize: packages-user $(runner)	## the same with ASan, UBSan and TSan
	@lab/check.sh sanitize

fuzz: packages-fuzz	## any bytes as messages and configuration (FUZZ_SECONDS=600)
	@FUZZ_SECONDS=$(or $(FUZZ_SECONDS),600) lab/check.sh fuzz

fuzz-guest: guest	## anything a client can do, in the guest (MINUTES=10)
	@BARLEASE_MINUTES=$(or $(MINUTES),10) lab/check.sh guests hostile

soak-minutes = $(shell awk 'BEGIN { print int(60 * $(or $(HOURS),1)) }')
soak: guest	## clients and brokers killed, devices reset, unbound and pulled out (HOURS=1)
	@BARLEASE_MINUTES=$(soak-minutes) lab/check.sh guests broker-chaos,broker-restarts,resources

model:		## faults, revokes, resets and importers, checked exhaustively
	@lab/check.sh model

shell: guest	## a shell in the guest
	@lab/run-guest.sh shell

module: packages-module $(if $(KDIR),,kernel)	## the driver (KDIR=DIR: for that kernel)
	@lab/link-tree.sh module $(moddir)
	+@lab/kbuild.sh $(kdir) $(moddir)

test-module: packages-module $(if $(KDIR),,kernel)	## the tests' own kernel module
	@lab/link-tree.sh tests/module $(testdir)
	+@lab/kbuild.sh $(kdir) $(testdir)
	@mkdir -p $(moddir)
	@ln -sf ../$(notdir $(testdir))/barlease-ptwalk.ko \
		../$(notdir $(testdir))/barlease-importer.ko $(moddir)/

accel: packages-module $(if $(KDIR),,kernel)	## edu-accel, and the build of it with mistakes
	@lab/link-tree.sh accel $(acceldir)
	+@lab/kbuild.sh $(kdir) $(acceldir)
	@lab/link-tree.sh accel $(acceldir)/mistakes
	+@lab/kbuild.sh $(kdir) $(acceldir)/mistakes EDU_ACCEL_MISTAKES=1
	@mkdir -p $(moddir)
	@ln -sf ../$(notdir $(acceldir))/edu-accel.ko \
		../$(notdir $(acceldir))/mistakes/edu-accel-mistakes.ko $(moddir)/

user: packages-user	## userspace and tests, those for the guest staged
	@lab/user.sh

release: packages-release	## userspace as it is installed (PREFIX=/usr/local)
	@lab/release.sh

install: release	## library, broker, tools, man pages (PREFIX, DESTDIR)
	@lab/install.sh install

uninstall:	## remove what "make install" has installed (PREFIX, DESTDIR)
	@lab/install.sh uninstall

# The driver, for the running kernel or KDIR's
ifdef KDIR
install-module: module	## the driver, for the running kernel or KDIR's (DESTDIR)
	@lab/install-module.sh install $(kver) $(moddir)

uninstall-module:	## remove that
	@lab/install-module.sh uninstall $(kver) $(moddir)
else
install-module uninstall-module:
	@$(MAKE) --no-print-directory $@ KDIR=/lib/modules/$$(uname -r)/build
endif

deb: packages-deb	## Debian packages, in build/deb/
	@lab/deb.sh

deb-kubernetes: packages-deb packages-kubernetes	## the same and the device plugin's, in build/kubernetes/deb/
	@DEB_BUILD_PROFILES= lab/deb.sh $(build)/kubernetes/deb

check-deb: deb $(runner)	## them installed, used, upgraded and purged on Debian 12 and 13 (DEBIAN=bookworm: there)
	@lab/check-deb.sh $(DEBIAN)

rpm:		## the same as RPMs, in build/rpm/
	@lab/packages.sh git rpm gcc libc6-dev meson ninja-build pkgconf \
		libjson-c-dev libncurses-dev libpci-dev python3 scdoc
	@lab/rpm.sh

check-rpm: rpm		## them installed, used, upgraded and removed, as far as Debian's rpm can
	@lab/check-rpm.sh

check-abi: packages-abi	## the library and the driver's headers, against those of the last release
	@lab/check-abi.sh

record-abi: packages-abi	# say what these are by now, in lib/abi
	@lab/check-abi.sh record

check-rust: guest	## the library used from Rust, by bindgen, on this host and in the guest
	@lab/packages.sh bindgen rustc libclang-dev
	@lab/check-rust.sh

dist:		## what is committed, as a tarball in build/dist/, the same bytes everywhere
	@lab/packages.sh git xz-utils
	@lab/dist.sh

picture: guest	## docs/img/top.svg, of a screen of "barlease top" in the guest
	@lab/packages.sh python3-pyte
	@lab/picture.sh

book:		## docs/ as a book, in build/book/html/
	@lab/packages.sh python3-sphinx python3-myst-parser
	@lab/book.sh

# All that the guest boots.
guest: kernel module test-module accel user $(runner)
	@lab/fetch-busybox.sh
	@lab/fetch-qemu.sh
	@lab/initramfs.sh

$(runner): lab/runner.c | packages-user
	@mkdir -p $(@D)
	@echo '  CC      lab/$(@F)'
	@$(cc-$(userland)) -O2 -g -Wall -Wextra -static -o $@ $<

kernel: packages-guest
	$(if $(filter $(kernels),$(KERNEL)),@lab/fetch-kernel.sh)

# Of Debian's packages, those that are missing.
compiler-arm64 := gcc-aarch64-linux-gnu
compiler-i386 = lib32gcc-$(shell gcc -dumpversion)-dev
packages-module:
	@lab/packages.sh make gcc libc6-dev libelf-dev $(compiler-$(ARCH))

# No others than Debian know these names.
packages-release:
	@[ -z "$$(command -v dpkg-query)" ] || lab/packages.sh gcc libc6-dev \
		meson ninja-build pkgconf libjson-c-dev libncurses-dev libpci-dev scdoc

packages-abi: packages-release
	@lab/packages.sh abigail-tools libdrm-dev gcc-aarch64-linux-gnu \
		linux-libc-dev-arm64-cross

packages-deb:
	@lab/packages.sh git dpkg-dev debhelper dh-dkms dh-python fakeroot lintian gcc \
		libc6-dev meson ninja-build pkgconf libjson-c-dev libncurses-dev libpci-dev scdoc

packages-user:
	@lab/packages.sh gcc g++ libc6-dev meson ninja-build pkgconf \
		libcmocka-dev libdrm-dev libjson-c-dev libncurses-dev libpci-dev scdoc
ifdef foreign
	@lab/packages.sh $(compiler-$(userland))
	@lab/fetch-sysroot.sh
else
	@lab/packages.sh libc6-dev-i386 lib32gcc-$$(gcc -dumpversion)-dev
endif

# Of Debian, which has gRPC for C++
packages-kubernetes:
	@lab/packages.sh gcc g++ libc6-dev meson ninja-build pkgconf libgrpc++-dev \
		libjson-c-dev libprotobuf-dev protobuf-compiler protobuf-compiler-grpc scdoc

packages-guest:
	@lab/packages.sh cpio kmod xz-utils zstd

# Whose completions are tested, who reads the metrics, and who takes the mutants
packages-unit:
	@lab/packages.sh fish patch zsh python3-prometheus-client

packages-fuzz:
	@lab/packages.sh clang libclang-rt-dev libc6-dev

clean:		## remove what was built, keep what was downloaded
	rm -rf $(build)/module* $(build)/test-module* $(build)/accel* \
		$(build)/user* $(build)/kubernetes $(build)/release* \
		$(build)/deb $(build)/deb-next $(build)/dist \
		$(build)/rpm $(build)/rpm-next $(build)/rpm-root \
		$(build)/abi $(build)/rust \
		$(build)/guest $(build)/guest-* $(build)/lab \
		$(build)/check* $(build)/clients $(build)/noiommu $(build)/weak $(build)/demo \
		$(build)/bench $(build)/bench.json $(build)/model \
		$(build)/results $(build)/selftests/out $(build)/selftests/tree \
		$(build)/mutants $(build)/shell $(build)/book

distclean:	## remove build/
	rm -rf $(build)

-include lint/lint.mk
