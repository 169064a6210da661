import signal

import torch
from jaxtyping import install_import_hook

# Each worker has one core's worth; more threads than cores only wait for each other.
torch.set_num_threads(1)

# What a script starts in the background ignores Ctrl-C, and so would the programs that tests stop by it.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Shapes of tensors and types of arguments are checked while tests run, and never in production. It has to
# stand here, before any test imports the package. An int may stand for a float, as PEP 484 says.
install_import_hook(
    [f"looking3d.{name}" for name in ("geometry", "anomalies", "dataset", "model", "training", "evaluation")],
    "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))",
)
