"""What a study plans, without a store."""

from sweeps.stages import Stages, nothing


def search_entries(study):
    """What the search asks for before anything is in."""
    stages = Stages(study)
    stages.go_on(nothing)
    return stages.planned["search"]


def planned(study, rows):
    """The stages of a study when these rows are in (by trial id)."""
    stages = Stages(study)
    stages.go_on(lambda entry: rows.get(entry.id))
    return stages
