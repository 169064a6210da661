import torch
from jaxtyping import install_import_hook

# Each worker has one core's worth; more threads than cores only wait for each other.
torch.set_num_threads(1)

# Shapes of tensors are checked while tests run, and never in production. From here on, because the hook
# sees what is imported later.
install_import_hook("looking3d", "beartype.beartype")
