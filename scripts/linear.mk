# The homework on linear models: solvers of one's own beside good ones, and what L1 and L2 do along the path.
#
#	make linear TRAIN=train.csv TARGET=Churn      any table with two classes
#	make linear                                   the public Telco table, as make churn takes it
#
# Makes, in linear/: solvers.txt (objective, iterations and cross-validated AUC of each solver), descent.png (the
# loss over the epochs of gradient descent and SGD under each schedule), path-l1.png and path-l2.png (each
# coefficient along the path of penalties, and the chosen penalty).
OUT ?= linear
TRAIN ?=
ifeq ($(TRAIN),)
table = churn/train.csv
TARGET ?= churn
else
table = $(TRAIN)
TARGET ?= Churn
endif
PENALTY = --l2 0.001

SOLVERS = newton lbfgs cd gd sgd-constant sgd-inv sgd-sqrt sgd-cosine
newton.opts = --solver newton
lbfgs.opts = --solver lbfgs
cd.opts = --solver cd
gd.opts = --solver gd --iterations 60
sgd-constant.opts = --solver sgd --iterations 60
sgd-inv.opts = --solver sgd --iterations 60 --schedule inv
sgd-sqrt.opts = --solver sgd --iterations 60 --schedule sqrt
sgd-cosine.opts = --solver sgd --iterations 60 --schedule cosine
DESCENTS = $(filter gd sgd-%,$(SOLVERS))

all: $(OUT)/solvers.txt $(OUT)/descent.png $(OUT)/path-l1.png $(OUT)/path-l2.png
	@cat $<

$(OUT):
	mkdir -p $@

churn/train.csv:
	$(MAKE) -f scripts/churn.mk $@

$(SOLVERS:%=$(OUT)/%.model): $(OUT)/%.model: $(table) | $(OUT)
	dls-train -q --target $(TARGET) --cv 5 -o $@ logistic $(PENALTY) $($*.opts) < $<

# The loss of each epoch of a single fit: round, loss.
$(OUT)/%.loss: $(table) | $(OUT)
	dls-train -q --target $(TARGET) --metrics $@.json -o /dev/null logistic $(PENALTY) $($*.opts) < $<
	jq -r '[.round, .train_loss] | @tsv' $@.json > $@

$(OUT)/solvers.txt: $(SOLVERS:%=$(OUT)/%.model)
	@{ printf '%-14s %-12s %10s %s\n' solver objective iterations 'AUC (5 folds)'; \
	for s in $(SOLVERS); do \
		dls-predict --show $(OUT)/$$s.model | \
		jq -r --arg s $$s '[$$s, .model.objective_value, .model.iterations, .metrics.cv.mean] | @tsv' | \
		awk -F '\t' '{ printf "%-14s %-12.8f %10d %.5f\n", $$1, $$2, $$3, $$4 }'; \
	done; } > $@

$(OUT)/descent.png: $(DESCENTS:%=$(OUT)/%.loss) $(OUT)/newton.model
	gnuplot -e "out='$@'; dir='$(OUT)'; solvers='$(DESCENTS)'; \
		best=$$(dls-predict --show $(OUT)/newton.model | jq .model.objective_value)" scripts/descent.gp

# The path as a table: lambda, the loss of cross-validation, and each coefficient.
$(OUT)/l1.path: mix = 1
$(OUT)/l2.path: mix = 0
$(OUT)/%.path: $(table) | $(OUT)
	dls-train -q --target $(TARGET) -o $@.model logistic --path 60 --mix $(mix) < $<
	dls-predict --show $@.model | jq -r -f scripts/path.jq > $@.tmp
	mv $@.tmp $@

$(OUT)/path-%.png: $(OUT)/%.path
	gnuplot -e "out='$@'; csv='$<'; name='$*'" scripts/path.gp

.PHONY: all
.SECONDARY:
.DELETE_ON_ERROR:
