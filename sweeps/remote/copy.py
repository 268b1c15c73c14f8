"""The local copy of results on a URL: what one side lacks is brought over, an object at a time, each whole.

    $CACHE/results/NAME/.url      the URL
    $CACHE/results/NAME/.id       which copy this is
    $CACHE/results/NAME/STUDY/    as in a results directory

`pull` follows the URL, but for what this machine has written and not brought there yet: that stays, and the next `push`
writes it. `push` removes objects that stand in larger parts, were set aside as damaged, or are networks that are not to
be kept; never one because a file is gone, as a cache may be emptied. Two machines that wrote parts of one name (failed
trials that ran again) both keep theirs: the local one gets another name.
"""

import contextlib
import hashlib
import uuid

from sweeps.remote.address import copies, copy_name
from sweeps.remote.known import Known, known, stamp
from sweeps.remote.objects import Objects, Version
from sweeps.remote.trouble import RemoteError
from sweeps.remote.which import TABLES, files, in_order, is_part, shared, wanted
from sweeps.store.compact import TRIES, level_of, listed, made_of
from sweeps.store.parts import DAMAGED, replace_file, writing

MAGIC = b"PAR1"  # a Parquet file begins and ends so


class Copy:
    """objects: of the URL. name: of the folder among this machine's copies."""

    def __init__(self, objects: Objects):
        self.objects = objects
        self.name = copy_name(objects.url, objects.server)
        self.folder = copies() / self.name

    @classmethod
    def of(cls, url: str) -> "Copy":
        """Raises InputError, in words, where a URL is none that can be used."""
        copy = cls(Objects.at(url))
        with writing(copy.folder):
            copy.folder.mkdir(parents=True, exist_ok=True)
        if not (copy.folder / ".url").exists():
            replace_file(copy.folder / ".url", copy.url.encode())
        return copy

    @property
    def url(self) -> str:
        return self.objects.url

    @property
    def id(self) -> str:
        """Of this copy: who holds its folder knows that no other holder of this id is alive."""
        path = self.folder / ".id"
        if not path.exists():
            replace_file(path, uuid.uuid4().hex.encode())
        return path.read_text()

    def studies(self) -> list[str]:
        """Studies that the copy has something of."""
        return sorted(path.name for path in self.folder.glob("*") if path.is_dir())

    # ------------------------------------------------------------------ from the URL

    def pull(self, study: str, *, everything: bool = False) -> None:
        """Bring over what the copy lacks, and drop what is gone. everything: also what was made of the results.

        Raises RemoteError where the URL can not be read.
        """
        with known(self.folder / study) as here:
            for _ in range(TRIES):
                there = self.listed(study)
                lacking = [
                    name
                    for name, version in there.items()
                    if wanted(name, everything=everything)
                    and not (here.marks.get(name) == version.mark and self.sound(here, name))
                ]
                brought = [self.bring(study, here, there, group) for group in in_order(lacking)]
                if all(brought):
                    break
            else:
                raise RemoteError(
                    f"The objects below {self.url}/{study} change faster than they can be read."
                )
            for name in [name for name in here.marks if name not in there]:
                if here.same(name):
                    (here.folder / name).unlink(missing_ok=True)
                here.forget(name)

    def pull_names(self) -> None:
        """Bring over which studies there are, so that they can be named."""
        for study in self.objects.studies():
            content = self.objects.read(f"{study}/study.json")
            path = self.folder / study / "study.json"
            if content is not None and not path.exists():
                with writing(path):
                    path.parent.mkdir(parents=True, exist_ok=True)
                replace_file(path, content)

    def listed(self, study: str) -> dict[str, Version]:
        """Objects of a study by their names in it. Rows are listed before curves, as in `files`."""
        rows = self.objects.all_below(f"{study}/trials")
        others = self.objects.all_below(study)
        found = rows | {name: v for name, v in others.items() if not name.startswith(f"{study}/trials/")}
        start = len(study) + 1
        names = {name[start:]: version for name, version in found.items() if shared(name[start:])}
        ours = any(name == "study.json" or name.startswith("trials/") for name in names)
        return names if ours else {}  # else a folder of something else

    def bring(self, study: str, here: Known, there: dict[str, Version], names: list[str]) -> bool:
        """Read these objects into the copy; False where one went meanwhile."""
        contents = self.objects.at_once(lambda name: self.objects.read(f"{study}/{name}"), names)
        for name, content in zip(names, contents, strict=True):
            if content is None or len(content) != there[name].size:
                return False
            path, found = here.folder / name, content
            if path.exists() and not here.same(name) and self.sound(here, name):
                content = self.settled(here, name, found)
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(path, content)
            if content == found:  # else the other side lacks some of it
                here.note(name, there[name].mark, stamp(path))
        return True

    def settled(self, here: Known, name: str, content: bytes) -> bytes:
        """What the copy has from now on, whose file was written here and not brought there. content: of the object."""
        path = here.folder / name
        own = path.read_bytes()
        if is_part(name) and own != content:
            rows = here.folder / "trials" / path.name
            digest = hashlib.sha256(rows.read_bytes() if rows.exists() else own).hexdigest()[:16]
            for table in TABLES:
                beside = here.folder / table / path.name
                if beside.exists() and not here.same(f"{table}/{path.name}"):
                    beside.rename(beside.with_name(f"{path.name.rpartition('-')[0]}-{digest}.parquet"))
        elif name.endswith(".jsonl"):  # of which both are right
            there = content.splitlines(keepends=True)
            return content + b"".join(line for line in own.splitlines(keepends=True) if line not in there)
        return content

    def sound(self, here: Known, name: str) -> bool:
        """Whether the copy has a file that is to be believed: the one that was brought over, or a whole one."""
        path = here.folder / name
        if here.same(name):
            return True
        try:
            content = path.read_bytes()
        except OSError:
            return False
        return not is_part(name) or (content[:4] == content[-4:] == MAGIC)

    # ------------------------------------------------------------------ to the URL

    def unsent(self, study: str, *, everything: bool = False) -> list[str]:
        """Names of the files that the URL does not have yet."""
        folder = self.folder / study
        if not folder.exists():
            return []
        with known(folder) as here:
            return [name for name in files(folder, everything=everything) if not here.same(name)]

    def push(self, study: str, *, everything: bool = False) -> None:
        """Write what the URL lacks: curves before rows, and what is replaced goes after what replaces it.

        Raises RemoteError where the URL does not take it; the copy has it all.
        """
        folder = self.folder / study
        if not folder.exists():
            return
        with known(folder) as here:
            names = [name for name in files(folder, everything=everything) if not here.same(name)]
            for group in in_order(name for name in names if self.sound(here, name)):
                try:
                    self.objects.at_once(lambda name: self.send(study, here, name), group)
                except RemoteError as error:
                    raise type(error)(
                        f"{error} What has been computed is in {folder}; the same command brings it there and runs the "
                        "rest."
                    ) from None
            for name in self.replaced(here, everything=everything):
                self.objects.remove(f"{study}/{name}")
                here.forget(name)

    def send(self, study: str, here: Known, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # put together with others meanwhile
            before = stamp(here.folder / name)
            content = (here.folder / name).read_bytes()
            version = self.objects.write(f"{study}/{name}", content)
            here.note(name, version.mark, before)

    def replaced(self, here: Known, *, everything: bool) -> list[str]:
        """Objects whose files went for a reason that can be seen."""
        gone = [name for name in here.marks if not (here.folder / name).exists()]
        if not gone:
            return []
        large = {
            f"{table}/{name}"
            for table in TABLES
            for path in filter(level_of, listed(here.folder / table))
            for name in made_of(path)
        }
        return [
            name
            for name in gone
            if name in large
            or (is_part(name) and stamp(here.folder / DAMAGED / name) == here.stamps[name])
            or (everything and name.startswith("networks/") and (here.folder / "study.json").exists())
        ]
