# SPDX-License-Identifier: MIT
# "make lint" runs every linter, "make lint-NAME" one. "make -k lint" goes on
# after the first that finds something.

lints := spdx shell book checkpatch gcc tidy module-warnings sparse

.PHONY: lint $(lints:%=lint-%)

lint: $(lints:%=lint-%)

$(lints:%=lint-%): lint-%:
	@KDIR='$(KDIR)' lint/$*.sh

lint-gcc lint-tidy: user
lint-module-warnings lint-sparse: $(if $(KDIR),,kernel)
