# Texts of two classes or more, classified in every way that a first course teaches: bag of words, TF-IDF, n-grams of
# characters, naive Bayes, logistic regression, support vector machines, NB-SVM, and their ensemble. Only what changed is
# made again; -j2 works.
#
#	make tweets TRAIN=train.csv TEST=test.csv       columns id, text, label; TARGET= TEXT= ID= name others
#	make reviews TRAIN=train.csv TEST=test.csv      columns id, review, sentiment
#	make tweets, make reviews                       reviews of food, of Debian's r-cran-modeldata
#
# A test file with labels is scored, one without gets a submission. What is learned and how is in the lines NAME.terms
# (options of dls-tfidf) and NAME.opts (family and options of dls-train); say CV=10 or OUT=folder to change those.
KIND ?= tweets
OUT ?= $(KIND)
CV ?= 5
TRAIN ?=
TEST ?=
ifeq ($(TRAIN),)
TARGET ?= score
TEXT ?= review
ID ?= product
else ifeq ($(KIND),tweets)
TARGET ?= label
TEXT ?= text
ID ?= id
else
TARGET ?= sentiment
TEXT ?= review
ID ?= id
endif

TOKENS ?= $(if $(filter tweets,$(KIND)),tweet,word)
MODELS = bow tfidf chars bayes svm nbsvm
bow.terms = --tokens $(TOKENS) --ngrams 1 --no-sublinear --idf none
tfidf.terms = --tokens $(TOKENS) --ngrams 1-2
chars.terms = --tokens char-wb --ngrams 2-5 --min-df 5
bayes.terms = --tokens $(TOKENS) --ngrams 1-2 --binary --idf none --norm none
nbsvm.terms = $(bayes.terms)
svm.terms = $(tfidf.terms)
bow.opts = logistic --l2 1e-5
tfidf.opts = logistic --l2 2e-5
chars.opts = logistic --l2 2e-5
bayes.opts = bayes --kind multinomial
svm.opts = svm --l2 1e-4
nbsvm.opts = logistic --nb-weights --l2 1e-3
blend.opts = stack

train = dls-train -q --target $(TARGET) --id $(ID) --cv $(CV) --metric accuracy
members = $(MODELS:%=$(OUT)/%.model)
everything = $(MODELS) blend
labelled = $(if $(TRAIN),$(if $(TEST),$(shell head -n 1 '$(TEST)' | tr ',\r' '\n\n' | grep -x -e '"*$(TARGET)"*')),yes)

all: $(OUT)/scores.txt $(if $(labelled),$(OUT)/test.txt,$(if $(TEST),$(OUT)/submission.csv)) $(OUT)/scores.png $(OUT)/words.txt
	@cat $(OUT)/scores.txt $(if $(labelled),$(OUT)/test.txt)

$(OUT):
	mkdir -p $@

ifeq ($(TRAIN),)
$(OUT)/train.csv $(OUT)/test.csv: $(OUT)/%.csv: $(OUT)/train.source
	@echo "No TRAIN= given: taking small_fine_foods (4,000 reviews and 1,000 to test) of r-cran-modeldata." >&2
	Rscript -e 'data(small_fine_foods, package = "modeldata"); write.csv($(if $(filter train,$*),training,testing)_data, row.names = FALSE)' > $@.tmp && mv $@.tmp $@
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

# The options of a vectoriser, and of a model, as files that change only when they do.
$(OUT)/%.terms: FORCE | $(OUT)
	@echo '$($*.terms)' | cmp -s - $@ || echo '$($*.terms)' > $@
$(OUT)/%.opts: FORCE | $(OUT)
	@echo '$(train) $($*.opts)' | cmp -s - $@ || echo '$(train) $($*.opts)' > $@

$(OUT)/%.tfidf: $(OUT)/train.csv $(OUT)/%.terms
	dls-tfidf -q --text $(TEXT) -o $@ $($*.terms) < $<

$(members): $(OUT)/%.model: $(OUT)/train.csv $(OUT)/%.tfidf $(OUT)/%.opts
	$(train) --features $(OUT)/$*.tfidf -o $@ $($*.opts) < $<

$(OUT)/blend.model: $(members) $(OUT)/blend.opts
	dls-ensemble -q --metric accuracy -o $@ $(blend.opts) $(members)

$(OUT)/submission.csv: $(OUT)/blend.model $(OUT)/test.csv
	dls-predict -q --columns $(ID),$(TARGET)=prediction -o $@ $< < $(OUT)/test.csv

# A line of the table: mean and deviation over the folds, then all folds as one with a bootstrap interval.
$(OUT)/%.score: $(OUT)/%.model
	{ dls-predict --show $< | jq -r '.metrics.cv | "fold\t\(.mean)\t\(.sd)"'; \
	dls-predict --oof $< | dls-eval --bootstrap 1000 accuracy; } | awk -v n=$* ' \
		$$1 == "fold" { mean = $$2; sd = $$3 } \
		$$1 == "accuracy" { printf "%-6s  %.4f  %.4f    %.4f  %.4f to %.4f\n", n, mean, sd, $$2, $$3, $$4 }' > $@

$(OUT)/scores.txt: $(everything:%=$(OUT)/%.score)
	@{ echo "Accuracy of $(CV)-fold cross-validation: by fold, and of all rows with a 95 % interval"; \
	echo "model   mean    sd        all     interval"; cat $^; } > $@

$(OUT)/%.tested: $(OUT)/%.model $(OUT)/test.csv
	dls-predict -q $< < $(OUT)/test.csv | dls-eval --bootstrap 1000 accuracy | \
		awk -v n=$* '$$1 == "accuracy" { printf "%-6s  %.4f  %.4f to %.4f\n", n, $$2, $$3, $$4 }' > $@

$(OUT)/test.txt: $(everything:%=$(OUT)/%.tested)
	@{ echo "On the test rows"; cat $^; } > $@

# The words that speak most for each class.
$(OUT)/words.txt: $(OUT)/tfidf.model
	dls-predict --show $< | jq -r '.model.strongest | to_entries[] | "\(.key): \(.value | keys_unsorted | map(sub("^[^=]*="; "")) | join(", "))"' > $@

$(OUT)/scores.png: $(OUT)/scores.txt
	gnuplot -e "out='$@'; table='$<'" scripts/scores.gp

FORCE:
.PHONY: all FORCE
.SECONDARY:
.DELETE_ON_ERROR:
