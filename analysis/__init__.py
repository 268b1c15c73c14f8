"""What did we learn? Frames from the results store to statistics, verdicts, figures and the report.

    load(results, study) -> Results -> verdicts(trials, declaration) -> trust, finding, claims
                                    -> figures: data(results) -> frame, draw(frame) -> Figure
                                    -> write_report(results, study)

Nothing here trains, and nothing here imports jax, ray or wandb.
"""
