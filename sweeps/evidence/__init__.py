"""Evidence by betting: e-values of bounded differences, the family of a task, and the race that they decide.

    bets     e-processes of one sequence of differences: above, below, within a margin; a confidence sequence
    closed   e-Holm: which e-values of a family are decided
    flow     what flows through many networks: medians with intervals (no bets in these)
    race     the comparisons of one task after every look: words, e-values, seeds that are still wanted

An e-value E is a non-negative statistic with mean at most 1 where its null hypothesis is true: E >= 20 is
evidence at level 0.05. An e-process is one that may be looked at after every observation: P(ever E >= 1/α) <= α
(Ville's inequality), whatever the distribution of the scores between their bounds, and whenever one stops.
NumPy alone."""
