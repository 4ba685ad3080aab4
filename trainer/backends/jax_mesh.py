"""Where JAX's arrays lie when several devices or machines share a step.

Batches are cut into a part a device, everything else is on every device.
XLA sees one program over all of them: sums over a batch, as in the loss and
in batch normalization, are over all devices, and gradients come out summed.
"""

from typing import Any

import jax
import keras
import numpy as np


class Layout:
    """Puts a process's arrays where the step wants them."""

    def __init__(self, members: tuple[str, ...]):
        """Makes the mesh.

        Args:
            members: Keras's names of all devices of all processes, in the
                processes' order.
        """
        parallel = keras.distribution.DataParallel(
            devices=list(members), auto_shard_dataset=False
        )
        mesh, axis = parallel.device_mesh.backend_mesh, parallel.batch_dim_name
        spec = jax.sharding.PartitionSpec
        self._split = jax.sharding.NamedSharding(mesh, spec(axis))
        self.everywhere = jax.sharding.NamedSharding(mesh, spec())

    def batch(self, part: np.ndarray) -> jax.Array:
        """Makes the batch of which each process gives a part, (B / P, ...)."""
        return jax.make_array_from_process_local_data(self._split, part)

    def copy(self, value: Any) -> jax.Array:
        """Copies a value, which all processes have alike, to every device."""
        return jax.make_array_from_process_local_data(
            self.everywhere, keras.ops.convert_to_numpy(value)
        )

    def take(self, value: jax.Array) -> np.ndarray:
        """Copies to the host what is on every device."""
        return np.array(value)
