"""One oracle for every cell of the catalogue, by its name."""

from oracles import attention, odyssey, recurrent, units

ORACLES = {
    **recurrent.ORACLES,
    **odyssey.ORACLES,
    **units.ORACLES,
    **attention.ORACLES,
}
