# dls: build, test, install.
#
#   make              the commands, into build/ (V=1 shows how)
#   make check        unit, contract, cli, manual and golden tests (under a minute)
#   make check-asan   the same under the address and undefined-behaviour sanitizers
#   make lint         floors, manuals, cppcheck, shellcheck, warnings as errors
#   make bench        speed, memory and quality, side by side with installed peers; make bench-quick takes two minutes
#   make fuzz         a minute of fuzzing for each parser (clang)
#   make churn        the churn experiment (TRAIN= TEST= for the competition's files)
#   make linear      the homework on linear models (TRAIN= TARGET=)
#   make tweets      tweets classified in every way (TRAIN= TEST=); make reviews: longer texts
#   make simpsons     pictures in classes (TRAIN= TEST=); make simpsons-imbalance: what tools against imbalance gain
#   make manuals      puts the option tables into man/
#   make install      PREFIX=/usr/local, DESTDIR=
PREFIX ?= /usr/local
BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man
COMPDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
B ?= build
ifeq ($(origin CC),default)
CC = gcc
endif
V ?=
Q = $(if $(V),,@)
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
STD = -std=c11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -fno-trapping-math -MMD -MP
LIBS = -lcsv -lcjson -lz -lzstd -lxxhash -lutf8proc -lstemmer -lturbojpeg -lpng16 -ldnnl -lgomp -lpthread -lm
CHECKLIBS = -lcheck -lsubunit -lrt

# Nets are built twice: in float with oneDNN, for use, and in double with naive kernels, for tests.
F64_SRC := $(sort $(filter-out $(addprefix lib/nn/,dnnl.c tile.c tileweights.c micro.c),$(wildcard lib/nn/*.c lib/nn/*/*.c)))
LIB_SRC := $(filter-out lib/nn/naive.c,$(sort $(wildcard lib/*/*.c lib/*/*/*.c)))
CMD_SRC := $(sort $(wildcard cmd/dls-*.c))
CASE_SRC := $(wildcard tests/unit/nn/cases*.c)
UNIT_SRC := $(filter-out $(CASE_SRC),$(sort $(wildcard tests/unit/*/*.c tests/unit/*/*/*.c tests/contract/*.c)))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
CASE_OBJ := $(CASE_SRC:%.c=$(B)/%.o)
F64_OBJ := $(F64_SRC:%.c=$(B)/f64/%.o) $(CASE_SRC:%.c=$(B)/f64/%.o)
CMDS := $(CMD_SRC:cmd/%.c=$(B)/%)
UNITS := $(UNIT_SRC:tests/%.c=$(B)/tests/run/%)
MAN1 := $(CMD_SRC:cmd/%.c=man/%.1)

all: $(CMDS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "CC $<")
	$(Q)$(CC) $(STD) $(CFLAGS) $(WARN) $(WERROR) -Ilib -Itests/unit -c $< -o $@

$(B)/f64/%.o: %.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "CC $< (double)")
	$(Q)$(CC) $(STD) $(CFLAGS) $(WARN) $(WERROR) -DNN_REAL=double -Ilib -Itests/unit -c $< -o $@

# All of it in double as one object, in which a function f is called f_f64, so that a test can hold both.
$(B)/f64/nn.o: $(F64_OBJ)
	$(Q)$(LD) -r $^ -o $@.joined
	$(Q)nm -g --defined-only $@.joined | awk '{ print $$3, $$3 "_f64" }' >$@.names
	$(Q)objcopy --redefine-syms=$@.names $@.joined $@

$(B)/libdls.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(B)/dls-%: $(B)/cmd/dls-%.o $(B)/libdls.a
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) $^ -Wl,--as-needed $(LIBS) -o $@

# Unit tests mirror lib/: one Check program a file; those of nets hold the cases (cases*.c) and the nets twice.
LINK_UNIT = $(CC) $(CFLAGS) $(LDFLAGS) $^ $(CHECKLIBS) -Wl,--as-needed $(LIBS) -o $@
$(B)/tests/run/%: $(B)/tests/%.o $(B)/libdls.a
	@mkdir -p $(@D)
	$(Q)$(LINK_UNIT)

$(filter $(B)/tests/run/unit/nn/%,$(UNITS)): $(B)/tests/run/%: $(B)/tests/%.o $(CASE_OBJ) $(B)/f64/nn.o $(B)/libdls.a
	@mkdir -p $(@D)
	$(Q)$(LINK_UNIT)

units: $(UNITS)

check: all units
	sh tests/run.sh $(B)

SAN = -fsanitize=address,undefined -fno-sanitize-recover=all
check-asan:
	$(MAKE) B=$(B)/asan CFLAGS="-O1 -g -fno-omit-frame-pointer $(SAN)" WERROR=$(WERROR) all units
	CK_FORK=yes CK_TIMEOUT_MULTIPLIER=10 sh tests/run.sh $(B)/asan

# What cppcheck gets wrong here: that die() does not return, and what opt_defaults() sets.
QUIET = missingIncludeSystem ctuuninitvar ctunullpointer invalidPointerCast va_end_missing uninitvar shiftNegativeLHS \
	invalidFunctionArg nullPointerRedundantCheck nullPointerArithmeticRedundantCheck integerOverflowCond autoVariables
lint:
	sh scripts/floors
	$(MAKE) B=$(B)/lint CFLAGS="-O1" WERROR=-Werror all units
	PATH="$(CURDIR)/$(B)/lint:$$PATH" sh scripts/manuals --check
	mandoc -Tlint -Wwarning man/*.[157]
	shellcheck -s sh -S warning -e SC1090,SC1091,SC2034,SC2044,SC2154 tests/*.sh tests/*/*.sh scripts/setup scripts/floors scripts/manuals
	cppcheck -q --std=c11 --error-exitcode=1 --enable=warning,performance,portability $(QUIET:%=--suppress=%) -Ilib lib cmd

manuals: all
	PATH="$(CURDIR)/$(B):$$PATH" sh scripts/manuals

$(B)/bench/%: $(B)/tests/bench/%.o $(B)/libdls.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -Wl,--as-needed $(LIBS) -o $@

bench-quick:
	RUNS=1 RUNS_CONTEST=1 ROWS=20000 MB=20 $(MAKE) bench BENCHES='cold contest reading stream'

BENCHES = $(patsubst tests/bench/%.sh,%,$(filter-out tests/bench/lib.sh,$(wildcard tests/bench/*.sh)))
bench: all $(B)/bench/read $(B)/bench/table $(B)/bench/tfidf $(B)/bench/kernel $(B)/bench/net
	@for b in $(BENCHES); do echo "== $$b"; PATH="$(CURDIR)/$(B):$$PATH" sh tests/bench/$$b.sh || exit 1; done

fuzz:
	sh tests/fuzz/run.sh $(B)/fuzz

linear: all
	PATH="$(CURDIR)/$(B):$$PATH" $(MAKE) -f scripts/linear.mk

churn: all
	PATH="$(CURDIR)/$(B):$$PATH" $(MAKE) -f scripts/churn.mk

tweets reviews: all
	PATH="$(CURDIR)/$(B):$$PATH" $(MAKE) -f scripts/texts.mk KIND=$@

simpsons simpsons-imbalance: all
	PATH="$(CURDIR)/$(B):$$PATH" $(MAKE) -f scripts/simpsons.mk KIND=$@ $@

install: all
	install -d $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(MANDIR)/man7 $(COMPDIR)
	install -m 755 $(CMDS) $(BINDIR)
	install -m 644 $(MAN1) $(MANDIR)/man1
	install -m 644 man/dls-model.5 $(MANDIR)/man5
	install -m 644 man/dls-families.7 $(MANDIR)/man7
	install -m 644 scripts/completion.bash $(COMPDIR)/dls-train
	for c in $(filter-out dls-train,$(notdir $(CMDS))); do ln -sf dls-train $(COMPDIR)/$$c; done

uninstall:
	for c in $(notdir $(CMDS)); do rm -f $(BINDIR)/$$c $(MANDIR)/man1/$$c.1 $(COMPDIR)/$$c; done
	rm -f $(MANDIR)/man5/dls-model.5 $(MANDIR)/man7/dls-families.7

clean:
	rm -rf $(B)

.PHONY: all units check check-asan lint manuals bench bench-quick fuzz churn linear tweets reviews simpsons simpsons-imbalance install uninstall clean
.SECONDARY:
-include $(LIB_OBJ:.o=.d) $(F64_OBJ:.o=.d) $(CASE_OBJ:.o=.d) $(CMD_SRC:%.c=$(B)/%.d) $(UNIT_SRC:%.c=$(B)/%.d)
