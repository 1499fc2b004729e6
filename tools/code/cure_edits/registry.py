"""Every kind of edit by the id of the cure that it carries out."""

from collections.abc import Callable

from misrun.tools.code.cure_edits import (
    activations,
    allocator,
    api_names,
    batches,
    caches,
    casts,
    checkpoint_files,
    clipping,
    devices,
    evaluation,
    initial_weights,
    layer_sizes,
    loader_workers,
    normalised_exponentials,
    optimizers,
    records,
    step_size,
    table_rows,
    warm_up,
)
from misrun.tools.code.cure_edits.scene import Scene, Written

CURE_EDITS: dict[str, Callable[[Scene], Written | None]] = {
    "add_warmup": warm_up.first_tenth,
    "bound_caches": caches.bounded,
    "cast_inputs": casts.at_the_line,
    "clip_gradients": clipping.norm_limited,
    "default_optimizer": optimizers.with_defaults,
    "drop_bad_records": records.odd_batches_skipped,
    "drop_last_batch": batches.last_dropped,
    "evaluate_without_graph": evaluation.without_autograd,
    "expandable_segments": allocator.expandable,
    "fewer_workers": loader_workers.fewer,
    "free_disk": checkpoint_files.two_newest,
    "fused_softmax": normalised_exponentials.as_softmax,
    "halve_batch": step_size.half_batch,
    "lower_learning_rate": step_size.lower_rate,
    "map_dataset": records.arrays_mapped,
    "match_shapes": layer_sizes.input_features,
    "more_outputs": table_rows.output_row,
    "more_workers": loader_workers.four_workers,
    "one_device": devices.of_the_input,
    "outputs_on_host": evaluation.outputs_on_host,
    "padding_collate": batches.padded,
    "present_name": api_names.renamed,
    "raise_learning_rate": step_size.higher_rate,
    "resize_embedding": table_rows.embedding_row,
    "standard_initialization": initial_weights.of_the_library,
    "state_encoding": records.encoding_stated,
    "unsaturated_activation": activations.unsaturated,
    "workers_in_process": loader_workers.no_worker,
}


def written_for(cure: str, scene: Scene) -> Written | None:
    """What carries out the cure of that id in this program; None where its place or its value is not determined."""
    write = CURE_EDITS.get(cure)
    return write(scene) if write is not None else None
