# dls: build, test, install. `make help` lists the targets.
PREFIX ?= /usr/local
B ?= build
CC ?= gcc
CFLAGS ?= -O2 -g
WARN = -Wall -Wextra -Wconversion -Wshadow -Wvla -Wstrict-prototypes -Wmissing-prototypes
STD = -std=c11 -D_GNU_SOURCE -ffp-contract=off -fno-math-errno -fno-trapping-math -MMD -MP
LIBS = -lcsv -lcjson -lz -lzstd -lxxhash -lpthread -lm

LIB_SRC := $(sort $(wildcard lib/*/*.c lib/*/*/*.c))
CMD_SRC := $(sort $(wildcard cmd/dls-*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/*/*.c))
LIB_OBJ := $(LIB_SRC:%.c=$(B)/%.o)
CMDS := $(CMD_SRC:cmd/%.c=$(B)/%)

all: $(CMDS)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(CFLAGS) $(WARN) $(WERROR) -Ilib -Itests/unit -c $< -o $@

$(B)/libdls.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(B)/dls-%: $(B)/cmd/dls-%.o $(B)/libdls.a
	$(CC) $(CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

# Unit tests mirror lib/: one Check program a file, tests/unit/FLOOR/X.c.
$(B)/unit/%: $(B)/tests/unit/%.o $(B)/libdls.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) $^ -lcheck -lsubunit -lrt $(LIBS) -o $@

units: $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)

clean:
	rm -rf $(B)

.PHONY: all units clean
.SECONDARY:
-include $(shell find $(B) -name '*.d' 2>/dev/null)
