"""The encoding engine: nested ridge for many units, from few factors and few products.

The derivation
--------------
Let X be a design (row, feature) and Y responses (row, unit). Ridge with penalty a on training rows
s, less their means, and its prediction of held-out rows t are

    W = (X_s'X_s + a)⁻¹ X_s'Y_s        P = X_t W

1. *Axes.* X_s'X_s = Q diag(λ) Q' turns all penalties into divisions (`factors`): with
   M = X_t Q (row, axis) and H = Q'X_s'Y_s (axis, unit), P = M (D_a ∘ H), D(a, axis) = 1/(λ + a).
   If features outnumber rows, X_s X_s' = U diag(λ) U' gives the same with M = X_t X_s'U, H = U'Y_s.
   Eigenproblems are solved in float64, one on a thread. Where a < 1e-10 λ_max, squares of X would
   lose it, and X_s itself is decomposed.

2. *Sets of rows* (`arrangement`). The rows fall into blocks of which training sets are unions.
   X_s'X_s is the sum of the blocks' Gram matrices, less n μμ'; nothing is subtracted that was
   added, so nothing cancels. X_s'Y_s is a sum over blocks, too, formed with X R⁻¹, where R'R = X'X,
   lest strong features drown weak axes (`crossing`). Without blocks i and j the training set is
   the same whether i is tested and j judges or the reverse: five folds have 15, not 25.

3. *Agreement from sums* (`statistics`). With M₀ the rows of M less their mean, and y₀ a target less
   its mean, a correlation needs p₀'y₀ and |p₀|² alone, R² the means as well. For all penalties

       p₀'y₀ = D (M₀'y₀ ∘ H)            one skinny product
       |p₀|² = |R (D_a ∘ H)|²           M₀ = (orthonormal) R, R (row, axis) upper trapezoidal

   so no prediction for any penalty is ever stored, and R has no more rows than axes.

4. *The compressed path* (`bands`, `path`). D is a Cauchy matrix. Over 0.4 decades of λ its rank, to
   1e-6 in every entry, is about 5 for any number of penalties: D = C L. So with L_k a row of L,

       R (D_a ∘ H) = Σ_k C(a, k) · [R diag(L_k)] H     summed over bands of λ

   takes 4 to 6 products where each of 20 penalties would take one, and a small mix by C. The cut
   into bands that costs least is a shortest path over the spectrum. Bands of high rank come first,
   where R, being triangular, has few rows; rows are multiplied in panels that end where bands do.

5. *Leave-one-out* fits in: the error of a row is its residual over 1 - leverage, so the path runs
   over M = X_s Q with y as one more product, and the mix of each row is divided by 1 - leverage.

6. *Units* (`units`, `passes`) come outermost, in tiles that the cache holds, read from memory maps
   as they are needed. Each is standardised in float64; products with units are float32 by default.
   Memory does not depend on their number. Recordings that share X are further columns of Y.

7. *Devices* (`devices`, `rates`, `on_torch`). The pass over units is NumPy's, or torch's on a GPU
   that is measured to multiply faster; what concerns the design stays where it is.

Errors in float32: shares are right to 1e-6 in each entry, responses on an axis to 6e-8 of the norm
of the response times that of the axis. Correlations are within 5e-6 for spectra up to p⁻²; for
steeper ones the error grows where a response is nearly orthogonal to the only axes that a strong
penalty leaves. Units that vary 100 times less within a set of rows than over all are solved again,
in float64.

Deterministic for a machine and a number of threads: no sum depends on which thread was first.
"""
