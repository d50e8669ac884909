# glmnet's part of linear.txt: NAME LOSS L1 L2 K, then K rows of intercept and
# coefficients. For gaussian, glmnet scales its ridge part by the deviation of
# the target: l2 = lambda (1 - alpha) / sd(y).
suppressMessages(library(glmnet))
glmnet.control(fdev = 0, devmax = 1)
a <- as.matrix(read.table(commandArgs(TRUE)[1]))
x <- a[, 1:5]
say <- function(name, loss, l1, l2, b) {
	cat(name, loss, format(l1, digits = 17), format(l2, digits = 17), nrow(b), "\n")
	for (k in seq_len(nrow(b))) cat(format(b[k, ], digits = 17), "\n")
}
one <- function(name, loss, y, family, lambda, alpha) {
	path <- lambda * c(8, 4, 2, 1)
	m <- glmnet(x, y, family = family, lambda = path, alpha = alpha, thresh = 1e-22, maxit = 1e8)
	b <- if (is.list(m$beta)) t(sapply(coef(m, s = lambda), as.matrix)) else t(as.matrix(coef(m, s = lambda)))
	scale <- if (family == "gaussian") sqrt(mean((y - mean(y))^2)) else 1
	say(name, loss, lambda * alpha, lambda * (1 - alpha) / scale, b)
}
one("glmnet_lasso", "squared", a[, 6], "gaussian", 0.1, 1)
one("glmnet_enet", "squared", a[, 6], "gaussian", 0.2, 0.4)
one("glmnet_logit", "logistic", a[, 7], "binomial", 0.02, 1)
one("glmnet_logit_enet", "logistic", a[, 7], "binomial", 0.05, 0.5)
one("glmnet_poisson", "poisson", a[, 9], "poisson", 0.05, 1)
one("glmnet_softmax", "softmax", a[, 8], "multinomial", 0.02, 1)
