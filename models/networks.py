"""Networks by name, from MONAI: what `model.toml` may ask for.

MONAI takes some three seconds to import, so it is imported when a network is built and not before.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence


class Output(NamedTuple):
    """Logits (batch × findings) and the features they were made from (batch × width)."""

    logits: Tensor
    features: Tensor


class Network(nn.Module):
    """A body that turns images (batch × 1 × rows × columns) into features, and a linear head on top."""

    def __init__(self, body: nn.Module, *, width: int, findings: int) -> None:
        super().__init__()
        self.body = body
        self.head = nn.Linear(width, findings)

    def forward(self, images: Tensor) -> Output:
        """Logits and penultimate features of a batch."""
        features = self.body(images)
        return Output(logits=self.head(features), features=features)


def build(architecture: str, arguments: Mapping[str, Any], *, findings: int) -> Network:
    """An untrained network with one output per finding.

    Raises:
        KeyError: an architecture that is not in `NETWORKS`.
        TypeError, ValueError: arguments the architecture does not take.
    """
    body, width = NETWORKS[architecture](**arguments)
    return Network(body, width=width, findings=findings)


def _resnet(*, layers: "Sequence[int]", widths: "Sequence[int]") -> tuple[nn.Module, int]:
    """A residual network of basic blocks (He et al. 2016, doi:10.1109/CVPR.2016.90), four stages, one channel in."""
    from monai.networks.nets.resnet import ResNet  # noqa: PLC0415  # three seconds, and only here

    if len(layers) != 4 or len(widths) != 4 or min(*layers, *widths) < 1:
        message = f"resnet: layers {list(layers)}, widths {list(widths)}; accepted are four positive numbers each"
        raise ValueError(message)
    body = ResNet(
        block="basic",
        layers=list(layers),
        block_inplanes=list(widths),
        spatial_dims=2,
        n_input_channels=1,
        conv1_t_size=5,
        conv1_t_stride=2,
        feed_forward=False,
    )
    return body, widths[-1]


NETWORKS: Mapping[str, Callable[..., tuple[nn.Module, int]]] = {"resnet": _resnet}
"""Every architecture: its arguments in, the body and the width of its features out."""


def parameters_of(network: Network) -> dict[str, Tensor]:
    """The tensors to store: contiguous, on the CPU."""
    return {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
