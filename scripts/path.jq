# The path in a model, as a table: lambda, the loss of cross-validation, whether chosen, each coefficient but those
# of missing values, which few rows have.
.model.path
| map(.coefficients |= with_entries(select(.key | endswith("(missing)") | not)))
| ["lambda", "cv", "chosen", (.[0].coefficients | keys_unsorted[])],
  (.[] | [.lambda, .cv_mean, (if .chosen then 1 else 0 end), .coefficients[]])
| @csv
