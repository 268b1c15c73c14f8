"""What wandb 0.31 asks while an artifact is uploaded, and the answers that let it: for the stand-in server.

`artifacts`: by id, what was said of it at its creation, and whether it was committed. Contents are taken and dropped.
"""

from dataclasses import dataclass


@dataclass
class Kept:
    """An artifact that was uploaded."""

    name: str
    kind: str
    digest: str
    committed: bool = False


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
        name = f"a{len(self.artifacts) + 1}"
        collection = (told.get("artifactCollectionNames") or told.get("artifactCollectionName") or ["?"])[0]
        self.artifacts[name] = Kept(collection, told.get("artifactTypeName", ""), told["digest"])
        sequence = {"id": "s", "name": "s", "latestArtifact": None}
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
        return {"useArtifact": {"artifact": {"id": variables.get("artifactID")}}}
