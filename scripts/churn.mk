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
# The options of each model: those before FAMILY derive columns, those after it are the family's.
logit.opts = logistic --knots 8
rf1.opts = forest --criterion entropy --min-leaf 24 --cols 0.4 --rows 0.5 --bins 32
rf2.opts = forest --extra --min-leaf 16 --cols 0.6 --rows 0.7 --bins 32
gb1.opts = boost --grow symmetric --depth 2 --trees 500 --rate 0.02 --rows 0.3 --cols 0.5 --min-leaf 10 --bins 64
gb2.opts = boost --grow leaf --leaves 4 --trees 270 --rate 0.03 --rows 0.8 --cols 0.7 --l2 10 --bins 64
gb3.opts = boost --grow depth --depth 2 --trees 450 --rate 0.03 --goss-top 0.3 --goss-rest 0.2 --cols 0.5 --l2 30 --bins 64
gb4.opts = boost --leaves 4 --trees 120 --rate 0.2 --dart 0.02 --dart-skip 0 --rows 0.5 --min-leaf 80 --l2 30 --bins 32
blend.opts = stack

train = dls-train -q --target $(TARGET) --positive $(POSITIVE) --cv $(CV)
members = $(MODELS:%=$(OUT)/%.model)
everything = $(MODELS) blend

tables = $(OUT)/scores.txt $(if $(TRAIN),,$(OUT)/test.txt)

# A submission when there are rows to predict.
submission = $(if $(TRAIN),$(if $(TEST),$(OUT)/submission.csv),$(OUT)/submission.csv)

all: $(tables) $(submission) $(OUT)/roc.png $(OUT)/importance.png
	@cat $(tables)

$(OUT):
	mkdir -p $@

ifeq ($(TRAIN),)
$(OUT)/telco.csv: $(OUT)/train.source
	@echo "No TRAIN= given: taking the public Telco table (7,043 rows) of r-cran-modeldata; a quarter of it is the test." >&2
	Rscript -e 'data(wa_churn, package = "modeldata"); write.csv(wa_churn, row.names = FALSE)' > $@.tmp && mv $@.tmp $@
$(OUT)/train.csv: $(OUT)/telco.csv
	dls-split --frac 0.25 --stratify churn --rest -o $@ < $<
$(OUT)/test.csv: $(OUT)/telco.csv
	dls-split --frac 0.25 --stratify churn -o $@ < $<
else
$(OUT)/train.csv: $(TRAIN) $(OUT)/train.source
	cp $< $@
$(OUT)/test.csv: $(TEST) $(OUT)/test.source
	cp $< $@
endif

# The names of the files that were taken: others are taken anew, however old they are.
$(OUT)/train.source: taken = $(TRAIN)
$(OUT)/test.source: taken = $(TEST)
$(OUT)/train.source $(OUT)/test.source: FORCE | $(OUT)
	@echo '$(taken)' | cmp -s - $@ || echo '$(taken)' > $@

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

# A line of the table: mean and deviation over the folds, then all folds as one with a bootstrap interval.
$(OUT)/%.score: $(OUT)/%.oof.csv
	{ dls-predict --show $(OUT)/$*.model | jq -r '.metrics.cv | "fold\t\(.mean)\t\(.sd)"'; \
	dls-eval --positive $(POSITIVE) --bootstrap 1000 auc < $<; } | awk -v n=$* ' \
		$$1 == "fold" { mean = $$2; sd = $$3 } \
		$$1 == "auc" { printf "%-6s  %.4f  %.4f    %.4f  %.4f to %.4f\n", n, mean, sd, $$2, $$3, $$4 }' > $@

$(OUT)/scores.txt: $(everything:%=$(OUT)/%.score)
	@{ echo "AUC of $(CV)-fold cross-validation: by fold, and of all rows with a 95 % interval"; \
	echo "model   mean    sd        all     interval"; cat $^; } > $@

# The public table knows the answers of its test rows.
$(OUT)/test.txt: $(OUT)/blend.model $(OUT)/test.csv
	dls-predict -q $< < $(OUT)/test.csv | dls-eval --positive $(POSITIVE) --bootstrap 1000 auc | \
		awk '$$1 == "auc" { printf "blend on the test rows: %.4f, %.4f to %.4f\n", $$2, $$3, $$4 }' > $@

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
