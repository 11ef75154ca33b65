# SPDX-License-Identifier: GPL-2.0
# What builds the module is in Kbuild; here is what people type.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
DESTDIR ?=
# Where in the kernel's directory of modules
INSTALL_MOD_DIR ?= updates

version := $(shell sed -n 's/^\#define VMAINFO_RELEASE "\(.*\)"$$/\1/p' include/version.h)
# A module wants the compiler of its kernel, and kbuild does not look which one it was.
# LLVM=-18 or CC=... on the command line choose another one.
built_by_clang := $(shell grep -hsx CONFIG_CC_IS_CLANG=y $(KDIR)/.config $(KDIR)/include/config/auto.conf)
ifneq ($(built_by_clang),)
LLVM ?= 1
export LLVM
endif

# What /lib/modules/RELEASE is called. Without headers, the path KDIR says it.
release = $(if $(wildcard $(KDIR)/Makefile),$(shell \
	$(MAKE) -s --no-print-directory -C $(KDIR) kernelrelease),$(or \
	$(notdir $(patsubst %/build,%,$(filter %/build,$(KDIR)))),$(error \
	There are no kernel headers in $(KDIR): name the kernel by KDIR=/lib/modules/RELEASE/build)))
mod_path = $(if $(DESTDIR),INSTALL_MOD_PATH=$(abspath $(DESTDIR)))

all: modules

## make                build vmainfo.ko for the running kernel, or for KDIR=...
modules: $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

$(KDIR)/Makefile:
	@echo >&2 "There are no kernel headers in $(KDIR)."
	@echo >&2 "Install them (on Debian: apt-get install linux-headers-$$(uname -r)), or name"
	@echo >&2 "others: make KDIR=/path/to/headers. For a try in QEMU: make demo."
	@exit 1

## make install        install it there, and run depmod; DESTDIR=... goes in front.
##                     SIGN_KEY=FILE SIGN_CERT=FILE sign it, see docs/CONTRIBUTING.md
install: modules sign
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(mod_path) INSTALL_MOD_DIR=$(INSTALL_MOD_DIR) \
		$(own_signature) modules_install
	$(call depmod)

# kbuild signs with the key that the kernel was built with, which is nowhere but there.
own_signature = $(if $(SIGN_KEY)$(if $(wildcard $(KDIR)/certs/signing_key.pem),,none),CONFIG_MODULE_SIG_ALL=)

# kbuild's own depmod asks for a System.map beside the module, and is left out without.
depmod = depmod $(if $(DESTDIR),-b $(abspath $(DESTDIR))) $(release)

sign: modules
	$(if $(SIGN_KEY)$(SIGN_CERT),$(sign_it))

sign_hash = $(or $(shell sed -n 's/^CONFIG_MODULE_SIG_HASH="\(.*\)"/\1/p' $(KDIR)/.config),sha256)
define sign_it
$(if $(and $(SIGN_KEY),$(SIGN_CERT)),,$(error SIGN_KEY=FILE and SIGN_CERT=FILE belong together))
@test -x $(KDIR)/scripts/sign-file || \
	{ echo >&2 "There is no $(KDIR)/scripts/sign-file: that kernel signs no modules."; exit 1; }
tail -c 28 vmainfo.ko | grep -q '^~Module signature appended~$$' || \
	$(KDIR)/scripts/sign-file $(sign_hash) $(SIGN_KEY) $(SIGN_CERT) vmainfo.ko
endef

## make tools          build the program vmainfo, see tools/Makefile
tools:
	$(MAKE) -C tools

## make install-tools  install it, its man pages, completion and header, below PREFIX=...
##                     (/usr/local); DESTDIR=... goes in front
install-tools: tools
	$(MAKE) -C tools install DESTDIR=$(abspath $(DESTDIR)) PREFIX=$(PREFIX)

## make uninstall      remove what both have installed, with the same variables
uninstall: modules_dir = $(DESTDIR)/lib/modules/$(release)
uninstall:
	rm -f $(modules_dir)/$(INSTALL_MOD_DIR)/vmainfo.ko*
	$(if $(wildcard $(modules_dir)/.),$(call depmod))
	$(MAKE) -C tools uninstall DESTDIR=$(abspath $(DESTDIR)) PREFIX=$(PREFIX)

## make clean          remove what a build leaves; the kernels' build roots in
##                     ~/.cache/vmainfo stay
clean:
	rm -rf build
	rm -f *.o *.ko *.mod *.mod.c .*.cmd .module-common.o Module.symvers modules.order
	$(MAKE) -C tools clean

## make dist           build/vmainfo-VERSION.tar.gz of what is committed
DIST ?= HEAD
dist_file = build/vmainfo-$(version).tar
dist:
	@git rev-parse --quiet --verify '$(DIST)^{commit}' >/dev/null || \
		{ echo >&2 "make dist needs git, and the commit $(DIST) of a clone: see above."; exit 1; }
	@[ $(DIST) != HEAD ] || git diff --quiet HEAD || { echo >&2 "There are changes that are not committed."; exit 1; }
	mkdir -p build
	rm -f $(dist_file).gz
	git archive --format=tar --prefix=vmainfo-$(version)/ -o $(dist_file) $(DIST)
	gzip -9n $(dist_file)
	@echo $(dist_file).gz

# What the scripts need on this machine
deps:
	scripts/deps

## make demo           show it in QEMU: a real process, its VMAs, its maps
demo: deps
	scripts/demo

## make check          the tests of the program, and those of the module on a stable
##                     kernel (all) and on the oldest and the newest one (some), in
##                     QEMU; KERNELS="..." for those of the module alone, on others
check: deps
	scripts/check -q

## make check-all      the tests that scripts/kernels names for each kernel, and those of
##                     the program, its page, other programs, packages and scripts;
##                     this builds the debug kernels; ALL=1 adds those of other
##                     architectures and configurations; KERNELS="..." for those of
##                     the module alone, on some
check-all: deps
	scripts/check

## make check-package  the tests of what is installed: DKMS, Debian packages, make dist,
##                     in-tree and clang builds
check-package: deps
	scripts/check package

## make soak           the tests that try to break it, for MINUTES=n on each debug
##                     kernel or of KERNELS="..."; prints a SEED=s and takes it
soak:
	$(if $(MINUTES),,$(error MINUTES=n is wanted: how long))
	scripts/deps
	scripts/check -m $(MINUTES) $(if $(SEED),-s $(SEED))

## make bench          what listing costs, beside the other ways to do it, in QEMU;
##                     KERNELS="..." for some; fails if it has become worse
bench: deps
	scripts/bench $(patsubst %,-k %,$(KERNELS))

## make bench-native   how long it takes by the clock, in user-mode Linux; this builds
##                     such a kernel, once; KERNELS="uml uml-7" for both
bench-native: deps
	scripts/bench-native $(patsubst %,-k %,$(KERNELS))

## make lint           checkpatch, sparse, W=1, shellcheck; KERNELS="..." to compile for
##                     some kernels only
lint: deps
	scripts/lint

help:
	@sed -n 's/^## //p' Makefile

.PHONY: all modules install sign tools install-tools uninstall clean dist deps demo check \
	check-all check-package soak bench bench-native lint help
