"""Saved views and reports on the stand-in server: looked up by name, made or replaced by id, as W&B does.

`views`: by id. A view that is put without an id is a new one, even where another has its name: so a client that does
not look first doubles it.
"""

import base64
import json


class Views:
    """Answers to the look-up and the change of views."""

    def __init__(self) -> None:
        self.views: dict[str, dict[str, str]] = {}

    def answer_View(self, variables: dict) -> dict[str, object]:
        found = [
            view
            for view in self.views.values()
            if (view["type"], view["projectName"]) == (variables["viewType"], variables["name"])
            and variables.get("viewName") in (None, view["name"])
        ]
        nodes = [{"node": {name: view[name] for name in ("id", "displayName", "spec")}} for view in found]
        return {"project": {"allViews": {"edges": nodes}} if self.views else None}

    def answer_UpsertView(self, variables: dict) -> dict[str, object]:
        json.loads(variables["spec"])
        known = self.views.get(variables.get("id") or "")
        if known is None:
            number = len(self.views) + 1
            known = {"id": base64.b64encode(f"View:{number}".encode()).decode()}
            self.views[known["id"]] = known
            inserted = True
        else:
            inserted = False
        names = ("entityName", "projectName", "type", "name", "displayName", "description", "spec")
        known |= {name: variables[name] for name in names if variables.get(name) is not None}
        return {"upsertView": {"view": known, "inserted": inserted}}
