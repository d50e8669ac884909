# Pictures in classes that are far from equally frequent: a net is trained, judged, looked at, and makes a submission. Only
# what changed is made again; -j2 works.
#
#	make simpsons TRAIN=train/simpsons_dataset TEST=testset    as the competition has them: a folder of class folders,
#			and a folder of pictures without classes (one folder in it makes none)
#	make simpsons TRAIN=train.csv TEST=test.csv    columns image, label; IMAGE= TARGET= name others. Paths are relative to
#			the folder of their file, or to ROOT=
#	make simpsons                                  Fashion-MNIST, of Debian's dataset-fashion-mnist
#	make simpsons-imbalance TRAIN= TEST=           what each of the tools against imbalance gains, as a table and a picture
#
# In simpsons/: best.model, submission.csv (Id, Expected), scores.txt (accuracy, macro F1, each class), mistakes.png,
# classes.png, confusion.csv and .png, learning.csv and .png. Judged are the rows of TEST= if they have labels, else the rows
# of TRAIN= that were held out (VALID= is their share) to choose the best epoch, so that their scores are a little too good.
# simpsons-imbalance leaves imbalance.txt and .png in simpsons-imbalance/; all tools have the same epochs, which --oversample
# makes longer.
#
# How is in the lines NAME.opts (options of dls-train cnn); say NET= EPOCHS= SIZE= FLOOR= AUGMENT= LEARN= or OUT=folder, or QUICK=1 for a
# look in a minute.
KIND ?= simpsons
OUT ?= $(KIND)
TRAIN ?=
TEST ?=
TARGET ?= label
IMAGE ?= image
VALID ?= 0.1
SEED ?= 1
NET ?= $(if $(QUICK),lenet,simple)
EPOCHS ?= $(if $(QUICK),2,$(if $(TRAIN),30,16))
FLOOR ?= 200
AUGMENT ?= $(if $(TRAIN),standard,flip)
LEARN ?= $(if $(QUICK),,$(if $(TRAIN),--rate 0.004 --smooth 0.1 --average 0.999,--optimizer sgd --rate 0.1 --decay 0.0005))
DRAWS ?= $(if $(QUICK),100,1000)
FASHION ?= /usr/share/datasets/fashion-mnist

ifeq ($(TRAIN)$(filter simpsons-imbalance,$(KIND)),simpsons-imbalance)
$(error make simpsons-imbalance needs TRAIN=: the classes of Fashion-MNIST are equally frequent)
endif

folder = $(wildcard $(1)/.)
# Pictures of a folder come in any size; those of a manifest and of idx stay as they are unless SIZE= says otherwise.
SIZE ?= $(if $(QUICK),28,$(if $(call folder,$(TRAIN)),64))

best.opts = --oversample $(FLOOR) --augment $(AUGMENT) --views 2
none.opts =
oversample.opts = --oversample $(FLOOR)
weights.opts = --class-weight balanced
focal.opts = --loss focal
balance.opts = --balance
augment.opts = --augment $(AUGMENT)
TOOLS = none oversample weights focal balance augment best
usual = cnn --net $(NET) --epochs $(EPOCHS) --shard 32 $(LEARN) $(if $(SIZE),--size $(SIZE))
train = dls-train -q --seed $(SEED) --valid-frac $(VALID) --fold-seed $(SEED) --metric f1:macro --early-stop $(EPOCHS)

# How the pictures of a folder, a manifest or nothing are given to a command: options, and what it reads.
given = $(if $(call folder,$(1)),--image-folder '$(1)',--root '$(or $(ROOT),$(dir $(1)))')
from = $(if $(call folder,$(1)),,< '$(1)')
idx = --idx-labels $(FASHION)/$(1)-labels-idx1-ubyte.gz
pixels = < $(FASHION)/$(1)-images-idx3-ubyte.gz
ifeq ($(TRAIN),)
train_in = $(call idx,train)
train_from = $(call pixels,train)
test_in = $(call idx,t10k)
test_from = $(call pixels,t10k)
labelled = yes
Id = Id=@index
else
train_in = $(call given,$(TRAIN)) $(if $(call folder,$(TRAIN)),,--image $(IMAGE) --target $(TARGET))
train_from = $(call from,$(TRAIN))
test_in = $(call given,$(TEST))
test_from = $(call from,$(TEST))
named = $(shell head -n 1 '$(TEST)' | tr ',\r' '\n\n' | grep -x -e '"*$(TARGET)"*')
labelled = $(if $(TEST),$(if $(call folder,$(TEST)),$(word 2,$(wildcard $(TEST)/*/.)),$(named)))
Id = Id=$(if $(call folder,$(TEST)),image,$(IMAGE))
endif

# What is judged: options and input of dls-predict, and what these rows are.
ifneq ($(labelled),)
judged_in = $(test_in)
judged_from = $(test_from)
judged = the test rows
judged_files = $(OUT)/test.source $(if $(call folder,$(TEST)),,$(TEST))
else
judged_in = --root '$(if $(call folder,$(TRAIN)),$(TRAIN),$(or $(ROOT),$(dir $(TRAIN))))'
judged_from = < $(OUT)/valid.csv
judged = the rows held out of training
judged_files = $(OUT)/valid.csv
endif
train_files = $(OUT)/train.source $(if $(call folder,$(TRAIN)),,$(TRAIN))

products = scores.txt classes.png confusion.png learning.png mistakes.png $(if $(TEST)$(if $(TRAIN),,yes),submission.csv)
simpsons: $(products:%=$(OUT)/%)
	@cat $(OUT)/scores.txt

simpsons-imbalance: $(OUT)/imbalance.txt $(OUT)/imbalance.png
	@cat $(OUT)/imbalance.txt

$(OUT):
	mkdir -p $@

# The names of what was taken: others are taken anew, however old they are.
$(OUT)/train.source: taken = $(TRAIN)
$(OUT)/test.source: taken = $(TEST)
$(OUT)/train.source $(OUT)/test.source: FORCE | $(OUT)
	@$(if $(TRAIN)$(filter %/test.source,$@),,test -e $@ || echo "No TRAIN= given: taking Fashion-MNIST of dataset-fashion-mnist." >&2)
	@echo '$(taken)' | cmp -s - $@ || echo '$(taken)' > $@

# The options of a model as a file that changes only when they do.
$(OUT)/%.opts: FORCE | $(OUT)
	@echo '$(train) $(usual) $($*.opts)' | cmp -s - $@ || echo '$(train) $(usual) $($*.opts)' > $@

$(OUT)/%.model $(OUT)/%.ndjson &: $(OUT)/%.opts $(train_files)
	$(train) --metrics $(OUT)/$*.ndjson -o $(OUT)/$*.model $(train_in) $(usual) $($*.opts) $(train_from)

# The rows that --valid-frac held out.
$(OUT)/valid.csv: $(train_files)
	dls-split -q --frac $(VALID) --seed $(SEED) -o $@ $(if $(call folder,$(TRAIN)),--stratify label --image-folder '$(TRAIN)',--stratify $(TARGET)) $(train_from)

$(OUT)/predictions.csv $(OUT)/mistakes.png &: $(OUT)/best.model $(judged_files)
	dls-predict -q --mistakes $(OUT)/mistakes.png -o $(OUT)/predictions.csv $(judged_in) $< $(judged_from)

# The name of a file without its folders, as competitions want it.
$(OUT)/submission.csv: $(OUT)/best.model $(OUT)/test.source $(if $(call folder,$(TEST)),,$(TEST))
	dls-predict -q --columns $(Id),Expected=prediction -o $@.tmp $(test_in) $< $(test_from)
	sed -e 's|^"[^"]*/|"|' -e 's|^[^",]*/||' $@.tmp > $@ && rm $@.tmp

$(OUT)/scores.txt: $(OUT)/predictions.csv
	@{ echo "On $(judged), with a 95 % interval"; \
	dls-eval --bootstrap $(DRAWS) --digits 4 accuracy f1:macro < $< | awk '$$1 != "metric" { printf "%-9s %s  %s to %s\n", $$1, $$2, $$3, $$4 }'; \
	echo; dls-eval --curve classes < $< | cut -d, -f2- | awk -F, 'NR == 1 { printf "%8s  %9s  %6s  %6s  %s\n", $$(NF-3), $$(NF-2), $$(NF-1), $$NF, "label" } \
		NR > 1 { printf "%8s  %9.4f  %6.4f  %6.4f  %s", $$(NF-3), $$(NF-2), $$(NF-1), $$NF, $$1; for (i = 2; i < NF - 3; i++) printf ",%s", $$i; print "" }'; } > $@

$(OUT)/confusion.csv $(OUT)/confusion.png &: $(OUT)/predictions.csv
	dls-eval --curve confusion --plot $(OUT)/confusion.png -o $(OUT)/confusion.csv < $<

$(OUT)/classes.png: $(OUT)/predictions.csv
	dls-eval --curve classes --plot $@ < $<

$(OUT)/learning.csv $(OUT)/learning.png &: $(OUT)/best.ndjson
	dls-eval --curve learning --plot $(OUT)/learning.png -o $(OUT)/learning.csv < $<

# A line of the table of tools.
$(OUT)/%.tested: $(OUT)/%.model $(judged_files)
	dls-predict -q $(judged_in) $< $(judged_from) | dls-eval --bootstrap $(DRAWS) --digits 4 accuracy f1:macro | \
		awk -v n=$* '$$1 != "metric" { s = s "   " $$2 "  " $$3 " to " $$4 } END { printf "%-10s%s\n", n, s }' > $@

$(OUT)/imbalance.txt: $(TOOLS:%=$(OUT)/%.tested)
	@{ echo "On $(judged), with a 95 % interval; gain is that in macro F1 over none"; \
	echo "tool         accuracy                    macro F1                     gain"; \
	cat $^ | awk 'NR == 1 { none = $$6 } { printf "%s   %+.4f\n", $$0, $$6 - none }'; } > $@

$(OUT)/imbalance.png: $(OUT)/imbalance.txt
	gnuplot -e "out='$@'; table='$<'" scripts/gains.gp

FORCE:
.PHONY: simpsons simpsons-imbalance FORCE
.SECONDARY:
.DELETE_ON_ERROR:
