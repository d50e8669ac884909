# The churn experiment: seven models with out-of-fold predictions, their ensemble, a submission, a table and
# pictures. Only what changed is made again; a changed option makes its model again; -j2 works.
#
#	make churn TRAIN=train.csv TEST=test.csv        the competition's files
#	make churn                                      the public Telco table of Debian's r-cran-modeldata, split here
#
# What is learned and how is in the lines NAME.opts below; say CV=10 or OUT=folder to change those.
OUT ?= churn
CV ?= 5
TRAIN ?=
TEST ?=
ifeq ($(TRAIN),)
TARGET ?= churn
POSITIVE ?= Yes
else
TARGET ?= Churn
POSITIVE ?= 1
endif

MODELS = logit rf1 rf2 gb1 gb2 gb3 gb4
logit.opts = logistic
rf1.opts = forest
rf2.opts = forest --extra
gb1.opts = boost
gb2.opts = boost --depth 3
gb3.opts = boost --grow symmetric
gb4.opts = boost --goss
blend.opts = stack

train = dls-train -q --target $(TARGET) --positive $(POSITIVE) --cv $(CV)
members = $(MODELS:%=$(OUT)/%.model)
everything = $(MODELS) blend

all: $(OUT)/scores.txt $(OUT)/submission.csv $(OUT)/roc.png $(OUT)/importance.png
	@cat $(OUT)/scores.txt

$(OUT):
	mkdir -p $@

ifeq ($(TRAIN),)
$(OUT)/telco.csv: | $(OUT)
	@echo "No TRAIN= given: taking the public Telco table (7,043 rows) of r-cran-modeldata; a quarter of it is the test." >&2
	Rscript -e 'data(wa_churn, package = "modeldata"); write.csv(wa_churn, row.names = FALSE)' > $@.tmp && mv $@.tmp $@
$(OUT)/train.csv: $(OUT)/telco.csv
	dls-split --frac 0.25 --stratify churn --rest -o $@ < $<
$(OUT)/test.csv: $(OUT)/telco.csv
	dls-split --frac 0.25 --stratify churn -o $@ < $<
else
$(OUT)/train.csv: $(TRAIN) | $(OUT)
	cp $< $@
$(OUT)/test.csv: $(TEST) | $(OUT)
	cp $< $@
endif

# The options of a model as a file that changes only when they do.
$(OUT)/%.opts: FORCE | $(OUT)
	@echo '$(train) $($*.opts)' | cmp -s - $@ || echo '$(train) $($*.opts)' > $@

$(members): $(OUT)/%.model: $(OUT)/train.csv $(OUT)/%.opts
	$(train) -o $@ $($*.opts) < $<

$(OUT)/blend.model: $(members) $(OUT)/blend.opts
	dls-ensemble -q -o $@ $(blend.opts) $(members)

$(OUT)/submission.csv: $(OUT)/blend.model $(OUT)/test.csv
	dls-predict -q --columns Id=@index,Churn=p:$(POSITIVE) -o $@ $< < $(OUT)/test.csv

$(OUT)/%.oof.csv: $(OUT)/%.model
	dls-predict --oof -o $@ $<

$(OUT)/%.score: $(OUT)/%.oof.csv
	dls-eval --positive $(POSITIVE) --bootstrap 1000 auc < $< | awk -v n=$* '$$1 == "auc" { printf "%-6s %.4f  %.4f to %.4f\n", n, $$2, $$3, $$4 }' > $@

$(OUT)/scores.txt: $(everything:%=$(OUT)/%.score)
	@{ echo "model  AUC     95 % interval, $(CV)-fold cross-validation"; cat $^; } > $@

$(OUT)/%.roc.csv: $(OUT)/%.oof.csv
	dls-eval --positive $(POSITIVE) --curve roc -o $@ < $<

$(OUT)/roc.png: $(everything:%=$(OUT)/%.roc.csv)
	gnuplot -e "out='$@'; dir='$(OUT)'; models='$(everything)'" scripts/roc.gp

$(OUT)/importance.csv: $(OUT)/blend.model $(OUT)/train.csv
	dls-predict --importance permutation -o $@ $< < $(OUT)/train.csv

$(OUT)/importance.png: $(OUT)/importance.csv
	gnuplot -e "out='$@'; csv='$<'" scripts/importance.gp

FORCE:
.PHONY: all FORCE
.SECONDARY:
.DELETE_ON_ERROR:
