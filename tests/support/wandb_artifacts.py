"""What wandb 0.31 asks while an artifact is uploaded, and the answers that let it: for the stand-in server.

`artifacts`: by id, what was said of it at its creation, and whether it was committed. Contents are taken and dropped.
"""

from dataclasses import dataclass, field


@dataclass
class Kept:
    """An artifact that was uploaded. made_by, used_by: ids of runs; of what a run but uses, nobody is the maker."""

    name: str
    kind: str
    digest: str
    made_by: str = ""
    committed: bool = False
    used_by: list[str] = field(default_factory=list)


class Artifacts:
    """Answers to the operations on artifacts, in the order in which wandb asks them."""

    url: str

    def __init__(self) -> None:
        self.artifacts: dict[str, Kept] = {}

    def answer_ServerFeaturesQuery(self, _: dict) -> dict[str, object]:
        return {"serverInfo": {"features": []}}

    def answer_ArtifactType(self, _: dict) -> dict[str, object]:
        return {"project": {"artifact": None}}

    def answer_CreateArtifact(self, variables: dict) -> dict[str, object]:
        told = variables.get("input", variables)
        (collection,) = told.get("artifactCollectionNames") or [told["artifactCollectionName"]]
        sequence = {"id": "s", "name": "s", "latestArtifact": None}
        for name, kept in self.artifacts.items():  # the same version again
            if (kept.name, kept.digest, kept.committed) == (collection, told["digest"], True):
                there = {"id": name, "digest": kept.digest, "state": "COMMITTED", "versionIndex": 0}
                return {"createArtifact": {"artifact": there | {"aliases": [], "artifactSequence": sequence}}}
        name = f"a{len(self.artifacts) + 1}"
        kind = told.get("artifactTypeName", "")
        self.artifacts[name] = Kept(collection, kind, told["digest"], told.get("runName") or "")
        made = {"id": name, "digest": told["digest"], "state": "PENDING", "versionIndex": 0, "aliases": []}
        return {"createArtifact": {"artifact": made | {"artifactSequence": sequence}}}

    def manifest(self) -> dict[str, object]:
        place = {"uploadUrl": f"{self.url}/upload/artifact/manifest", "uploadHeaders": []}
        file = {"id": "f", "name": "wandb_manifest.json", "displayName": "wandb_manifest.json"} | place
        return {"artifactManifest": {"id": "m", "file": file}}

    def answer_CreateArtifactManifest(self, _: dict) -> dict[str, object]:
        return {"createArtifactManifest": self.manifest()}

    def answer_UpdateArtifactManifest(self, _: dict) -> dict[str, object]:
        return {"updateArtifactManifest": self.manifest()}

    def answer_CreateArtifactFiles(self, variables: dict) -> dict[str, object]:
        specs = variables.get("artifactFiles") or variables["input"]["artifactFiles"]
        edges = [
            {
                "node": {
                    **{"id": f"f{n}", "name": spec["name"], "displayName": spec["name"], "uploadHeaders": []},
                    **{"uploadUrl": f"{self.url}/upload/artifact/{n}", "storagePath": f"p/{spec['name']}"},
                    **{"artifact": {"id": spec["artifactID"]}, "uploadMultipartUrls": None},
                }
            }
            for n, spec in enumerate(specs)
        ]
        return {"createArtifactFiles": {"files": {"edges": edges}}}

    def answer_CommitArtifact(self, variables: dict) -> dict[str, object]:
        name = variables.get("artifactID") or variables["input"]["artifactID"]
        self.artifacts[name].committed = True
        return {"commitArtifact": {"artifact": {"id": name, "digest": self.artifacts[name].digest}}}

    def answer_UseArtifact(self, variables: dict) -> dict[str, object]:
        told = variables.get("input", variables)
        self.artifacts[told["artifactID"]].used_by.append(told["runName"])
        return {"useArtifact": {"artifact": {"id": told["artifactID"]}}}
