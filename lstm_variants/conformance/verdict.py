"""Is this cell what it is named after, and if not, what is it?"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lstm_variants.conformance import attention, clockwork
from lstm_variants.conformance.adapter import Adapter, CanNotCheck, adapt
from lstm_variants.conformance.edits import edits, first_difference
from lstm_variants.conformance.fit import Fit, Probe, fit
from lstm_variants.conformance.known import KNOWN, VARIANTS
from lstm_variants.conformance.language import Equations
from lstm_variants.conformance.promises import Promise, promises
from lstm_variants.names import did_you_mean

ALIASES = {"v": "peephole", "np": "lstm", "vanilla": "rnn", "elman": "rnn"}


@dataclass(frozen=True)
class Deviation:
    """expected: the first equation that differs, as published. found: what the cell does instead, in symbols or
    words."""

    expected: str
    found: str


@dataclass(frozen=True)
class Verdict:
    """What the kit found out about one cell.

    name: the cell. inputs, hidden: the sizes at which it was tried. claim: the equations it was held against,
    or None. conforms: it computes exactly those (without a claim: equations that the kit knows). identified:
    name of the equations that it computes, and title: in words, None if unknown. equations: what it computes.
    deviation: from the claim. nearest: the known equations that it computes or comes nearest to, in words.
    gates, biases: in words. layout: parts in the order in which each parameter holds them. parameters: how many
    numbers it has; counted: how many the equations (or the cell's own formula) ask for. promises: the contract.
    """

    name: str
    inputs: int
    hidden: int
    claim: str | None
    conforms: bool
    identified: str | None
    title: str | None
    equations: tuple[str, ...]
    deviation: Deviation | None
    nearest: str | None
    gates: str
    biases: str
    layout: Mapping[str, tuple[str, ...]]
    parameters: int
    counted: int | None
    promises: tuple[Promise, ...]

    @property
    def sound(self) -> bool:
        """Conforms, keeps every promise, and has as many parameters as its formula says."""
        return self.conforms and self.keeps_its_promises

    @property
    def keeps_its_promises(self) -> bool:
        """As far as they were asked for."""
        return all(p.kept is not False for p in self.promises)


def known_names() -> list[str]:
    """What a cell can be held against."""
    return [*dict.fromkeys(e.name for e in KNOWN), "clockwork", "transformer", *ALIASES]


def conform(
    thing: Any,
    claim: str | Equations | None = None,
    *,
    name: str = "",
    options: Mapping[str, Any] | None = None,
    contract: bool = True,
) -> Verdict:
    """Hold a cell against the equations named `claim`, or, without one, find out which it computes.

    Args:
        thing: a Flax cell class (NNX or Linen), a spec, a function `(inputs, hidden) -> cell`, or an `Adapter`.
        claim: one of `known_names()`, or equations of your own (`written.py` reads them from text).
        name: for the verdict, by default the thing's own.
        options: further arguments for making the cell.
        contract: ask for the promises of `promises.py`, too, which takes a few seconds.

    Raises:
        CanNotCheck: the cell cannot be made or compared, and why.
        ValueError: there are no equations of that name.
    """
    own = [claim] if isinstance(claim, Equations) else []
    wanted = claim.name if isinstance(claim, Equations) else ALIASES.get(claim or "", claim)
    if not own and wanted is not None and wanted not in known_names():
        hint = did_you_mean(wanted, known_names())
        raise ValueError(f"No equations are named '{claim}'.{hint} Known: {', '.join(known_names())}.")
    cell = adapt(thing, name, options)
    if wanted == "transformer" and not own:
        return attention_verdict(cell, contract)
    probe = None if wanted == "clockwork" and not own else Probe(cell)
    if probe is None or (wanted is None and clockwork.has_clock(cell) and not plain(probe)):
        return clockwork_verdict(cell, wanted, contract)
    kept = promises(cell) if contract else ()
    found = best(probe, KNOWN)
    deviation, conforms = None, found is not None and not found.missing
    nearest = words(found) if found else None
    if wanted is not None:
        forms = own or [e for e in KNOWN if e.name == wanted]
        exact = best(probe, forms)
        conforms = exact is not None and not exact.missing
        if conforms:
            found = exact
        elif own:
            found, deviation = nearest_to(probe, cell, own[0], exact, found)
            nearest = nearest or (f"{found.equations.title}, but for one equation" if found else None)
        elif found is not None and not found.missing:
            deviation = departure(forms, found.equations)
        elif exact is not None:
            found, deviation = exact, lacking(exact)
        elif found is not None:
            deviation = departure(forms, found.equations)
    if found is None and not own:
        plainly = [e for e in KNOWN if e not in VARIANTS]
        found, deviation = one_mistake(probe, [e for e in KNOWN if e.name == wanted] if wanted else plainly)
        if found is None and wanted is not None:  # perhaps a mistake in another cell
            found, _ = one_mistake(probe, [e for e in plainly if e.name != wanted])
            if found is not None:
                deviation = departure(forms, found.equations)
        nearest = f"{found.equations.title}, but for one equation" if found else None
        if wanted is not None and deviation is None:
            deviation = misfit(cell, probe, forms[0])
    return Verdict(
        name=cell.name,
        inputs=cell.inputs,
        hidden=cell.hidden,
        claim=wanted,
        conforms=conforms,
        identified=found.equations.name if found and deviation is None else None,
        title=words(found) if found else None,
        equations=found.equations.lines if found else (),
        deviation=deviation,
        nearest=nearest,
        gates=gate_order(found) if found else "",
        biases=bias_words(found) if found else "",
        layout=layout(found) if found else {},
        parameters=sum(int(a.size) for a in cell.parameters.values()),
        counted=cell.formula if cell.formula is not None else count(found) if found else None,
        promises=(*kept, counted(cell, found)),
    )


def clockwork_verdict(cell: Adapter, claim: str | None, contract: bool) -> Verdict:
    """For a cell that carries one vector and a clock. Raises CanNotCheck where it carries no clock."""
    if not clockwork.has_clock(cell):
        raise CanNotCheck(
            f"{cell.name} carries no integer that counts steps beside one vector of units, so its clocks cannot be "
            "watched. A Clockwork cell of another design needs an adapter that carries its clock."
        )
    seen = clockwork.clocks(cell)
    return other_verdict(
        cell,
        claim,
        "clockwork",
        clockwork.LINES,
        seen.words,
        Deviation(*seen.broken) if seen.broken else None,
        contract,
    )


def attention_verdict(cell: Adapter, contract: bool) -> Verdict:
    """For a cell with the parameters of a Transformer block."""
    found = attention.heads(cell)
    title = f"causal pre-norm Transformer block, heads: {found[0]}, context: {found[1]}" if found else ""
    deviation = None if found else Deviation(attention.LINES[2], "outputs differ, with any number of heads")
    return other_verdict(cell, "transformer", "transformer", attention.LINES, title, deviation, contract)


def other_verdict(
    cell: Adapter,
    claim: str | None,
    name: str,
    lines: tuple[str, ...],
    title: str,
    deviation: Deviation | None,
    contract: bool,
) -> Verdict:
    """A verdict that was reached without assigning parameters to letters."""
    ok = deviation is None
    return Verdict(
        name=cell.name,
        inputs=cell.inputs,
        hidden=cell.hidden,
        claim=claim,
        conforms=ok,
        identified=name if ok else None,
        title=title if ok else None,
        equations=lines if ok else (),
        deviation=deviation,
        nearest=title or None,
        gates="",
        biases="",
        layout={},
        parameters=sum(int(a.size) for a in cell.parameters.values()),
        counted=cell.formula,
        promises=(*(promises(cell) if contract else ()), counted(cell, None)),
    )


def nearest_to(
    probe: Probe, cell: Adapter, own: Equations, exact: Fit | None, known: Fit | None
) -> tuple[Fit | None, Deviation]:
    """What a cell computes that does not conform to somebody's own equations, and the first difference: in their
    letters if one change of them explains it, else in words."""
    if exact is not None:
        return exact, lacking(exact)
    found, deviation = one_mistake(probe, [own])
    if found is not None and deviation is not None:
        return found, deviation
    if known is not None:
        return known, Deviation(own.lines[0], f"other equations: {words(known)}")
    return None, misfit(cell, probe, own)


def plain(probe: Probe) -> bool:
    """Whether it computes equations that do not look at a clock, though it may carry one."""
    try:
        found = best(probe, KNOWN)
    except CanNotCheck:  # its parameters cannot be cut into gates, as those of a Clockwork RNN
        return False
    return found is not None and not found.missing


def best(probe: Probe, candidates: Iterable[Equations]) -> Fit | None:
    """The fit that misses fewest vectors; earlier ones win. Odd ways to lay parameters out are tried last."""
    candidates = list(candidates)
    fits = [found for e in candidates if (found := fit(probe, e)) is not None]
    if not fits:
        odd = replace(probe, odd=True)
        fits = [found for e in candidates if (found := fit(odd, e)) is not None]
    return min(fits, key=lambda found: len(found.missing), default=None)


def one_mistake(probe: Probe, candidates: Iterable[Equations]) -> tuple[Fit | None, Deviation | None]:
    """The first equation which, written otherwise, makes one of the candidates fit; none missing is preferred."""
    second: tuple[Fit | None, Deviation | None] = (None, None)
    for equations in candidates:
        if len(equations.state) != len(probe.floating):
            continue
        for number, changed in edits(equations):
            found = fit(probe, changed)
            if found is None:
                continue
            answer = found, Deviation(equations.lines[number], changed.lines[number])
            if not found.missing:
                return answer
            second = second if second[0] else answer
    return second


def departure(forms: list[Equations], found: Equations) -> Deviation:
    """The first difference from the published form that shares most lines with what was found."""
    nearest = max(forms, key=lambda e: len(set(e.lines) & set(found.lines)))
    return Deviation(*first_difference(nearest, found))


def lacking(found: Fit) -> Deviation:
    """The first equation in which a vector is missing."""
    for line in found.equations.lines:
        gone = [role for role in found.missing if re.search(rf"\b{role}\b", line)]
        if gone:
            return Deviation(line, f"no {' and no '.join(gone)}")
    raise AssertionError(found.missing)


def misfit(cell: Adapter, probe: Probe, wanted: Equations) -> Deviation:
    """Nothing known is near: what can be said from sizes alone."""
    tiles = probe.usual
    if len(probe.floating) != len(wanted.state):
        return Deviation(
            wanted.lines[0],
            f"carries {len(probe.floating)} vectors, where the equations carry {', '.join(wanted.state)}",
        )
    for kind, text in (("input", "matrices on the input"), ("square", "matrices on the units")):
        have, want = (
            sum(tile.kind == kind for tile in tiles),
            sum(role.kind == kind for role in wanted.roles.values()),
        )
        if have != want:
            return Deviation(wanted.lines[0], f"has {have} {text}, where the equations have {want}")
    every = frozenset(tiles)
    idle = [tile for tile in tiles if probe.alike(probe.run(every), probe.run(every - {tile}))]
    leaves = [leaf for leaf in probe.weights if all(t in idle for t in tiles if t.leaf == leaf)]
    if leaves:
        return Deviation(wanted.lines[0], f"{' and '.join(leaves)} without any effect")
    return Deviation(wanted.lines[0], "no change of a single equation explains what the cell computes")


def words(found: Fit) -> str:
    gone = f", without {', '.join(found.missing)}" if found.missing else ""
    return f"{found.equations.title}{gone}"


def layout(found: Fit) -> dict[str, tuple[str, ...]]:
    """For each parameter its parts, in the order in which it holds them."""
    order: dict[str, list[str]] = {}
    for tile in sorted([*found.parts, *found.idle], key=lambda tile: (tile.leaf, tile.cut)):
        part = found.parts.get(tile)
        order.setdefault(tile.leaf, []).append(part.role if part else "(no effect)")
    return {leaf: tuple(parts) for leaf, parts in order.items()}


def gate_order(found: Fit) -> str:
    """The gates in the order of the parameters that hold several, where they agree on one."""
    orders = {
        " ".join(dict.fromkeys(part.rpartition("_")[2].replace("h", "h̃") for part in parts))
        for parts in layout(found).values()
        if len(parts) > 1 and all("_" in part for part in parts)
    }
    orders = {order for order in orders if " " in order}
    longest = max(orders, key=len, default="")
    if orders and all(within(order.split(), longest.split()) for order in orders):
        return longest  # peepholes i f o beside gates z i f o
    return "each parameter in an order of its own" if orders else "in parameters of their own"


def within(some: list[str], all_of_them: list[str]) -> bool:
    """Whether these come in the order of the others."""
    rest = iter(all_of_them)
    return all(gate in rest for gate in some)


def bias_words(found: Fit) -> str:
    held = [part.role for part in found.parts.values() if part.role[0] in "bc"]
    asked = [name for name in found.equations.roles if name[0] in "bc"]
    if not held:
        return "none"
    twice = sorted({role for role in held if held.count(role) > 1})
    text = "one a gate" if not twice else "two a gate, of which the sum counts"
    if twice and len(twice) < len(set(held)):
        text = f"two of {', '.join(twice)}, else one"
    gone = [name for name in asked if name not in held]
    return f"{text}; no {', '.join(gone)}" if gone else text


def count(found: Fit) -> int:
    """How many numbers the tiles of the equations hold, biases as often as the cell has them."""
    return sum(tile.size for tile in found.parts)


def counted(cell: Adapter, found: Fit | None) -> Promise:
    """The number of parameters against the cell's own formula, else against the equations."""
    name, have = (
        "the parameters are as many as the formula says",
        sum(int(a.size) for a in cell.parameters.values()),
    )
    if cell.formula is not None:
        return Promise(
            name,
            have == cell.formula,
            "" if have == cell.formula else f"{have}, the formula says {cell.formula}",
        )
    if found is None:
        return Promise(name, None, "no equations to count by")
    want = count(found)
    return Promise(
        name, have == want, "" if have == want else f"{have}, of which {have - want} without effect"
    )
