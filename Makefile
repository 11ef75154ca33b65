# SPDX-License-Identifier: GPL-2.0
# What builds the module is in Kbuild; here is what people type.

KDIR ?= /lib/modules/$(shell uname -r)/build

all: modules

## make                build vmainfo.ko for the running kernel, or for KDIR=...
modules: $(KDIR)/Makefile
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

$(KDIR)/Makefile:
	@echo >&2 "There are no kernel headers in $(KDIR)."
	@echo >&2 "Install them (on Debian: apt-get install linux-headers-$$(uname -r)), or name"
	@echo >&2 "others: make KDIR=/path/to/headers. For a try in QEMU: make demo."
	@exit 1

## make install        install it there, and run depmod
install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules_install

## make clean          remove what a build leaves; the kernels' build roots in
##                     ~/.cache/vmainfo stay
clean:
	rm -rf build
	rm -f *.o *.ko *.mod *.mod.c .*.cmd .module-common.o Module.symvers modules.order

## make demo           show it in QEMU: a real process, its VMAs, its maps
demo:
	scripts/deps
	scripts/demo

## make check          all tests on all kernels, in QEMU; KERNELS="..." for some
check:
	scripts/deps
	scripts/check

## make soak           the tests that try to break it, for MINUTES=n on each debug
##                     kernel or of KERNELS="..."; prints a SEED=s and takes it
soak:
	$(if $(MINUTES),,$(error MINUTES=n is wanted: how long))
	scripts/deps
	scripts/check -m $(MINUTES) $(if $(SEED),-s $(SEED))

## make bench          what listing costs, beside the other ways to do it, in QEMU;
##                     KERNELS="..." for some
bench:
	scripts/deps
	scripts/bench $(patsubst %,-k %,$(KERNELS))

## make lint           checkpatch, sparse, W=1, shellcheck
lint:
	scripts/deps
	scripts/lint

help:
	@sed -n 's/^## //p' Makefile

.PHONY: all modules install clean demo check soak bench lint help
