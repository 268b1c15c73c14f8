"""What did we learn? Frames from the results store to statistics, verdicts, figures and the report.

    Analysed(load(results, study))     the study, and every table that is computed from it, each once
        verdicts, over_tasks, by(measure), shares ...          -> trust, finding, claims
        figures: data(study) -> frame, draw(frame) -> Figure   -> the report

Nothing here trains, and nothing here imports jax, ray or wandb.
"""
