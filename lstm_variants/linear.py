"""Linear maps that say how they are transposed, for both modes of differentiation.

    call = linear("name", apply, transpose)
    apply(residuals, operands) -> results                linear in the operands
    transpose(residuals, slopes) -> slopes of the operands

Reverse mode in JAX is forward mode, of which the part that is linear in the tangents is transposed. A `jax.custom_jvp`
whose tangents go through such a map therefore has the derivative of its rule in forward mode and, in reverse, the
products that `transpose` writes down; `jax.custom_vjp` has no forward mode, and JAX's own `linear_call` can neither be
batched nor differentiated again (JAX 0.10.2). Once transposed, nothing is left of the map but the operations
of `transpose`. Differentiated a second time it is what `apply` does.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

Arrays = Sequence[jax.Array]


def linear(
    name: str, apply: Callable[..., list[jax.Array]], transpose: Callable[..., list[jax.Array]]
) -> Callable[..., list[jax.Array]]:
    """`call(residuals, operands, **static) -> results`; static: hashable values that both functions take too."""
    primitive = Primitive(name)
    primitive.multiple_results = True

    def flat(*arrays: Any, residuals: int, **static: Any) -> list[jax.Array]:
        return apply(arrays[:residuals], arrays[residuals:], **static)

    def shapes(*arrays: Any, **params: Any) -> Any:
        return jax.make_jaxpr(partial(flat, **params))(*arrays).out_avals

    def jvp(primals: Any, tangents: Any, *, residuals: int, **static: Any) -> Any:
        results = primitive.bind(*primals, residuals=residuals, **static)
        whole = [ad.instantiate_zeros(tangent) for tangent in tangents]
        if all(type(tangent) is ad.Zero for tangent in tangents[:residuals]):
            moved = [*primals[:residuals], *whole[residuals:]]
            return results, primitive.bind(*moved, residuals=residuals, **static)
        function = partial(flat, residuals=residuals, **static)
        return results, jax.jvp(function, tuple(primals), tuple(whole))[1]

    def transposed(slopes: Any, *arrays: Any, residuals: int, **static: Any) -> Any:
        whole = [ad.instantiate_zeros(slope) for slope in slopes]
        found = transpose(arrays[:residuals], whole, **static)
        # An operand that is known here is the zero tangent of something that is not differentiated.
        asked = [ad.is_undefined_primal(array) for array in arrays[residuals:]]
        return [None] * residuals + [s if ask else None for s, ask in zip(found, asked, strict=True)]

    def batched(arrays: Any, axes: Any, **params: Any) -> Any:
        results = jax.vmap(partial(flat, **params), in_axes=tuple(axes))(*arrays)
        return results, [0] * len(results)

    primitive.def_impl(flat)
    primitive.def_abstract_eval(shapes)
    mlir.register_lowering(primitive, mlir.lower_fun(flat, multiple_results=True))
    ad.primitive_jvps[primitive] = jvp
    ad.primitive_transposes[primitive] = transposed
    batching.primitive_batchers[primitive] = batched

    def call(residuals: Arrays, operands: Arrays, **static: Any) -> list[jax.Array]:
        return primitive.bind(*residuals, *operands, residuals=len(residuals), **static)

    return call
